/* The past: moments as people write them, who is under a pixel, what an area holds, how much was drawn when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../support/canvas_fixture.h"
#include "kolam/alloc.h"
#include "kolam/history.h"
#include "random.h"

struct past {
    struct canvas_fixture canvas;
    struct kolam_reader *reader;
    struct kolam_history *history;
};

static int set_up(void **state) {
    struct past *past = kolam_alloc_zero(1, sizeof *past);
    struct kolam_error error;
    canvas_fixture_open(&past->canvas);
    assert_int_equal(kolam_reader_create(past->canvas.log_path, &past->reader, &error), KOLAM_OK);
    assert_int_equal(kolam_history_create(past->reader, &past->history), KOLAM_OK);
    *state = past;
    return 0;
}

static int tear_down(void **state) {
    struct past *past = *state;
    kolam_history_destroy(past->history);
    kolam_reader_destroy(past->reader);
    canvas_fixture_close(&past->canvas);
    kolam_free(past);
    return 0;
}

/* A straight line at a level, in pixels of that level; returns its seq. */
static uint64_t draw_line(struct past *past, uint8_t artist, int32_t level, double x0, double y0,
                          double x1, double y1, uint32_t width_px) {
    struct kolam_point points[2] = {
        {.x = (int32_t)(x0 * 8), .y = (int32_t)(y0 * 8), .pressure = 255},
        {.x = (int32_t)(x1 * 8), .y = (int32_t)(y1 * 8), .pressure = 255}};
    struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                          .stroke = {.origin = {.level = level},
                                     .color = 0x000000ff,
                                     .width = width_px * KOLAM_WIDTH_UNIT_PER_PX,
                                     .part_count = 1,
                                     .point_count = 2,
                                     .points = points}};
    canvas_fixture_submit(&past->canvas, artist, &op, 1);
    canvas_fixture_wait(&past->canvas);
    assert_int_equal(past->canvas.last_status, KOLAM_OK);
    return past->canvas.last_seq;
}

/* A frame of 400 px with a hole of 200 px in it, its corner at (100, 100). */
static uint64_t draw_frame(struct past *past, uint8_t artist) {
    struct kolam_point points[8] = {{.x = 800, .y = 800},   {.x = 4000, .y = 800},
                                    {.x = 4000, .y = 4000}, {.x = 800, .y = 4000},
                                    {.x = 1600, .y = 1600}, {.x = 1600, .y = 3200},
                                    {.x = 3200, .y = 3200}, {.x = 3200, .y = 1600}};
    uint32_t sizes[2] = {4, 4};
    struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                          .stroke = {.tool = KOLAM_TOOL_FILL,
                                     .color = 0x000000ff,
                                     .width = KOLAM_FILL_WIDTH,
                                     .part_count = 1,
                                     .point_count = 8,
                                     .points = points,
                                     .contour_count = 2,
                                     .contour_sizes = sizes}};
    for (int i = 0; i < 8; i++) {
        points[i].pressure = 255;
    }
    canvas_fixture_submit(&past->canvas, artist, &op, 1);
    canvas_fixture_wait(&past->canvas);
    assert_int_equal(past->canvas.last_status, KOLAM_OK);
    return past->canvas.last_seq;
}

static void hide(struct past *past, uint8_t artist, uint64_t seq) {
    struct kolam_op op = {.kind = KOLAM_OP_HIDE, .targets = &seq, .target_count = 1};
    canvas_fixture_submit(&past->canvas, artist, &op, 1);
    canvas_fixture_wait(&past->canvas);
    assert_int_equal(past->canvas.last_status, KOLAM_OK);
}

struct found {
    uint64_t seqs[32];
    uint32_t artists[32];
    bool is_hidden[32];
    uint32_t count;
};

static bool note(void *ctx, const struct kolam_selected *selected) {
    struct found *found = ctx;
    found->seqs[found->count] = selected->row->seq;
    found->artists[found->count] = selected->row->artist;
    found->is_hidden[found->count] = selected->is_hidden;
    return ++found->count < 32;
}

