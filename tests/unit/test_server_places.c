/* A canvas's named places in memory, and the index of artists' names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../support/canvas_fixture.h"
#include "kolam/alloc.h"
#include "server/name_index.h"
#include "server/places.h"

static void apply(struct kolam_places *places, uint64_t seq, uint32_t artist, const char *json) {
    assert_true(kolam_places_apply(places, seq, (int64_t)seq * 1000, artist, (const uint8_t *)json,
                                   strlen(json)));
}

static void name_place(struct kolam_places *places, uint64_t seq, uint32_t artist,
                       const char *name) {
    char json[600];
    snprintf(json, sizeof json,
             "{\"kind\":\"place\",\"name\":\"%s\",\"x\":\"1\",\"y\":\"2\",\"zoom\":3}", name);
    apply(places, seq, artist, json);
}

static void remove_place(struct kolam_places *places, uint64_t seq, uint64_t removed) {
    char json[80];
    snprintf(json, sizeof json, "{\"kind\":\"place_remove\",\"place\":\"%llu\"}",
             (unsigned long long)removed);
    apply(places, seq, 1, json);
}

static uint32_t search(const struct kolam_places *places, const char *question, uint32_t limit,
                       const struct kolam_named_place **found) {
    uint32_t count;
    const uint32_t kept = kolam_places_search(places, question, limit, found, &count);
    assert_true(kept <= limit && kept <= count);
    return count;
}

static void places_come_and_go_in_the_order_of_the_log(void **state) {
    (void)state;
    struct kolam_places places = {0};
    const struct kolam_named_place *found[KOLAM_PLACES_FOUND_MAX];
    name_place(&places, 5, 1, "One");
    name_place(&places, 7, 2, "Two");
    name_place(&places, 7, 2, "Two again"); /* known already */
    name_place(&places, 6, 2, "Of before");
    name_place(&places, 9, 1, "Three");
    assert_int_equal(places.count, 3);
    assert_int_equal(kolam_places_of(&places, 1), 2);
    remove_place(&places, 10, 7);
    remove_place(&places, 11, 7);
    remove_place(&places, 12, 12);
    remove_place(&places, 3, 9); /* of the future */
    assert_null(kolam_places_find(&places, 7));
    assert_string_equal(kolam_places_find(&places, 9)->name, "Three");
    assert_int_equal(search(&places, "", 2, found), 2);
    assert_int_equal(found[0]->seq, 9);
    assert_int_equal(found[1]->seq, 5);
    apply(&places, 20, 1, "{\"kind\":\"note\"}");
    apply(&places, 21, 1, "{\"kind\":\"place\"}");
    apply(&places, 22, 1, "no json");
    assert_int_equal(places.count, 2);
    struct kolam_named_place *copy = kolam_named_place_copy(found[1]);
    kolam_places_finish(&places);
    assert_string_equal(copy->name, "One");
    assert_string_equal(copy->y, "2");
    assert_true(copy->seq == 5 && copy->artist == 1 && copy->zoom == 3.0);
    kolam_free(copy);
}

static void the_better_match_comes_first_then_the_newer(void **state) {
    (void)state;
    struct kolam_places places = {0};
    const struct kolam_named_place *found[KOLAM_PLACES_FOUND_MAX];
    static const char *const names[] = {"Brücke", "Die Brücke", "Umbrucken", "Brücken", "Haus"};
    for (uint32_t i = 0; i < 5; i++) {
        name_place(&places, i + 1, 1, names[i]);
    }
    assert_int_equal(search(&places, "bruck", 10, found), 4);
    assert_string_equal(found[0]->name, "Brücken");
    assert_string_equal(found[1]->name, "Brücke");
    assert_string_equal(found[2]->name, "Die Brücke");
    assert_string_equal(found[3]->name, "Umbrucken");
    assert_int_equal(search(&places, "bruck", 1, found), 4);
    assert_string_equal(found[0]->name, "Brücken");
    assert_int_equal(search(&places, "zzz", 10, found), 0);
    kolam_places_finish(&places);
}

static void there_are_at_most_so_many(void **state) {
    (void)state;
    struct kolam_places places = {0};
    const struct kolam_named_place *found[KOLAM_PLACES_FOUND_MAX];
    for (uint32_t i = 1; i <= KOLAM_PLACES_MAX + 10; i++) {
        name_place(&places, i, i, "Somewhere");
    }
    assert_int_equal(places.count, KOLAM_PLACES_MAX);
    assert_int_equal(search(&places, "where", KOLAM_PLACES_FOUND_MAX, found), KOLAM_PLACES_MAX);
    assert_int_equal(found[KOLAM_PLACES_FOUND_MAX - 1]->seq,
                     KOLAM_PLACES_MAX - KOLAM_PLACES_FOUND_MAX + 1);
    remove_place(&places, 10000, 1);
    name_place(&places, 10001, 1, "Room again");
    assert_int_equal(places.count, KOLAM_PLACES_MAX);
    assert_non_null(kolam_places_find(&places, 10001));
    kolam_places_finish(&places);
}

