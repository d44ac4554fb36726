/* Who drew what where, and how much when. A worker's own: one thread at a time.
 *
 * The quadtree gives candidates by their boxes; each is then decoded and tested exactly: for an area the ink's
 * capsules, for a pixel the ink kernel itself, so that what is found is what is seen. */
#include "kolam/history.h"

#include "history_internal.h"
#include "kolam/alloc.h"

enum kolam_status kolam_history_create(struct kolam_reader *reader,
                                       struct kolam_history **out_history) {
    struct kolam_history *history = kolam_alloc_zero(1, sizeof *history);
    if (!history) {
        return KOLAM_ERR_NOMEM;
    }
    history->reader = reader;
    kolam_ink_mask_init(&history->mask);
    *out_history = history;
    return KOLAM_OK;
}

void kolam_history_destroy(struct kolam_history *history) {
    if (history) {
        gather_finish(&history->gather);
        hidden_finish(&history->hidden);
        kolam_free(history);
    }
}

void kolam_history_mind(struct kolam_history *history, const struct kolam_quiet *quiet) {
    history->quiet = quiet;
    history->quiet_seq = 0;
}

/* ---- strokes and their groups ---- */

enum kolam_status history_load(struct kolam_history *history, uint64_t seq,
                               struct kolam_log_row *out_row, struct kolam_op *out_op) {
    enum kolam_status status = kolam_reader_op(history->reader, seq, out_row);
    if (status == KOLAM_OK) {
        status = kolam_op_decode(out_row->body, out_row->body_size_bytes, &history->room, out_op);
    }
    if (status == KOLAM_ERR_NOT_FOUND || status == KOLAM_ERR_INVALID) {
        return KOLAM_ERR_CORRUPT;
    }
    return status == KOLAM_OK && out_op->kind != KOLAM_OP_STROKE ? KOLAM_ERR_CORRUPT : status;
}

struct history_group history_group_of(const struct kolam_log_row *row,
                                      const struct kolam_stroke *stroke) {
    uint64_t part = stroke->part < row->seq ? stroke->part : 0;
    return (struct history_group){.first_seq = row->seq - part,
                                  .end_seq = row->seq - part + stroke->part_count,
                                  .nonce = row->nonce,
                                  .artist = row->artist,
                                  .part_count = stroke->part_count};
}

/* A file may have been made by anybody: what only claims to be a part takes nobody else's strokes with it. */
static bool is_in_group(const struct history_group *group, const struct kolam_log_row *row,
                        const struct kolam_stroke *stroke) {
    return row->artist == group->artist && row->nonce == group->nonce &&
           stroke->part_count == group->part_count && row->seq == group->first_seq + stroke->part;
}

/* From the rows of one of its homes. */
enum kolam_status history_find_hidden(struct kolam_history *history,
                                      const struct kolam_stroke *stroke, uint64_t seq,
                                      bool *out_is_hidden) {
    uint32_t count = 0;
    if (kolam_stroke_homes(stroke, history->homes, &count) != KOLAM_OK || count == 0) {
        return KOLAM_ERR_CORRUPT;
    }
    return hidden_ask(&history->hidden, history->reader, history->homes[0].tile, seq,
                      out_is_hidden);
}

enum kolam_status history_load_part(struct kolam_history *history,
                                    const struct history_group *group, uint64_t seq,
                                    struct kolam_log_row *out_row, struct kolam_op *out_op,
                                    bool *out_is_hidden) {
    enum kolam_status status = history_load(history, seq, out_row, out_op);
    if (status == KOLAM_ERR_CORRUPT ||
        (status == KOLAM_OK && !is_in_group(group, out_row, &out_op->stroke))) {
        return KOLAM_ERR_NOT_FOUND;
    }
    return status == KOLAM_OK ? history_find_hidden(history, &out_op->stroke, seq, out_is_hidden)
                              : status;
}

bool history_is_quiet(struct kolam_history *history, const struct kolam_stroke *stroke) {
    uint32_t count = 0;
    return history->quiet && (kolam_stroke_homes(stroke, history->homes, &count) != KOLAM_OK ||
                              kolam_quiet_has_ink(history->quiet, history->homes, count));
}

/* The parts of one drawing are mostly asked about one after another. */
enum kolam_status history_find_quiet(struct kolam_history *history,
                                     const struct history_group *group, bool *out_is_quiet) {
    enum kolam_status status = KOLAM_OK;
    bool is_quiet = false;
    if (history->quiet_seq == group->first_seq) {
        *out_is_quiet = history->is_group_quiet;
        return KOLAM_OK;
    }
    for (uint64_t seq = group->first_seq; seq < group->end_seq && !is_quiet; seq++) {
        struct kolam_log_row row;
        struct kolam_op op;
        status = history_load(history, seq, &row, &op);
        if (status == KOLAM_OK && is_in_group(group, &row, &op.stroke)) {
            is_quiet = history_is_quiet(history, &op.stroke);
        } else if (status != KOLAM_OK && status != KOLAM_ERR_CORRUPT) {
            return status;
        }
    }
    history->quiet_seq = group->first_seq;
    history->is_group_quiet = *out_is_quiet = is_quiet;
    return KOLAM_OK;
}

/* ---- how much when ---- */

static int64_t bucket_start_ms(int64_t from_ms, int64_t to_ms, uint32_t bucket_count, uint32_t i) {
    const int64_t span_ms = to_ms - from_ms; /* of any size: a file, or who asks, says anything */
    return from_ms + span_ms / bucket_count * i + span_ms % bucket_count * i / bucket_count;
}

/* Strokes come in seq order and so do the buckets: one walk over both. */
static enum kolam_status count_buckets(struct kolam_history *history, int64_t from_ms,
                                       int64_t to_ms, uint32_t bucket_count, uint32_t *counts) {
    const struct gather *gather = &history->gather;
    uint32_t at = 0;
    for (uint32_t i = 0; i <= bucket_count; i++) {
        uint64_t before_seq; /* the last seq before this bucket */
        enum kolam_status status = kolam_reader_seq_at(
            history->reader, bucket_start_ms(from_ms, to_ms, bucket_count, i) - 1, &before_seq);
        if (status != KOLAM_OK) {
            return status;
        }
        uint32_t begin = at;
        while (at < gather->stroke_count && gather->strokes[at].seq <= before_seq) {
            at++;
        }
        if (i > 0) {
            counts[i - 1] = at - begin;
        }
    }
    return KOLAM_OK;
}

enum kolam_status kolam_history_activity(struct kolam_history *history,
                                         const struct kolam_rect *rect, int64_t from_ms,
                                         int64_t to_ms, uint32_t bucket_count,
                                         uint32_t *out_counts) {
    if (bucket_count < 1 || bucket_count > KOLAM_BUCKETS_MAX || from_ms >= to_ms || from_ms < 0) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_reader_begin(history->reader);
    if (status != KOLAM_OK) {
        return status;
    }
    status =
        gather_area(&history->gather, history->reader, rect, KOLAM_SEQ_NOW, KOLAM_HISTORY_ROWS_MAX);
    if (status == KOLAM_OK) {
        status = count_buckets(history, from_ms, to_ms, bucket_count, out_counts);
    }
    kolam_reader_end(history->reader);
    return status;
}