static bool note_drawing(void *ctx, const struct kolam_drawing *drawing) {
    struct found *found = ctx;
    found->seqs[found->count] = drawing->seq;
    found->artists[found->count] = drawing->artist;
    found->is_hidden[found->count] = drawing->is_hidden;
    return ++found->count < 32;
}

static bool keep_drawing(void *ctx, const struct kolam_drawing *drawing) {
    *(struct kolam_drawing *)ctx = *drawing;
    return false;
}

/* A line of three parts along y, far apart, four points each; returns the first part's seq. */
static uint64_t draw_group(struct past *past, uint8_t artist, double y) {
    struct kolam_point points[3][4];
    struct kolam_op ops[3];
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t p = 0; p < 4; p++) {
            points[i][p] = (struct kolam_point){.x = (int32_t)((1000 * i + 200 * p) * 8),
                                                .y = (int32_t)(y * 8),
                                                .pressure = 255,
                                                .dt_ms = p > 0 ? 10 : 0};
        }
        ops[i] = (struct kolam_op){.kind = KOLAM_OP_STROKE,
                                   .stroke = {.color = 0x000000ff,
                                              .width = 4 * KOLAM_WIDTH_UNIT_PER_PX,
                                              .part = i,
                                              .part_count = 3,
                                              .has_times = true,
                                              .has_start = true,
                                              .start_ms = 5000 + 100 * i,
                                              .point_count = 4,
                                              .points = points[i]}};
    }
    canvas_fixture_submit(&past->canvas, artist, ops, 3);
    canvas_fixture_wait(&past->canvas);
    assert_int_equal(past->canvas.last_status, KOLAM_OK);
    return past->canvas.last_seq;
}

/* ---- moments ---- */

static void assert_time(const char *text, int64_t time_ms) {
    struct kolam_moment moment;
    assert_int_equal(kolam_moment_parse(text, strlen(text), &moment), KOLAM_OK);
    assert_true(moment.is_time);
    assert_true(moment.time_ms == time_ms);
}

static void assert_no_moment(const char *text) {
    struct kolam_moment moment;
    assert_int_equal(kolam_moment_parse(text, strlen(text), &moment), KOLAM_ERR_INVALID);
}

static void reads_moments_as_people_write_them(void **state) {
    (void)state;
    struct kolam_moment moment;
    assert_int_equal(kolam_moment_parse("4711", 4, &moment), KOLAM_OK);
    assert_false(moment.is_time);
    assert_int_equal(moment.seq, 4711);
    assert_time("1970-01-02", 86400000);
    assert_time("2026-11-22T03:15:00Z", 1795317300000);
    assert_time("2026-11-22T03:15", 1795317300000);
    assert_time("2026-11-22 03:15:00.25", 1795317300250);
    assert_time("2026-11-22T08:45:00+05:30", 1795317300000);
    assert_time("2026-11-22T08:45:00 05:30", 1795317300000);
    assert_time("2026-11-21T22:15:00-05:00", 1795317300000);
    const char *const wrong[] = {"",
                                 "-1",
                                 "now",
                                 "2026",
                                 "2026-1-2",
                                 "2026-02-30",
                                 "2026-13-01",
                                 "2026-11-22T",
                                 "2026-11-22T24:00",
                                 "2026-11-22T03:15:61",
                                 "2026-11-22T03:15:00.",
                                 "2026-11-22T03:15:00Zx",
                                 "1969-12-31",
                                 "99999999999999999999",
                                 "2026-11-22T03:15:00+5:30"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (strcmp(wrong[i], "2026") != 0) { /* that is a seq */
            assert_no_moment(wrong[i]);
        }
    }
}