static void what_was_read_is_taken_unless_a_commit_overtook_it(void **state) {
    (void)state;
    struct kolam_places places = {.known_seq = 12}, read = {.is_loaded = true};
    name_place(&read, 5, 1, "One");
    assert_false(kolam_places_take(&places, &read, 11));
    assert_false(places.is_loaded);
    assert_true(kolam_places_take(&places, &read, 12));
    assert_true(places.is_loaded && places.count == 1 && read.count == 0);
    read.is_loaded = true;
    assert_false(kolam_places_take(&places, &read, 20)); /* it has them */
    kolam_places_finish(&read);
    kolam_places_finish(&places);
}

static uint32_t allocations_left;
static bool may_allocate(void *ctx) {
    (void)ctx;
    return allocations_left > 0 && allocations_left-- > 0;
}

static void without_memory_nothing_is_half_there(void **state) {
    (void)state;
    static const char json[] =
        "{\"kind\":\"place\",\"name\":\"One\",\"x\":\"1\",\"y\":\"2\",\"zoom\":3}";
    for (uint32_t i = 0; i < 3; i++) {
        struct kolam_places places = {0};
        kolam_alloc_set_hook(may_allocate, NULL);
        allocations_left = i;
        assert_false(kolam_places_apply(&places, 1, 1, 1, (const uint8_t *)json, sizeof json - 1));
        kolam_alloc_set_hook(NULL, NULL);
        assert_int_equal(places.count, 0);
        kolam_places_finish(&places);
    }
}

/* ---- names ---- */

/* Artist numbers are given in the order of coming. */
static void number_artist(struct canvas_fixture *canvas, uint8_t artist, const char *name) {
    struct kolam_author author = {.ident = {0}};
    memset(author.ident, artist, sizeof author.ident);
    strcpy(author.name, name);
    struct kolam_point point = {.x = 80, .y = 80, .pressure = 255};
    const struct kolam_op op = {
        .kind = KOLAM_OP_STROKE,
        .stroke = {
            .color = 255, .width = 256, .part_count = 1, .point_count = 1, .points = &point}};
    canvas_fixture_submit(canvas, artist, &op, 1);
    canvas_fixture_wait(canvas);
    kolam_log_rename_author(canvas->log, &author);
}

static void names_are_found_by_what_they_hold_the_shortest_first(void **state) {
    (void)state;
    struct canvas_fixture canvas = {0};
    struct kolam_reader *reader;
    uint32_t found[KOLAM_NAMES_FOUND_MAX];
    static const char *const names[] = {"Mira",    "Élodie Mir", "Mirabelle",
                                        "Admiral", "Otto",       "கோலம்"};
    canvas_fixture_open(&canvas);
    for (uint8_t i = 0; i < 6; i++) {
        number_artist(&canvas, (uint8_t)(i + 1), names[i]);
    }
    canvas_fixture_restart(&canvas); /* renaming waits for nobody */
    assert_int_equal(kolam_reader_create(canvas.log_path, &reader, NULL), KOLAM_OK);
    struct kolam_name_index *index = kolam_name_index_create(reader);
    assert_non_null(index);
    assert_int_equal(index->count, 6);
    assert_int_equal(index->newest, 6);
    assert_int_equal(kolam_name_index_search(index, "mir", 10, found), 4);
    assert_int_equal(found[0], 1);
    assert_int_equal(found[1], 3);
    assert_int_equal(found[2], 2);
    assert_int_equal(found[3], 4);
    assert_int_equal(kolam_name_index_search(index, "mir", 2, found), 2);
    assert_int_equal(found[1], 3);
    assert_int_equal(kolam_name_index_search(index, "o", KOLAM_NAMES_FOUND_MAX + 5, found), 2);
    assert_int_equal(found[0], 5);
    char *question = kolam_fold("கோ");
    assert_int_equal(kolam_name_index_search(index, question, 10, found), 1);
    assert_int_equal(found[0], 6);
    kolam_free(question);
    assert_int_equal(kolam_name_index_search(index, "x", 10, found), 0);
    assert_ptr_equal(kolam_name_index_ref(index), index);
    kolam_name_index_unref(index);
    kolam_name_index_unref(index);
    kolam_name_index_unref(NULL);
    kolam_reader_destroy(reader);
    canvas_fixture_close(&canvas);
}

static void an_empty_canvas_has_no_names(void **state) {
    (void)state;
    struct canvas_fixture canvas = {0};
    struct kolam_reader *reader;
    uint32_t found[KOLAM_NAMES_FOUND_MAX];
    canvas_fixture_open(&canvas);
    assert_int_equal(kolam_reader_create(canvas.log_path, &reader, NULL), KOLAM_OK);
    struct kolam_name_index *index = kolam_name_index_create(reader);
    assert_int_equal(kolam_name_index_search(index, "a", 10, found), 0);
    kolam_name_index_unref(index);
    kolam_reader_destroy(reader);
    canvas_fixture_close(&canvas);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_come_and_go_in_the_order_of_the_log),
        cmocka_unit_test(the_better_match_comes_first_then_the_newer),
        cmocka_unit_test(there_are_at_most_so_many),
        cmocka_unit_test(what_was_read_is_taken_unless_a_commit_overtook_it),
        cmocka_unit_test(without_memory_nothing_is_half_there),
        cmocka_unit_test(names_are_found_by_what_they_hold_the_shortest_first),
        cmocka_unit_test(an_empty_canvas_has_no_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
