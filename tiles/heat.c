/* Strokes per tile; see heat.h. A stroke counts once in each tile that the box of one of its homes touches.
 *
 * Three ways, the first that is cheap enough: the index rows in the rectangle, whatever their time, if they are few;
 * all ops of the span, if those are few; every so-manieth op of it. The stride is a power of two and takes seqs that are
 * multiples of it, so that a picture asked for again does not flicker. */
#include "kolam/heat.h"

#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"

/* What a home covers of the rectangle, in its tiles; both ends included. */
struct mark {
    uint64_t seq;
    uint8_t x0, y0, x1, y1;
};

struct count {
    struct kolam_reader *reader;
    const struct kolam_heat_question *question;
    uint64_t from_seq, to_seq;
    struct kolam_heat heat;
    uint64_t stamps[KOLAM_HEAT_SIDE_MAX * KOLAM_HEAT_SIDE_MAX]; /* the stroke counted last */
    struct mark *marks;
    uint32_t mark_count, rows_left;
    bool is_over; /* more rows than are looked at */
    struct kolam_op_room *room;
    struct kolam_home *homes;
    /* An artist's seqs: every `stride`th of them. */
    uint64_t *seqs;
    uint32_t seq_count, stride, seen;
};

bool kolam_heat_question_is_valid(const struct kolam_heat_question *question) {
    const struct kolam_tile_id corner = question->corner;
    if (!kolam_tile_is_valid(corner) || question->width < 1 || question->height < 1 ||
        question->width > KOLAM_HEAT_SIDE_MAX || question->height > KOLAM_HEAT_SIDE_MAX) {
        return false;
    }
    const int64_t last = kolam_tile_coord_max(corner.level);
    return corner.x + question->width - 1 <= last && corner.y + question->height - 1 <= last;
}

/* ---- one home ---- */

/* One axis: the tiles of a level that a home's pixels touch, from `corner` on, clipped to `count` of them. */
static bool clip_axis(int64_t home, uint8_t first, uint8_t last, int32_t finer, int64_t corner,
                      uint32_t count, uint8_t *out_first, uint8_t *out_last) {
    int64_t from = home * KOLAM_TILE_PX + first;
    int64_t to = home * KOLAM_TILE_PX + last;
    if (finer >= 0) {
        from = kolam_floor_shift(from * (INT64_C(1) << finer), KOLAM_TILE_SHIFT);
        to = kolam_floor_shift((to + 1) * (INT64_C(1) << finer) - 1, KOLAM_TILE_SHIFT);
    } else {
        from = kolam_floor_shift(from, KOLAM_TILE_SHIFT - finer);
        to = kolam_floor_shift(to, KOLAM_TILE_SHIFT - finer);
    }
    from = from < corner ? 0 : from - corner;
    to -= corner;
    if (to < 0 || from >= (int64_t)count) {
        return false;
    }
    *out_first = (uint8_t)from;
    *out_last = (uint8_t)(to >= (int64_t)count ? (int64_t)count - 1 : to);
    return true;
}

static bool mark_of(const struct kolam_heat_question *question, const struct kolam_home *home,
                    uint64_t seq, struct mark *out_mark) {
    const int32_t finer = question->corner.level - home->tile.level;
    out_mark->seq = seq;
    return clip_axis(home->tile.x, home->x0, home->x1, finer, question->corner.x, question->width,
                     &out_mark->x0, &out_mark->x1) &&
           clip_axis(home->tile.y, home->y0, home->y1, finer, question->corner.y, question->height,
                     &out_mark->y0, &out_mark->y1);
}

/* All marks of a stroke come one after another. */
static void add_mark(struct count *count, const struct mark *mark) {
    for (uint32_t y = mark->y0; y <= mark->y1; y++) {
        for (uint32_t x = mark->x0; x <= mark->x1; x++) {
            const uint32_t at = y * count->question->width + x;
            if (count->stamps[at] != mark->seq) {
                count->stamps[at] = mark->seq;
                count->heat.counts[at] += count->heat.every;
            }
        }
    }
}

/* ---- by the index ---- */

static bool take_row(void *ctx, const struct kolam_home_row *row) {
    struct count *count = ctx;
    if (count->rows_left == 0) {
        count->is_over = true;
        return false;
    }
    count->rows_left--;
    if (row->kind == KOLAM_OP_STROKE && row->seq >= count->from_seq && row->seq <= count->to_seq &&
        mark_of(count->question, &row->home, row->seq, &count->marks[count->mark_count])) {
        count->mark_count++;
    }
    return true;
}