static void resolves_moments_and_says_why_not(void **state) {
    struct past *past = *state;
    struct kolam_error error;
    struct kolam_log_row row;
    uint64_t seq;
    draw_line(past, 1, 0, 10, 10, 50, 10, 4);
    draw_line(past, 1, 0, 10, 20, 50, 20, 4);
    assert_int_equal(kolam_reader_op(past->reader, 2, &row), KOLAM_OK);
    struct kolam_moment at = {.is_time = true, .time_ms = row.time_ms};
    assert_int_equal(kolam_moment_resolve(past->reader, &at, row.time_ms, &seq, &error), KOLAM_OK);
    assert_int_equal(seq, 2);
    /* Of a clock that was set back since. */
    assert_int_equal(kolam_moment_resolve(past->reader, &at, row.time_ms - 1, &seq, &error),
                     KOLAM_OK);
    at.time_ms = row.time_ms + 1;
    assert_int_equal(kolam_moment_resolve(past->reader, &at, row.time_ms, &seq, &error),
                     KOLAM_ERR_NOT_FOUND);
    assert_non_null(strstr(error.text, "future"));
    at.time_ms = 1000;
    assert_int_equal(kolam_moment_resolve(past->reader, &at, row.time_ms, &seq, &error),
                     KOLAM_ERR_NOT_FOUND);
    at = (struct kolam_moment){.seq = 3};
    assert_int_equal(kolam_moment_resolve(past->reader, &at, row.time_ms, &seq, &error),
                     KOLAM_ERR_NOT_FOUND);
    assert_non_null(strstr(error.text, "newest is 2"));
}

/* ---- under a pixel ---- */

static void finds_the_strokes_under_a_pixel_newest_first(void **state) {
    struct past *past = *state;
    struct found found = {.count = 0};
    uint64_t first = draw_line(past, 1, 0, 10, 100, 200, 100, 6);
    uint64_t coarse =
        draw_line(past, 2, -2, 5, 25, 60, 25, 2); /* the same line, drawn from far out */
    draw_line(past, 1, 0, 10, 130, 200, 130, 6);  /* beside it */
    uint64_t fine = draw_line(past, 3, 2, 380, 400, 420, 400, 8);
    hide(past, 2, coarse);
    assert_int_equal(kolam_history_blame(past->history, 0, 100, 100, 0, note_drawing, &found),
                     KOLAM_OK);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.seqs[0], fine);
    assert_int_equal(found.seqs[1], coarse);
    assert_int_equal(found.seqs[2], first);
    assert_true(found.is_hidden[1]);
    assert_false(found.is_hidden[2]);
    found.count = 0;
    assert_int_equal(kolam_history_blame(past->history, 0, 100, 115, 2, note_drawing, &found),
                     KOLAM_OK);
    assert_int_equal(found.count, 0);
    assert_int_equal(kolam_history_blame(past->history, 0, 100, 106, 4, note_drawing, &found),
                     KOLAM_OK);
    assert_int_equal(found.count,
                     2); /* a finger is less exact, but the fine line is thinner than that */
    assert_int_equal(kolam_history_blame(past->history, 99, 0, 0, 0, note_drawing, &found),
                     KOLAM_ERR_INVALID);
}

