/* Looking up what is voted about; see voted_stroke.h. */
#include "voted_stroke.h"

#include <string.h>

#include "kolam/alloc.h"

struct hiders {
    uint32_t author;
    bool has_another;
};

static bool take_hider(void *ctx, uint32_t artist, const char *name) {
    struct hiders *hiders = ctx;
    (void)name;
    hiders->has_another = artist != hiders->author;
    return !hiders->has_another;
}

static enum kolam_status read_stroke(struct kolam_reader *reader, uint64_t seq,
                                     struct kolam_op_room *room, struct kolam_log_row *row,
                                     struct kolam_op *op) {
    enum kolam_status status = kolam_reader_op(reader, seq, row);
    if (status == KOLAM_OK &&
        (row->kind != KOLAM_OP_STROKE ||
         kolam_op_decode(row->body, row->body_size_bytes, room, op) != KOLAM_OK)) {
        status = KOLAM_ERR_NOT_FOUND;
    }
    return status;
}

/* Where all of it lies. Parts have consecutive seqs. */
static enum kolam_status find_homes(struct kolam_reader *reader, struct kolam_op_room *room,
                                    struct kolam_voted_stroke *stroke) {
    enum kolam_status status = KOLAM_OK;
    stroke->homes = kolam_alloc_array((size_t)stroke->part_count * KOLAM_STROKE_HOMES_MAX,
                                      sizeof(*stroke->homes));
    if (!stroke->homes) {
        return KOLAM_ERR_NOMEM;
    }
    for (uint32_t i = 0; i < stroke->part_count && status == KOLAM_OK; i++) {
        struct kolam_log_row row;
        struct kolam_op op;
        uint32_t count = 0;
        status = read_stroke(reader, stroke->first_seq + i, room, &row, &op);
        if (status == KOLAM_OK) {
            status = kolam_stroke_homes(&op.stroke, stroke->homes + stroke->home_count, &count);
            stroke->home_count += count;
        }
    }
    return status;
}

static enum kolam_status find(struct kolam_reader *reader, uint64_t seq, struct kolam_op_room *room,
                              struct kolam_voted_stroke *stroke) {
    struct hiders hiders = {0};
    struct kolam_log_row row;
    struct kolam_op op;
    enum kolam_status status = read_stroke(reader, seq, room, &row, &op);
    if (status != KOLAM_OK) {
        return status;
    }
    stroke->first_seq = seq - op.stroke.part;
    stroke->part_count = op.stroke.part_count;
    hiders.author = row.artist;
    status = kolam_reader_hiders(reader, seq, take_hider, &hiders);
    stroke->is_off = hiders.has_another;
    return status == KOLAM_OK ? find_homes(reader, room, stroke) : status;
}

enum kolam_status kolam_voted_stroke_find(struct kolam_reader *reader, uint64_t seq,
                                          struct kolam_voted_stroke *out_stroke) {
    struct kolam_op_room *room = kolam_alloc(sizeof(*room));
    memset(out_stroke, 0, sizeof(*out_stroke));
    const enum kolam_status status = room ? find(reader, seq, room, out_stroke) : KOLAM_ERR_NOMEM;
    kolam_free(room);
    return status;
}

void kolam_voted_stroke_finish(struct kolam_voted_stroke *stroke) {
    kolam_free(stroke->homes);
    memset(stroke, 0, sizeof(*stroke));
}
