/* moderation.db: what was decided stays, is found again, and what is personal is forgotten in time; and the clock that
 * sanctions count by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kolam/alloc.h"
#include "kolam/moderation.h"
#include "server/steady.h"
#include "tests/support/store.h"

#define DAY INT64_C(86400000)

struct fixture {
    char folder[512], path[600];
    struct kolam_moderation_db *db;
};

static void open_db(struct fixture *f) {
    struct kolam_error error = {.text = ""};
    enum kolam_status status = kolam_moderation_db_create(f->path, &f->db, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, KOLAM_OK);
}

static void open_again(struct fixture *f) {
    kolam_moderation_db_destroy(f->db);
    f->db = NULL;
    open_db(f);
}

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "moderation.db", f->path);
    open_db(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    kolam_moderation_db_destroy(f->db);
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

static struct kolam_moderator moderator(uint8_t number) {
    struct kolam_moderator who = {.has_ident = number != 0};
    memset(who.ident, number, sizeof who.ident);
    (void)snprintf(who.name, sizeof who.name, number ? "Moderator %u" : "operator", number);
    return who;
}

/* Of the person `number`, or (0) of 203.0.113.0/24. */
static struct kolam_sanction sanction_of(uint8_t number, const char *canvas, int64_t from_ms,
                                         int64_t until_ms) {
    struct kolam_sanction sanction = {.kind = KOLAM_SANCTION_BAN,
                                      .has_ident = number != 0,
                                      .from_ms = from_ms,
                                      .until_ms = until_ms,
                                      .by = moderator(9)};
    memset(sanction.ident, number, sizeof sanction.ident);
    (void)strcpy(sanction.canvas, canvas);
    (void)strcpy(sanction.decided_on, "main");
    (void)strcpy(sanction.why, "drew over others");
    if (number == 0) {
        memcpy(sanction.prefix, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\0\x71\0", 16);
        sanction.prefix_bits = 120;
    } else {
        sanction.artist = number;
        (void)snprintf(sanction.name, sizeof sanction.name, "Person %u", number);
    }
    return sanction;
}

static uint64_t add(struct fixture *f, struct kolam_sanction sanction) {
    assert_int_equal(kolam_sanction_add(f->db, &sanction), KOLAM_OK);
    return sanction.id;
}

struct listed {
    uint64_t ids[32];
    uint32_t count, limit;
};

static bool list_sanction(void *ctx, const struct kolam_sanction *sanction) {
    struct listed *listed = ctx;
    listed->ids[listed->count++] = sanction->id;
    return listed->limit == 0 || listed->count < listed->limit;
}

static struct listed in_force(struct fixture *f, int64_t now_ms) {
    struct listed listed = {.count = 0};
    assert_int_equal(kolam_sanctions_in_force(f->db, now_ms, list_sanction, &listed), KOLAM_OK);
    return listed;
}

static void a_sanction_is_found_again_as_it_was(void **state) {
    struct fixture *f = *state;
    struct kolam_sanction made = sanction_of(3, "main", 1000, 5000), found;
    made.is_hidden = true;
    assert_int_equal(kolam_sanction_add(f->db, &made), KOLAM_OK);
    const uint64_t prefix_id = add(f, sanction_of(0, "", 1000, 6000));
    open_again(f);
    assert_int_equal(kolam_sanction_get(f->db, made.id, &found), KOLAM_OK);
    assert_memory_equal(&found, &made, sizeof found);
    assert_int_equal(kolam_sanction_get(f->db, prefix_id, &found), KOLAM_OK);
    assert_int_equal(found.prefix_bits, 120);
    assert_false(found.has_ident);
    assert_string_equal(found.canvas, "");
    assert_int_equal(kolam_sanction_get(f->db, 99, &found), KOLAM_ERR_NOT_FOUND);
}

static void what_is_over_or_ended_is_not_in_force(void **state) {
    struct fixture *f = *state;
    struct kolam_sanction ended;
    const struct kolam_moderator by = moderator(0);
    const uint64_t first = add(f, sanction_of(1, "main", 0, 5000));
    const uint64_t second = add(f, sanction_of(2, "", 0, KOLAM_NO_END));
    assert_int_equal(in_force(f, 4999).count, 2);
    assert_int_equal(in_force(f, 5000).count, 1);
    assert_int_equal(kolam_sanction_end(f->db, second, &by, 4000, &ended), KOLAM_OK);
    assert_int_equal(ended.ended_ms, 4000);
    assert_false(ended.ended_by.has_ident);
    assert_string_equal(ended.ended_by.name, "operator");
    assert_int_equal(kolam_sanction_end(f->db, second, &by, 4500, &ended), KOLAM_ERR_EXISTS);
    assert_int_equal(kolam_sanction_end(f->db, 99, &by, 4500, &ended), KOLAM_ERR_NOT_FOUND);
    const struct listed left = in_force(f, 4500);
    assert_int_equal(left.count, 1);
    assert_int_equal(left.ids[0], first);
}

static struct kolam_report report_of(uint8_t by, const char *canvas, int64_t made_ms) {
    struct kolam_report report = {.by = moderator(by),
                                  .by_artist = by,
                                  .kind = KOLAM_REPORT_PLACE,
                                  .made_ms = made_ms,
                                  .level = -2,
                                  .x = -500,
                                  .y = INT64_C(1) << 50,
                                  .width = 100,
                                  .height = 80};
    (void)strcpy(report.canvas, canvas);
    (void)strcpy(report.text, "somebody scribbles here");
    return report;
}

static uint64_t report(struct fixture *f, struct kolam_report made) {
    assert_int_equal(kolam_report_add(f->db, &made), KOLAM_OK);
    return made.id;
}

static bool list_report(void *ctx, const struct kolam_report *found) {
    struct listed *listed = ctx;
    listed->ids[listed->count++] = found->id;
    return listed->limit == 0 || listed->count < listed->limit;
}

static void reports_are_listed_newest_first_and_closed_once(void **state) {
    struct fixture *f = *state;
    struct listed listed = {.limit = 2};
    struct kolam_report closed;
    uint32_t open_count;
    const struct kolam_moderator by = moderator(9);
    for (int i = 0; i < 4; i++) {
        report(f, report_of(5, i == 1 ? "other" : "main", 100 + i));
    }
    assert_int_equal(kolam_reports_list(f->db, "main", true, UINT64_MAX, list_report, &listed),
                     KOLAM_OK);
    assert_int_equal(listed.count, 2);
    assert_int_equal(listed.ids[0], 4);
    assert_int_equal(listed.ids[1], 3);
    listed = (struct listed){.limit = 2};
    assert_int_equal(kolam_reports_list(f->db, "main", true, 3, list_report, &listed), KOLAM_OK);
    assert_int_equal(listed.count, 1);
    assert_int_equal(listed.ids[0], 1);

    assert_int_equal(kolam_report_close(f->db, "other", 1, &by, "", 200, &closed),
                     KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_report_close(f->db, "main", 1, &by, "rolled back", 200, &closed),
                     KOLAM_OK);
    assert_int_equal(closed.y, INT64_C(1) << 50);
    assert_string_equal(closed.outcome, "rolled back");
    assert_int_equal(kolam_report_close(f->db, "main", 1, &by, "", 201, &closed), KOLAM_ERR_EXISTS);
    assert_int_equal(kolam_reports_open_count(f->db, "main", &open_count), KOLAM_OK);
    assert_int_equal(open_count, 2);
    assert_int_equal(kolam_reports_open_count(f->db, NULL, &open_count), KOLAM_OK);
    assert_int_equal(open_count, 3);
    listed = (struct listed){0};
    assert_int_equal(kolam_reports_list(f->db, "main", false, UINT64_MAX, list_report, &listed),
                     KOLAM_OK);
    assert_int_equal(listed.count, 1);
}

static void a_reporter_is_told_once(void **state) {
    struct fixture *f = *state;
    struct kolam_report closed;
    struct listed told = {0};
    uint8_t ident[16];
    const struct kolam_moderator by = moderator(9);
    memset(ident, 5, sizeof ident);
    report(f, report_of(5, "main", 100));
    report(f, report_of(0, "main", 100));
    assert_int_equal(kolam_reports_tell(f->db, "main", ident, list_report, &told), KOLAM_OK);
    assert_int_equal(told.count, 0);
    assert_int_equal(kolam_report_close(f->db, "main", 1, &by, "", 200, &closed), KOLAM_OK);
    assert_int_equal(kolam_report_close(f->db, "main", 2, &by, "", 200, &closed), KOLAM_OK);
    assert_int_equal(kolam_reports_tell(f->db, "main", ident, list_report, &told), KOLAM_OK);
    assert_int_equal(told.count, 1);
    assert_int_equal(kolam_reports_tell(f->db, "main", ident, list_report, &told), KOLAM_OK);
    assert_int_equal(told.count, 1);
}

struct seen {
    int64_t times[16];
    enum kolam_deed_kind kinds[16];
    uint64_t ids[16];
    uint32_t count, limit;
};

static bool see_deed(void *ctx, const struct kolam_deed *deed) {
    struct seen *seen = ctx;
    seen->times[seen->count] = deed->time_ms;
    seen->kinds[seen->count] = deed->kind;
    seen->ids[seen->count++] = deed->id;
    assert_true((deed->report != NULL) == (deed->kind == KOLAM_DEED_REPORT_CLOSE));
    assert_true((deed->sanction != NULL) != (deed->report != NULL));
    return seen->count < seen->limit;
}

static void the_audit_has_everything_once_in_pages(void **state) {
    struct fixture *f = *state;
    const struct kolam_moderator by = moderator(9);
    struct kolam_sanction ended;
    struct kolam_report closed;
    add(f, sanction_of(1, "main", 100, 500));
    add(f, sanction_of(2, "", 100, 500));
    add(f, sanction_of(3, "other", 100, 500));
    report(f, report_of(5, "main", 90));
    assert_int_equal(kolam_report_close(f->db, "main", 1, &by, "", 100, &closed), KOLAM_OK);
    assert_int_equal(kolam_sanction_end(f->db, 1, &by, 200, &ended), KOLAM_OK);
    struct seen all = {.limit = 16};
    struct kolam_deed_place before = {INT64_MAX, KOLAM_DEED_REPORT_CLOSE, UINT64_MAX};
    assert_int_equal(kolam_moderation_deeds(f->db, "main", &before, see_deed, &all), KOLAM_OK);
    assert_int_equal(all.count, 4);
    assert_int_equal(all.times[0], 200);
    struct seen paged = {.limit = 0};
    for (uint32_t i = 0; i < 4; i++) {
        paged.limit = paged.count + 1;
        assert_int_equal(kolam_moderation_deeds(f->db, "main", &before, see_deed, &paged),
                         KOLAM_OK);
        assert_int_equal(paged.count, i + 1);
        assert_int_equal(paged.kinds[i], all.kinds[i]);
        assert_int_equal(paged.ids[i], all.ids[i]);
        before = (struct kolam_deed_place){paged.times[i], paged.kinds[i], paged.ids[i]};
    }
    paged.limit = 16;
    assert_int_equal(kolam_moderation_deeds(f->db, "main", &before, see_deed, &paged), KOLAM_OK);
    assert_int_equal(paged.count, 4);
}

static void what_is_personal_is_forgotten_in_time(void **state) {
    struct fixture *f = *state;
    struct kolam_sanction found;
    struct kolam_report closed;
    struct listed told = {0};
    const struct kolam_moderator by = moderator(9);
    uint8_t ident[16];
    memset(ident, 5, sizeof ident);
    const uint64_t id = add(f, sanction_of(0, "main", 0, 10 * DAY));
    report(f, report_of(5, "main", 0));
    assert_int_equal(kolam_report_close(f->db, "main", 1, &by, "", DAY, &closed), KOLAM_OK);
    assert_int_equal(kolam_moderation_tidy(f->db, 40 * DAY), KOLAM_OK);
    assert_int_equal(kolam_sanction_get(f->db, id, &found), KOLAM_OK);
    assert_int_equal(found.prefix_bits, 120);
    assert_int_equal(kolam_moderation_tidy(f->db, 40 * DAY + 1), KOLAM_OK);
    assert_int_equal(kolam_sanction_get(f->db, id, &found), KOLAM_OK);
    assert_int_equal(found.prefix_bits, 0);
    assert_int_equal(kolam_moderation_tidy(f->db, 182 * DAY), KOLAM_OK);
    assert_int_equal(kolam_reports_tell(f->db, "main", ident, list_report, &told), KOLAM_OK);
    assert_int_equal(told.count, 0);
}

static void two_who_are_one_are_sanctioned_as_one_and_the_erased_lose_their_names(void **state) {
    struct fixture *f = *state;
    struct kolam_sanction found;
    uint8_t three[16], four[16];
    memset(three, 3, sizeof three);
    memset(four, 4, sizeof four);
    const uint64_t id = add(f, sanction_of(3, "main", 0, KOLAM_NO_END));
    assert_int_equal(kolam_moderation_merged(f->db, three, four), KOLAM_OK);
    assert_int_equal(kolam_sanction_get(f->db, id, &found), KOLAM_OK);
    assert_memory_equal(found.ident, four, sizeof four);
    assert_int_equal(kolam_moderation_erased(f->db, four), KOLAM_OK);
    assert_int_equal(kolam_sanction_get(f->db, id, &found), KOLAM_OK);
    assert_string_equal(found.name, "");
    assert_int_equal(in_force(f, DAY).count, 1);
}

static bool file_holds(const char *path, const char *text) {
    char bytes[1 << 18];
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void a_name_that_was_erased_is_in_no_corner_of_the_file(void **state) {
    struct fixture *f = *state;
    struct kolam_sanction sanction = sanction_of(3, "main", 1000, 5000);
    (void)snprintf(sanction.name, sizeof sanction.name, "Unmistakable%*s", 100, "Ottoline");
    (void)add(f, sanction);
    (void)add(f, sanction_of(4, "main", 1000, 5000));
    open_again(f);
    assert_int_equal(kolam_moderation_erased(f->db, sanction.ident), KOLAM_OK);
    kolam_moderation_db_destroy(f->db);
    f->db = NULL;
    assert_true(file_holds(f->path, "Person 4"));
    assert_false(file_holds(f->path, "Unmistakable"));
}

static void the_file_is_its_owners_alone_and_a_strange_one_is_left_alone(void **state) {
    struct fixture *f = *state;
    struct kolam_moderation_db *db = NULL;
    struct kolam_error error;
    struct stat info;
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    kolam_moderation_db_destroy(f->db);
    f->db = NULL;
    sqlite3 *raw;
    assert_int_equal(sqlite3_open(f->path, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(raw);
    assert_int_equal(kolam_moderation_db_create(f->path, &db, &error), KOLAM_ERR_TOO_NEW);
    assert_null(db);
}

static void memory_that_runs_out_leaves_the_file_as_it_was(void **state) {
    struct fixture *f = *state;
    kolam_moderation_db_destroy(f->db);
    f->db = NULL;
    struct kolam_moderation_db *db = NULL;
    fail_allocation(0);
    assert_int_equal(kolam_moderation_db_create(f->path, &db, NULL), KOLAM_ERR_NOMEM);
    fail_allocation(-1);
    open_db(f);
    assert_int_equal(in_force(f, 0).count, 0);
}

static void the_clock_neither_frees_nor_keeps_out_anybody(void **state) {
    (void)state;
    const int64_t now = 1700000000000;
    struct kolam_steady steady = kolam_steady_begin(now, 0, 5000);
    assert_int_equal(kolam_steady_now(&steady, 5000), now);
    assert_int_equal(kolam_steady_now(&steady, 8000), now + 3000); /* whatever is set meanwhile */
    /* It starts behind what is known to have been. */
    steady = kolam_steady_begin(1000, now, 0);
    assert_int_equal(kolam_steady_now(&steady, 10), now + 10);
    /* A rest of a month is believed, a leap of years is not. */
    steady = kolam_steady_begin(now + 30 * DAY, now, 0);
    assert_int_equal(kolam_steady_now(&steady, 0), now + 30 * DAY);
    steady = kolam_steady_begin(now + 4000 * DAY, now, 0);
    assert_int_equal(kolam_steady_now(&steady, 0), now);
}

static void the_newest_time_is_kept(void **state) {
    struct fixture *f = *state;
    assert_int_equal(kolam_moderation_newest_ms(f->db), 0);
    assert_int_equal(kolam_moderation_note_time(f->db, 1000), KOLAM_OK);
    assert_int_equal(kolam_moderation_note_time(f->db, 500), KOLAM_OK);
    open_again(f);
    assert_int_equal(kolam_moderation_newest_ms(f->db), 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_sanction_is_found_again_as_it_was),
        TEST(what_is_over_or_ended_is_not_in_force),
        TEST(reports_are_listed_newest_first_and_closed_once),
        TEST(a_reporter_is_told_once),
        TEST(the_audit_has_everything_once_in_pages),
        TEST(what_is_personal_is_forgotten_in_time),
        TEST(two_who_are_one_are_sanctioned_as_one_and_the_erased_lose_their_names),
        TEST(a_name_that_was_erased_is_in_no_corner_of_the_file),
        TEST(the_file_is_its_owners_alone_and_a_strange_one_is_left_alone),
        TEST(memory_that_runs_out_leaves_the_file_as_it_was),
        TEST(the_clock_neither_frees_nor_keeps_out_anybody),
        TEST(the_newest_time_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