static void a_group_under_a_pixel_is_one_drawing(void **state) {
    struct past *past = *state;
    struct found found = {.count = 0};
    struct kolam_drawing drawing = {.seq = 0};
    uint64_t below = draw_line(past, 1, 0, 1300, 90, 1300, 110, 4);
    uint64_t group = draw_group(past, 2, 100);
    hide(past, 2, group); /* one part alone */
    assert_int_equal(kolam_history_blame(past->history, 0, 1300, 100, 0, note_drawing, &found),
                     KOLAM_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.seqs[0], group + 2);
    assert_int_equal(found.seqs[1], below);
    assert_int_equal(kolam_history_blame(past->history, -1, 650, 50, 1, keep_drawing, &drawing),
                     KOLAM_OK);
    assert_int_equal(drawing.seq, group + 2);
    assert_int_equal(drawing.part_count, 3);
    assert_int_equal(drawing.point_count, 12);
    assert_false(drawing.is_hidden);
    assert_true(drawing.has_drawn);
    assert_int_equal(drawing.drawn_from_ms, 5000);
    assert_int_equal(drawing.drawn_to_ms, 5230);
    assert_int_equal(drawing.box.x0, -1); /* 2 px at level 0 to the left of 0 */
    assert_int_equal(drawing.box.x1, 1302);
    assert_int_equal(drawing.box.y0, 49);
    assert_int_equal(drawing.box.y1, 52);
    hide(past, 2, group + 1);
    hide(past, 2, group + 2);
    assert_int_equal(kolam_history_blame(past->history, 0, 1300, 100, 0, keep_drawing, &drawing),
                     KOLAM_OK);
    assert_true(drawing.is_hidden);
}

/* ---- an area ---- */

static void selects_by_area_artist_and_span(void **state) {
    struct past *past = *state;
    struct found found = {.count = 0};
    uint64_t inside = draw_line(past, 1, 0, 20, 20, 80, 80, 4);
    uint64_t crossing = draw_line(past, 2, 0, -500, 50, 500, 50, 4);
    draw_line(past, 1, 0, 300, 20, 300, 80, 4);
    draw_line(past, 1, 0, 90, 130, 130, 90, 4); /* its box meets the area, its ink does not */
    uint64_t deep = draw_line(past, 1, 6, 64 * 40, 64 * 40, 64 * 40 + 30, 64 * 40, 4);
    struct kolam_selection selection = {.area.rect = {0, 0, 100, 100, 0}, .to_seq = KOLAM_SEQ_NOW};
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found), KOLAM_OK);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.seqs[0], inside);
    assert_int_equal(found.seqs[1], crossing);
    assert_int_equal(found.seqs[2], deep);
    uint32_t artist = found.artists[1];
    selection.artists = &artist;
    selection.artist_count = 1;
    found.count = 0;
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found), KOLAM_OK);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.seqs[0], crossing);
    selection.artists = NULL;
    selection.from_seq = crossing + 1;
    found.count = 0;
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found), KOLAM_OK);
    assert_int_equal(found.count, 1);
    selection.area.rect.x1 = 0;
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found),
                     KOLAM_ERR_INVALID);
}

static void groups_are_taken_whole_where_that_is_asked(void **state) {
    struct past *past = *state;
    struct found found = {.count = 0};
    uint64_t group = draw_group(past, 1, 50);
    uint64_t alone = draw_line(past, 2, 0, 1250, 20, 1250, 80, 4);
    uint64_t other = draw_group(past, 2, 50);
    hide(past, 1, group + 2);
    struct kolam_selection selection = {.area.rect = {1200, 0, 1300, 100, 0},
                                        .to_seq = KOLAM_SEQ_NOW};
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found), KOLAM_OK);
    assert_int_equal(found.count, 3);
    selection.takes_groups = true;
    selection.to_seq = other + 1; /* a span may end inside a group: it is taken all the same */
    found.count = 0;
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found), KOLAM_OK);
    assert_int_equal(found.count, 7);
    const uint64_t seqs[7] = {group, group + 1, group + 2, alone, other, other + 1, other + 2};
    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(found.seqs[i], seqs[i]);
        assert_int_equal(found.is_hidden[i], i == 2);
    }
    selection.area.rect = (struct kolam_rect){3600, 0, 3700, 100, 0}; /* beyond all */
    found.count = 0;
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found), KOLAM_OK);
    assert_int_equal(found.count, 0);
}

/* So much that a page is found by walking over the ops, first, and then, as those lie elsewhere, by the index. */
#define MANY 9000

struct page {
    uint64_t seqs[200];
    bool is_hidden[200];
    uint32_t count, limit;
};