/* The finest level at which the rectangle lies in at most 2 x 2 tiles. */
static int32_t cover_level(const struct kolam_heat_question *question) {
    const struct kolam_tile_id corner = question->corner;
    int32_t up = 0;
    while (
        corner.level - up > KOLAM_LEVEL_MIN &&
        (kolam_floor_shift(corner.x + question->width - 1, up) - kolam_floor_shift(corner.x, up) >
             1 ||
         kolam_floor_shift(corner.y + question->height - 1, up) - kolam_floor_shift(corner.y, up) >
             1)) {
        up++;
    }
    return corner.level - up;
}

static enum kolam_status take_cover(struct count *count, struct kolam_tile_id tile,
                                    uint64_t levels) {
    enum kolam_status status = KOLAM_OK;
    for (int32_t level = KOLAM_LEVEL_MIN;
         level <= tile.level && status == KOLAM_OK && !count->is_over; level++) {
        if (levels >> (level - KOLAM_LEVEL_MIN) & 1) {
            status = kolam_reader_homes_at(count->reader, kolam_tile_ancestor(tile, level), 0,
                                           count->to_seq, take_row, count);
        }
    }
    return status == KOLAM_OK && !count->is_over
               ? kolam_reader_homes_below(count->reader, tile, count->to_seq, take_row, count)
               : status;
}

static int compare_marks(const void *a, const void *b) {
    const uint64_t left = ((const struct mark *)a)->seq, right = ((const struct mark *)b)->seq;
    return left < right ? -1 : left > right;
}

/* Reading a row costs a sixteenth to a thirtieth of reading an op, so where few ops are meant few rows are tried. */
#define ROWS_PER_OP 16

static uint32_t row_budget(const struct count *count) {
    const uint64_t ops = count->to_seq - count->from_seq + 1;
    return ops < KOLAM_HEAT_ROWS_MAX / ROWS_PER_OP ? (uint32_t)ops * ROWS_PER_OP
                                                   : KOLAM_HEAT_ROWS_MAX;
}

/* `is_over` afterwards: there were too many, and nothing is counted. Rows of shared ancestors come once for each cover
 * tile; the stamps make it one. */
static enum kolam_status count_rows(struct count *count) {
    const struct kolam_heat_question *question = count->question;
    const int32_t level = cover_level(question);
    const int32_t up = question->corner.level - level;
    const int64_t right = kolam_floor_shift(question->corner.x + question->width - 1, up);
    const int64_t bottom = kolam_floor_shift(question->corner.y + question->height - 1, up);
    uint64_t levels;
    enum kolam_status status = kolam_reader_levels(count->reader, &levels);
    count->rows_left = row_budget(count);
    count->marks = kolam_alloc_array(count->rows_left, sizeof *count->marks);
    if (!count->marks) {
        return KOLAM_ERR_NOMEM;
    }
    for (int64_t y = kolam_floor_shift(question->corner.y, up); y <= bottom; y++) {
        for (int64_t x = kolam_floor_shift(question->corner.x, up);
             x <= right && status == KOLAM_OK && !count->is_over; x++) {
            status = take_cover(count, (struct kolam_tile_id){x, y, level}, levels);
        }
    }
    if (status == KOLAM_OK && !count->is_over) {
        qsort(count->marks, count->mark_count, sizeof *count->marks, compare_marks);
        for (uint32_t i = 0; i < count->mark_count; i++) {
            add_mark(count, &count->marks[i]);
        }
    }
    return status;
}

/* ---- by the ops ---- */

/* Whose it is is not told there; nor of a drawing of several parts, of which another may lie there. */
static bool is_nobodys(const struct count *count, const struct kolam_stroke *stroke,
                       uint32_t home_count) {
    const struct kolam_quiet *quiet = count->question->artist != 0 ? count->question->quiet : NULL;
    return quiet &&
           (stroke->part_count > 1 || kolam_quiet_has_ink(quiet, count->homes, home_count));
}

static bool count_op(void *ctx, const struct kolam_log_row *row) {
    struct count *count = ctx;
    struct kolam_op op;
    uint32_t home_count;
    if (row->kind != KOLAM_OP_STROKE ||
        kolam_op_decode(row->body, row->body_size_bytes, count->room, &op) != KOLAM_OK ||
        kolam_stroke_homes(&op.stroke, count->homes, &home_count) != KOLAM_OK) {
        return true; /* what is damaged is `kolam check`'s to tell */
    }
    if (is_nobodys(count, &op.stroke, home_count)) {
        return true;
    }
    for (uint32_t i = 0; i < home_count; i++) {
        struct mark mark;
        if (mark_of(count->question, &count->homes[i], row->seq, &mark)) {
            add_mark(count, &mark);
        }
    }
    return true;
}

