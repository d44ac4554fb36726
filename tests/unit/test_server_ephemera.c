/* What another server hears is what was published: for the same homes, the same extent, or everybody. The fan-out stands here as
 * what remembers it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kolam/alloc.h"
#include "server/ephemera.h"
#include "server/fanout.h"

/* ---- the parts around ---- */

struct seen {
    uint32_t previews, cursors, all;
    struct kolam_home homes[4];
    uint32_t home_count;
    struct kolam_extent extent;
    bool is_quiet;
    char record[64];
};

static struct seen *seen;

static void remember(const struct kolam_bytes *record) {
    assert_true(record->size < sizeof seen->record);
    memcpy(seen->record, record->data, record->size);
    seen->record[record->size] = '\0';
}

void kolam_fanout_preview(struct kolam_canvas *canvas, struct kolam_session *author,
                          const struct kolam_home *homes, uint32_t home_count,
                          const struct kolam_fanout_record *record) {
    (void)canvas;
    assert_null(author);
    assert_true(home_count <= 4);
    seen->previews++;
    seen->home_count = home_count;
    memcpy(seen->homes, homes, home_count * sizeof *homes);
    seen->is_quiet = record->is_quiet;
    assert_null(record->veiled);
    remember(record->plain);
}

void kolam_fanout_cursor(struct kolam_canvas *canvas, struct kolam_session *author,
                         const struct kolam_extent *extent,
                         const struct kolam_fanout_record *record) {
    (void)canvas;
    assert_null(author);
    seen->cursors++;
    seen->extent = *extent;
    seen->is_quiet = record->is_quiet;
    assert_null(record->veiled);
    remember(record->plain);
}

void kolam_fanout_heard(struct kolam_canvas *canvas, struct kolam_bytes *record) {
    (void)canvas;
    seen->all++;
    remember(record);
    kolam_bytes_unref(record);
}

/* A log of a canvas that others have as well; keeps what is published. */
struct shared_log {
    struct kolam_log base;
    uint8_t bytes[8192];
    size_t size_bytes;
};

static void keep_published(struct kolam_log *log, const uint8_t *bytes, size_t size_bytes) {
    struct shared_log *shared = (struct shared_log *)log;
    assert_true(size_bytes <= sizeof shared->bytes);
    memcpy(shared->bytes, bytes, size_bytes);
    shared->size_bytes = size_bytes;
}

static const struct kolam_log_ops ops = {.publish = keep_published};

struct world {
    struct shared_log log;
    struct kolam_canvas canvas;
    struct seen seen;
    struct kolam_bytes *record;
};

static int begin(void **state) {
    static struct world world;
    memset(&world, 0, sizeof world);
    world.log.base = (struct kolam_log){.ops = &ops, .is_shared = true};
    world.canvas.log = &world.log.base;
    world.record = kolam_bytes_copy("a record", 8);
    seen = &world.seen;
    *state = &world;
    return 0;
}

static int end(void **state) {
    struct world *world = *state;
    kolam_bytes_unref(world->record);
    return 0;
}

/* All that is cut short, and then the whole. */
static void hear(struct world *world, size_t head_bytes) {
    for (size_t size = 0; size <= head_bytes; size++) {
        kolam_ephemera_hear(&world->canvas, world->log.bytes, size);
    }
    assert_int_equal(seen->previews + seen->cursors + seen->all, 0);
    kolam_ephemera_hear(&world->canvas, world->log.bytes, world->log.size_bytes);
    assert_int_equal(seen->previews + seen->cursors + seen->all, 1);
    assert_string_equal(seen->record, "a record");
}

/* ---- what is to hold ---- */

static void a_canvas_without_others_is_heard_by_nobody(void **state) {
    struct world *world = *state;
    assert_true(kolam_ephemera_are_heard(&world->canvas));
    world->log.base.is_shared = false;
    assert_false(kolam_ephemera_are_heard(&world->canvas));
    kolam_ephemera_all(&world->canvas, world->record);
    assert_int_equal(world->log.size_bytes, 0);
    world->canvas.log = NULL;
    assert_false(kolam_ephemera_are_heard(&world->canvas));
}