static bool note_page(void *ctx, const struct kolam_selected *selected) {
    struct page *page = ctx;
    page->seqs[page->count] = selected->row->seq;
    page->is_hidden[page->count] = selected->is_hidden;
    return ++page->count < page->limit;
}

static void pages_of_a_full_area_hold_what_all_of_it_holds(void **state) {
    struct past *past = *state;
    struct kolam_point point = {.pressure = 255};
    struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                          .stroke = {.color = 0x000000ff,
                                     .width = 512,
                                     .part_count = 1,
                                     .point_count = 1,
                                     .points = &point}};
    for (uint32_t i = 0; i < 3 * MANY; i++) { /* here, then elsewhere, then here again */
        bool is_elsewhere = i >= MANY && i < 3 * MANY - 50;
        point.x = (int32_t)((is_elsewhere ? 100000 : 100) + i % 700);
        point.y = (int32_t)(100 + i / 50);
        canvas_fixture_submit(&past->canvas, 1, &op, 1);
        if (i % 1000 == 999) {
            canvas_fixture_wait(&past->canvas);
        }
    }
    canvas_fixture_wait(&past->canvas);
    hide(past, 1, 3);
    hide(past, 1, MANY - 2);
    struct kolam_selection selection = {.area.rect = {0, 0, 300, 300, 0}, .to_seq = KOLAM_SEQ_NOW};
    struct page *whole = kolam_alloc_zero(1, sizeof *whole);
    const uint64_t froms[] = {1, MANY - 60, MANY + 5, 2 * MANY, 3 * MANY - 60};
    for (uint32_t i = 0; i < sizeof froms / sizeof froms[0]; i++) {
        struct page page = {.limit = 100};
        *whole = (struct page){.limit = 100};
        selection.from_seq = froms[i];
        selection.is_paged = false;
        assert_int_equal(kolam_history_select(past->history, &selection, note_page, whole),
                         KOLAM_OK);
        selection.is_paged = true;
        assert_int_equal(kolam_history_select(past->history, &selection, note_page, &page),
                         KOLAM_OK);
        assert_int_equal(page.count, whole->count);
        assert_memory_equal(page.seqs, whole->seqs, sizeof page.seqs);
        assert_memory_equal(page.is_hidden, whole->is_hidden, sizeof page.is_hidden);
        assert_true(page.count > 0);
    }
    assert_int_equal(whole->count, 50);
    kolam_free(whole);
}

/* Nobody but a forger commits such an op; whoever it claims to belong to is left alone. */
static void a_part_without_its_group_takes_nobody_with_it(void **state) {
    struct past *past = *state;
    struct found found = {.count = 0};
    uint64_t victim = draw_line(past, 1, 0, 10, 10, 50, 10, 4);
    struct kolam_point points[2] = {{.x = 80, .y = 400, .pressure = 255},
                                    {.x = 400, .y = 400, .pressure = 255}};
    struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                          .stroke = {.color = 0x000000ff,
                                     .width = 4 * KOLAM_WIDTH_UNIT_PER_PX,
                                     .part = 1,
                                     .part_count = 3,
                                     .point_count = 2,
                                     .points = points}};
    canvas_fixture_submit(&past->canvas, 2, &op, 1);
    canvas_fixture_wait(&past->canvas);
    assert_int_equal(past->canvas.last_status, KOLAM_OK);
    draw_line(past, 1, 0, 10, 90, 50, 90, 4);
    struct kolam_selection selection = {
        .area.rect = {0, 40, 60, 60, 0}, .to_seq = KOLAM_SEQ_NOW, .takes_groups = true};
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found), KOLAM_OK);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.seqs[0], victim + 1);
}

