/* How long somebody has drawn on a canvas, and how much of it stands: bounded, however much there is. */
#include <string.h>

#include "kolam/alloc.h"
#include "reader_internal.h"

#define ROWS_MAX 65536 /* index rows looked at in all; strokes past that count as standing */
#define OPS_PER_STROKE 4

struct drawn {
    uint64_t seq;
    struct kolam_tile_id tile; /* one that it touches */
};

struct counting {
    struct kolam_op_room *room;
    struct kolam_home *homes;
    struct drawn *drawn;
    uint32_t count, limit, ops;
    uint32_t rows;
};

static bool take_op(void *ctx, const struct kolam_log_row *row) {
    struct counting *counting = ctx;
    struct kolam_op op;
    uint32_t home_count;
    counting->ops++;
    /* A group counts once, by its first part. */
    if (row->kind == KOLAM_OP_STROKE &&
        kolam_op_decode(row->body, row->body_size_bytes, counting->room, &op) == KOLAM_OK &&
        op.kind == KOLAM_OP_STROKE && op.stroke.part == 0 &&
        kolam_stroke_homes(&op.stroke, counting->homes, &home_count) == KOLAM_OK) {
        counting->drawn[counting->count++] = (struct drawn){row->seq, counting->homes[0].tile};
    }
    return counting->count < counting->limit && counting->ops < counting->limit * OPS_PER_STROKE;
}

struct asking {
    struct counting *counting;
    uint64_t seq;
    bool is_hidden;
};

/* What hides a stroke, or shows it again, comes after it. */
static bool take_change(void *ctx, const struct kolam_home_row *row) {
    struct asking *asking = ctx;
    if (row->target == asking->seq) {
        asking->is_hidden = row->kind == KOLAM_OP_HIDE;
    }
    return asking->counting->rows++ < ROWS_MAX;
}

static bool take_first(void *ctx, uint64_t seq) {
    *(uint64_t *)ctx = seq;
    return false;
}

static enum kolam_status count_flattened(struct kolam_reader *reader, uint32_t artist,
                                         int64_t *first_ms, uint32_t *strokes, uint32_t limit) {
    if (reader->base_seq == 0) {
        return KOLAM_OK;
    }
    sqlite3_stmt *base = reader->statements[READER_BASE_OF_ARTIST];
    (void)sqlite3_bind_int64(base, 1, artist);
    enum kolam_status status = kolam_reader_step_one(base);
    if (status == KOLAM_OK && sqlite3_column_type(base, 0) != SQLITE_NULL) {
        const int64_t count = sqlite3_column_int64(base, 0);
        *strokes = count < limit ? (uint32_t)count : limit;
        *first_ms = sqlite3_column_int64(base, 1);
    }
    (void)sqlite3_reset(base);
    return status;
}

static enum kolam_status count_standing(struct kolam_reader *reader, struct counting *counting,
                                        uint32_t *strokes) {
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < counting->count && status == KOLAM_OK; i++) {
        struct asking asking = {counting, counting->drawn[i].seq, false};
        status = kolam_reader_homes_at(reader, counting->drawn[i].tile, counting->drawn[i].seq,
                                       INT64_MAX, take_change, &asking);
        *strokes += !asking.is_hidden;
    }
    return status;
}

enum kolam_status kolam_reader_standing(struct kolam_reader *reader, uint32_t artist,
                                        uint32_t limit, int64_t *out_first_ms,
                                        uint32_t *out_strokes) {
    uint64_t first_seq = 0;
    int64_t first_ms = 0;
    uint32_t strokes = 0;
    struct counting counting = {
        .room = kolam_alloc(sizeof *counting.room),
        .homes = kolam_alloc_array(KOLAM_STROKE_HOMES_MAX, sizeof *counting.homes),
        .drawn = kolam_alloc_array(limit + 1, sizeof *counting.drawn),
        .limit = limit};
    enum kolam_status status =
        counting.room && counting.homes && counting.drawn ? KOLAM_OK : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        status = count_flattened(reader, artist, &first_ms, &strokes, limit);
    }
    if (status == KOLAM_OK && first_ms == 0) {
        status = kolam_reader_artist_seqs(reader, artist, 1, INT64_MAX, take_first, &first_seq);
    }
    if (status == KOLAM_OK && first_seq != 0) {
        status = kolam_reader_time_of(reader, first_seq, &first_ms);
    }
    if (status == KOLAM_OK && strokes < limit) {
        status = kolam_reader_artist_ops(reader, artist, INT64_MAX, take_op, &counting);
    }
    if (status == KOLAM_OK) {
        status = count_standing(reader, &counting, &strokes);
    }
    kolam_free(counting.room);
    kolam_free(counting.homes);
    kolam_free(counting.drawn);
    if (status == KOLAM_OK) {
        *out_first_ms = first_ms;
        *out_strokes = strokes < limit ? strokes : limit;
    }
    return status;
}