static void a_preview_is_heard_with_its_homes(void **state) {
    struct world *world = *state;
    const struct kolam_home homes[] = {
        {{kolam_tile_coord_max(24), -1, 24}, 10, 20, 200, 255},
        {{-9, kolam_tile_coord_min(24), 24}, 0, 0, 255, 255},
    };
    kolam_ephemera_homes(&world->canvas, homes, 2, world->record);
    hear(world, world->log.size_bytes - 8);
    assert_int_equal(seen->home_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_true(kolam_tile_equal(seen->homes[i].tile, homes[i].tile));
        assert_int_equal(seen->homes[i].x0, homes[i].x0);
        assert_int_equal(seen->homes[i].y0, homes[i].y0);
        assert_int_equal(seen->homes[i].x1, homes[i].x1);
        assert_int_equal(seen->homes[i].y1, homes[i].y1);
    }
    world->log.bytes[3 + 7] = 0x7f; /* a tile outside the world */
    kolam_ephemera_hear(&world->canvas, world->log.bytes, world->log.size_bytes);
    world->log.bytes[2] = 0xff; /* more homes than there may be */
    kolam_ephemera_hear(&world->canvas, world->log.bytes, world->log.size_bytes);
    assert_int_equal(seen->previews, 1);
}

static void a_pens_place_is_heard_with_its_extent(void **state) {
    struct world *world = *state;
    const struct kolam_extent extent = {.x0 = -300, .y0 = -1, .x1 = 310, .y1 = 1, .level = -24};
    kolam_ephemera_extent(&world->canvas, &extent, world->record);
    hear(world, world->log.size_bytes - 8);
    assert_int_equal(seen->extent.x0, -300);
    assert_int_equal(seen->extent.y0, -1);
    assert_int_equal(seen->extent.x1, 310);
    assert_int_equal(seen->extent.y1, 1);
    assert_int_equal(seen->extent.level, -24);
    world->log.bytes[1] = 0xff; /* a level that is none */
    kolam_ephemera_hear(&world->canvas, world->log.bytes, world->log.size_bytes);
    world->log.bytes[0] = 9; /* of a later version */
    kolam_ephemera_hear(&world->canvas, world->log.bytes, world->log.size_bytes);
    assert_int_equal(seen->cursors, 1);
}

static void where_it_is_quiet_only_those_who_see_names_are_shown_what_is_heard(void **state) {
    struct world *world = *state;
    struct kolam_quiet *quiet = kolam_alloc_zero(1, sizeof *quiet + sizeof quiet->rects[0]);
    const struct kolam_home homes[] = {{{1, 0, 0}, 0, 0, 9, 9}, {{9, 0, 0}, 0, 0, 9, 9}};
    const struct kolam_extent pen = {.x0 = 300, .x1 = 310};
    quiet->count = 1;
    quiet->rects[0] = (struct kolam_rect){256, 0, 512, 256, 0};
    world->canvas.quiet = quiet;
    for (uint32_t i = 0; i < 2; i++) {
        kolam_ephemera_homes(&world->canvas, &homes[i], 1, world->record);
        kolam_ephemera_hear(&world->canvas, world->log.bytes, world->log.size_bytes);
        assert_int_equal(seen->is_quiet, i == 0);
    }
    kolam_ephemera_extent(&world->canvas, &pen, world->record);
    kolam_ephemera_hear(&world->canvas, world->log.bytes, world->log.size_bytes);
    assert_true(seen->is_quiet);
    kolam_free(quiet);
}

static void what_concerns_all_is_heard_by_all(void **state) {
    struct world *world = *state;
    kolam_ephemera_all(&world->canvas, world->record);
    hear(world, 1);
    assert_int_equal(seen->all, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_canvas_without_others_is_heard_by_nobody),
        TEST(a_preview_is_heard_with_its_homes),
        TEST(a_pens_place_is_heard_with_its_extent),
        TEST(where_it_is_quiet_only_those_who_see_names_are_shown_what_is_heard),
        TEST(what_concerns_all_is_heard_by_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