static void a_lasso_takes_what_it_encloses_or_crosses(void **state) {
    struct past *past = *state;
    struct found found = {.count = 0};
    const double triangle[3][2] = {{0, 0}, {100, 0}, {0, 100}};
    uint64_t enclosed = draw_line(past, 1, 0, 1010, 1010, 1030, 1030, 2);
    draw_line(past, 1, 0, 1080, 1080, 1095, 1095, 2); /* in the box, beyond the slanted side */
    uint64_t crossing = draw_line(past, 1, 0, 1060, 990, 1060, 1099, 2);
    struct kolam_selection selection = {
        .area = {.rect = {1000, 1000, 1100, 1100, 0}, .lasso = triangle, .lasso_count = 3},
        .to_seq = KOLAM_SEQ_NOW};
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found), KOLAM_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.seqs[0], enclosed);
    assert_int_equal(found.seqs[1], crossing);
}

/* ---- activity ---- */

static void counts_strokes_by_time(void **state) {
    struct past *past = *state;
    struct kolam_log_row row;
    struct kolam_rect rect = {0, 0, 200, 200, 0};
    uint32_t counts[4] = {9, 9, 9, 9};
    for (int i = 0; i < 6; i++) {
        draw_line(past, 1, 0, 10, 10 + i, 50, 10 + i, 1);
    }
    draw_line(past, 1, 0, 1000, 1000, 1001, 1001, 1); /* elsewhere */
    assert_int_equal(kolam_reader_op(past->reader, 6, &row), KOLAM_OK);
    int64_t day_ms = 86400000;
    assert_int_equal(kolam_history_activity(past->history, &rect, row.time_ms - 2 * day_ms,
                                            row.time_ms + 2 * day_ms, 4, counts),
                     KOLAM_OK);
    assert_int_equal(counts[0] + counts[3], 0);
    assert_int_equal(counts[1] + counts[2], 6);
    assert_int_equal(kolam_history_activity(past->history, &rect, 5, 5, 4, counts),
                     KOLAM_ERR_INVALID);
    assert_int_equal(kolam_history_activity(past->history, &rect, 5, 9, 5000, counts),
                     KOLAM_ERR_INVALID);
}

/* ---- an artist's own ---- */

static bool note_row(void *ctx, const struct kolam_log_row *row) {
    struct found *found = ctx;
    found->seqs[found->count++] = row->seq;
    return found->count < 2;
}

static void walks_an_artists_ops_backwards(void **state) {
    struct past *past = *state;
    struct found found = {.count = 0};
    struct kolam_log_row row;
    uint64_t first = draw_line(past, 1, 0, 10, 10, 50, 10, 1);
    draw_line(past, 2, 0, 10, 20, 50, 20, 1);
    uint64_t third = draw_line(past, 1, 0, 10, 30, 50, 30, 1);
    hide(past, 1, third);
    assert_int_equal(kolam_reader_op(past->reader, first, &row), KOLAM_OK);
    uint32_t artist = row.artist;
    assert_int_equal(kolam_reader_artist_ops(past->reader, artist, UINT64_MAX, note_row, &found),
                     KOLAM_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.seqs[0], third + 1);
    assert_int_equal(found.seqs[1], third);
    found.count = 0;
    assert_int_equal(kolam_reader_artist_ops(past->reader, artist, third, note_row, &found),
                     KOLAM_OK);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.seqs[0], first);
}