static enum kolam_status count_one(struct count *count, uint64_t seq) {
    struct kolam_log_row row;
    enum kolam_status status = kolam_reader_op(count->reader, seq, &row);
    if (status == KOLAM_OK) {
        (void)count_op(count, &row);
    }
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

static enum kolam_status count_span(struct count *count) {
    const uint64_t ops = count->to_seq - count->from_seq + 1;
    uint64_t every = 1;
    enum kolam_status status = KOLAM_OK;
    while (ops / every > KOLAM_HEAT_OPS_MAX) {
        every *= 2;
    }
    count->heat.every = (uint32_t)every;
    if (every == 1) {
        return kolam_reader_range(count->reader, count->from_seq, count->to_seq, count_op, count);
    }
    for (uint64_t seq = (count->from_seq + every - 1) / every * every;
         seq <= count->to_seq && status == KOLAM_OK; seq += every) {
        status = count_one(count, seq);
    }
    return status;
}

/* Thins the list out when it is full: what is kept is every `stride`th of all. */
static bool take_seq(void *ctx, uint64_t seq) {
    struct count *count = ctx;
    if (count->seen == KOLAM_HEAT_ARTIST_OPS_MAX) {
        count->is_over = true;
        return false;
    }
    if (count->seen++ % count->stride != 0) {
        return true;
    }
    if (count->seq_count == KOLAM_HEAT_OPS_MAX) {
        for (uint32_t i = 0; i < KOLAM_HEAT_OPS_MAX / 2; i++) {
            count->seqs[i] = count->seqs[i * 2];
        }
        count->seq_count /= 2;
        count->stride *= 2;
        if ((count->seen - 1) % count->stride != 0) {
            return true;
        }
    }
    count->seqs[count->seq_count++] = seq;
    return true;
}

static enum kolam_status count_artist(struct count *count) {
    count->stride = 1;
    count->seqs = kolam_alloc_array(KOLAM_HEAT_OPS_MAX, sizeof *count->seqs);
    if (!count->seqs) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = kolam_reader_artist_seqs(
        count->reader, count->question->artist, count->from_seq, count->to_seq, take_seq, count);
    if (status == KOLAM_OK && count->is_over) {
        return KOLAM_ERR_FULL;
    }
    count->heat.every = count->stride;
    for (uint32_t i = 0; i < count->seq_count && status == KOLAM_OK; i++) {
        status = count_one(count, count->seqs[i]);
    }
    return status;
}

/* ---- all ---- */

/* The seqs of the span; from_seq > to_seq if there are none. */
static enum kolam_status find_span(struct count *count) {
    const struct kolam_heat_question *question = count->question;
    struct kolam_canvas_info info;
    enum kolam_status status = kolam_reader_info(count->reader, &info);
    if (status != KOLAM_OK) {
        return status;
    }
    count->from_seq = info.base_seq + 1;
    count->to_seq = info.last_seq;
    if (question->has_from) {
        uint64_t before;
        status = kolam_reader_seq_at(count->reader, question->from_ms - 1, &before);
        if (status == KOLAM_OK && before + 1 > count->from_seq) {
            count->from_seq = before + 1;
        }
    }
    if (status == KOLAM_OK && question->has_to) {
        uint64_t last;
        status = kolam_reader_seq_at(count->reader, question->to_ms - 1, &last);
        if (status == KOLAM_OK && last < count->to_seq) {
            count->to_seq = last;
        }
    }
    return status;
}

static enum kolam_status count_strokes(struct count *count) {
    enum kolam_status status = find_span(count);
    count->heat.every = 1;
    if (status != KOLAM_OK || count->from_seq > count->to_seq) {
        return status;
    }
    count->room = kolam_alloc(sizeof *count->room);
    count->homes = kolam_alloc_array(KOLAM_STROKE_HOMES_MAX, sizeof *count->homes);
    if (!count->room || !count->homes) {
        return KOLAM_ERR_NOMEM;
    }
    if (count->question->artist != 0) {
        return count_artist(count);
    }
    status = count_rows(count);
    return status == KOLAM_OK && count->is_over ? count_span(count) : status;
}

enum kolam_status kolam_heat_find(struct kolam_reader *reader,
                                  const struct kolam_heat_question *question,
                                  struct kolam_heat *out_heat) {
    if (!kolam_heat_question_is_valid(question)) {
        return KOLAM_ERR_INVALID;
    }
    struct count *count = kolam_alloc_zero(1, sizeof *count);
    if (!count) {
        return KOLAM_ERR_NOMEM;
    }
    count->reader = reader;
    count->question = question;
    enum kolam_status status = kolam_reader_begin(reader);
    if (status == KOLAM_OK) {
        status = count_strokes(count);
        kolam_reader_end(reader);
    }
    if (status == KOLAM_OK) {
        *out_heat = count->heat;
    }
    kolam_free(count->marks);
    kolam_free(count->seqs);
    kolam_free(count->room);
    kolam_free(count->homes);
    kolam_free(count);
    return status;
}