/* Version 1 had no index of ops by artist, and no tables for flattened history. */
static void a_file_of_the_first_version_is_migrated(void **state) {
    struct past *past = *state;
    struct found found = {.count = 0};
    sqlite3 *db = NULL;
    sqlite3_stmt *version = NULL;
    draw_line(past, 1, 0, 10, 10, 50, 10, 1);
    kolam_log_destroy(past->canvas.log);
    past->canvas.log = NULL;
    assert_int_equal(sqlite3_open(past->canvas.log_path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DROP INDEX op_artist; DROP TABLE base; DROP TABLE base_id;"
                                  "DROP TABLE base_record; DROP TABLE hider; DROP INDEX op_record; "
                                  "ALTER TABLE op DROP COLUMN sum;"
                                  "PRAGMA user_version = 1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    canvas_fixture_restart(&past->canvas);
    draw_line(past, 1, 0, 10, 30, 50, 30, 1);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT count(*), (SELECT user_version FROM "
                                        "pragma_user_version) FROM sqlite_schema "
                                        "WHERE name = 'op_artist'",
                                        -1, &version, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(version), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(version, 0), 1);
    assert_true(sqlite3_column_int(version, 1) >= 2);
    sqlite3_finalize(version);
    sqlite3_close(db);
    assert_int_equal(kolam_reader_artist_ops(past->reader, 1, UINT64_MAX, note_row, &found),
                     KOLAM_OK);
    assert_int_equal(found.count, 2);
}

static uint32_t count_in(struct past *past, int64_t x0, int64_t y0, int64_t x1, int64_t y1,
                         const double (*lasso)[2], uint32_t lasso_count) {
    struct found found = {.count = 0};
    struct kolam_selection selection = {
        .area = {.rect = {x0, y0, x1, y1, 0}, .lasso = lasso, .lasso_count = lasso_count},
        .to_seq = KOLAM_SEQ_NOW};
    assert_int_equal(kolam_history_select(past->history, &selection, note, &found), KOLAM_OK);
    return found.count;
}

static uint32_t count_under(struct past *past, int32_t level, int64_t x, int64_t y) {
    struct found found = {.count = 0};
    assert_int_equal(kolam_history_blame(past->history, level, x, y, 0, note_drawing, &found),
                     KOLAM_OK);
    return found.count;
}

static void finds_a_filled_shape_by_its_inside_not_by_its_holes(void **state) {
    struct past *past = *state;
    static const double inner[3][2] = {{0, 0}, {40, 0}, {0, 40}};
    static const double outer[3][2] = {{0, 0}, {900, 0}, {0, 900}};
    draw_frame(past, 1);
    assert_int_equal(count_in(past, 120, 120, 160, 160, NULL, 0), 1); /* inside its ink */
    assert_int_equal(count_in(past, 250, 250, 350, 350, NULL, 0), 0); /* in the hole */
    assert_int_equal(count_in(past, 190, 190, 210, 210, NULL, 0), 1); /* on the hole's edge */
    assert_int_equal(count_in(past, 0, 0, 90, 90, NULL, 0), 0);
    assert_int_equal(count_in(past, 0, 0, 900, 900, NULL, 0), 1);
    assert_int_equal(count_in(past, 120, 120, 160, 160, inner, 3), 1);
    assert_int_equal(count_in(past, 250, 250, 290, 290, inner, 3), 0);
    assert_int_equal(count_in(past, 0, 0, 900, 900, outer, 3), 1);
    assert_int_equal(count_under(past, 0, 150, 300), 1);
    assert_int_equal(count_under(past, 0, 300, 300), 0);
    assert_int_equal(count_under(past, 3, 150 * 8, 300 * 8), 1);
    assert_int_equal(count_under(past, -3, 300 / 8, 300 / 8), 0);
}

int main(void) {
#define PAST_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_moments_as_people_write_them),
        PAST_TEST(resolves_moments_and_says_why_not),
        PAST_TEST(finds_the_strokes_under_a_pixel_newest_first),
        PAST_TEST(a_group_under_a_pixel_is_one_drawing),
        PAST_TEST(selects_by_area_artist_and_span),
        PAST_TEST(groups_are_taken_whole_where_that_is_asked),
        PAST_TEST(pages_of_a_full_area_hold_what_all_of_it_holds),
        PAST_TEST(a_part_without_its_group_takes_nobody_with_it),
        PAST_TEST(a_lasso_takes_what_it_encloses_or_crosses),
        PAST_TEST(counts_strokes_by_time),
        PAST_TEST(walks_an_artists_ops_backwards),
        PAST_TEST(a_file_of_the_first_version_is_migrated),
        cmocka_unit_test_setup_teardown(finds_a_filled_shape_by_its_inside_not_by_its_holes, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
