/* The log and its index. The index is compared as a whole, by the sum of its rows' hashes: the order of
 * rows does not matter then, and memory does not grow with the canvas. */
#include <inttypes.h>
#include <string.h>

#include "check.h"
#include "kolam/alloc.h"
#include "kolam/place.h"
#include "kolam/policy.h"

/* Who is remembered as known: 128 KB of bits, whatever numbers a file claims. The others are looked up each time. */
#define KNOWN_MAX (UINT32_C(1) << 20)

/* Two independent sums: a chance collision is out of the question. */
struct row_sum {
    uint64_t count, first, second;
};

struct log_check {
    struct kolam_check *check;
    struct kolam_reader *lookup;
    struct kolam_op_room *room, *target_room;
    struct row_sum expected, found;
    struct kolam_canvas_info info;
    uint64_t last_seq;
    int64_t last_time_ms;
    uint8_t *known_artists; /* a bit each, by number */
    uint64_t newest_problems;
    enum kolam_status status;
};

/* ---- the index's sum ---- */

static uint64_t mix(uint64_t value) { /* splitmix64's finish */
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static void sum_add(struct row_sum *sum, uint64_t seq, uint64_t target, enum kolam_op_kind kind,
                    const struct kolam_home *home) {
    uint64_t box = (uint64_t)home->x0 | (uint64_t)home->y0 << 8 | (uint64_t)home->x1 << 16 |
                   (uint64_t)home->y1 << 24;
    const uint64_t parts[] = {seq,
                              target,
                              (uint64_t)kind << 32 | box,
                              (uint64_t)home->tile.x,
                              (uint64_t)home->tile.y,
                              (uint64_t)(home->tile.level - KOLAM_LEVEL_MIN)};
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        hash = mix(hash + parts[i] + UINT64_C(0x9e3779b97f4a7c15));
    }
    sum->count++;
    sum->first += hash;
    sum->second += mix(hash ^ UINT64_C(0xd1b54a32d192ed03));
}

static bool sum_found(void *ctx, const struct kolam_home_row *row) {
    struct log_check *log = ctx;
    sum_add(&log->found, row->seq, row->target, row->kind, &row->home);
    return true;
}

/* All rows of the index: what lies at and below the four tiles of the coarsest level. */
static enum kolam_status sum_index(struct log_check *log, struct kolam_reader *reader) {
    enum kolam_status status = KOLAM_OK;
    for (int64_t i = 0; i < 4 && status == KOLAM_OK; i++) {
        struct kolam_tile_id root = {-(i & 1), -(i >> 1), KOLAM_LEVEL_MIN};
        status = kolam_reader_homes_at(reader, root, 0, UINT64_MAX >> 1, sum_found, log);
        if (status == KOLAM_OK) {
            status = kolam_reader_homes_below(reader, root, UINT64_MAX >> 1, sum_found, log);
        }
    }
    return status;
}

/* ---- ops ---- */

/* The rows of the stroke itself (target 0), or those by which `seq` changes it. */
static void expect_homes(struct log_check *log, const struct kolam_stroke *stroke, uint64_t seq,
                         uint64_t target, enum kolam_op_kind kind) {
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    uint32_t count;
    if (kolam_stroke_homes(stroke, homes, &count) != KOLAM_OK) {
        kolam_check_problem(log->check,
                            "op %" PRIu64 " touches more tiles than an op may, or leaves "
                            "the world",
                            target ? target : seq);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t newest = 0;
        sum_add(&log->expected, seq, target, kind, &homes[i]);
        enum kolam_status status = kolam_reader_newest(log->lookup, homes[i].tile, &newest);
        if (status != KOLAM_OK) {
            log->status = status;
        } else if (newest < seq) {
            log->newest_problems++;
        }
    }
}

static void expect_change(struct log_check *log, uint64_t seq, uint64_t target,
                          enum kolam_op_kind kind) {
    struct kolam_log_row row;
    struct kolam_op op;
    const enum kolam_status status =
        target < seq ? kolam_reader_op(log->lookup, target, &row) : KOLAM_ERR_NOT_FOUND;
    if (status == KOLAM_ERR_NOMEM) {
        log->status = status; /* which says nothing about the file */
        return;
    }
    if (status != KOLAM_OK || row.kind != KOLAM_OP_STROKE ||
        kolam_op_decode(row.body, row.body_size_bytes, log->target_room, &op) != KOLAM_OK) {
        kolam_check_problem(log->check,
                            "op %" PRIu64 " names %" PRIu64 ", which is no stroke "
                            "before it",
                            seq, target);
        return;
    }
    expect_homes(log, &op.stroke, seq, target, kind);
}

static void check_artist(struct log_check *log, const struct kolam_log_row *row) {
    const bool can_remember = row->artist < KNOWN_MAX;
    struct kolam_author author;
    if (can_remember && log->known_artists[row->artist / 8] & 1 << row->artist % 8) {
        return;
    }
    const enum kolam_status status = kolam_reader_artist(log->lookup, row->artist, &author);
    if (status == KOLAM_ERR_NOMEM) {
        log->status = status;
    } else if (status != KOLAM_OK) {
        kolam_check_problem(log->check, "op %" PRIu64 " is by artist %" PRIu32 ", who is not known",
                            row->seq, row->artist);
    } else if (can_remember) {
        log->known_artists[row->artist / 8] |= (uint8_t)(1 << row->artist % 8);
    }
}

static void check_order(struct log_check *log, const struct kolam_log_row *row) {
    if (row->seq != log->last_seq + 1) {
        kolam_check_problem(log->check, "after op %" PRIu64 " comes %" PRIu64 ": ops are missing",
                            log->last_seq, row->seq);
    }
    if (row->time_ms < log->last_time_ms) {
        kolam_check_problem(log->check, "the time of op %" PRIu64 " goes back", row->seq);
    }
    log->last_seq = row->seq;
    log->last_time_ms = row->time_ms;
}

/* Of kinds that are not known here nothing can be said. */
static void check_record(struct log_check *log, const struct kolam_op *op, uint64_t seq) {
    struct kolam_place_record record;
    struct kolam_act act;
    if (kolam_act_decode(op->record, op->record_size_bytes, &act) != KOLAM_OK) {
        kolam_check_problem(log->check, "op %" PRIu64 " says that it is an act and is none", seq);
    }
    if (kolam_place_decode(op->record, op->record_size_bytes, &record) != KOLAM_OK) {
        kolam_check_problem(log->check, "op %" PRIu64 " says that it is a place and is none", seq);
    }
}

static void check_body(struct log_check *log, const struct kolam_log_row *row) {
    struct kolam_op op;
    if (row->is_damaged) {
        kolam_check_problem(log->check, "op %" PRIu64 " is not what was written", row->seq);
    }
    if (kolam_op_decode(row->body, row->body_size_bytes, log->room, &op) != KOLAM_OK) {
        kolam_check_problem(log->check, "op %" PRIu64 " cannot be decoded", row->seq);
        return;
    }
    if (op.kind != row->kind) {
        kolam_check_problem(log->check, "op %" PRIu64 " is said to be another kind than it is",
                            row->seq);
        return;
    }
    if (op.kind == KOLAM_OP_STROKE) {
        expect_homes(log, &op.stroke, row->seq, 0, KOLAM_OP_STROKE);
    }
    if (op.kind == KOLAM_OP_HIDE || op.kind == KOLAM_OP_SHOW) {
        for (uint32_t i = 0; i < op.target_count; i++) {
            expect_change(log, row->seq, op.targets[i], op.kind);
        }
    }
    if (op.kind == KOLAM_OP_RECORD) {
        check_record(log, &op, row->seq);
    }
    if (row->replaces != 0) {
        expect_change(log, row->seq, row->replaces, KOLAM_OP_HIDE);
    }
}

static bool visit_op(void *ctx, const struct kolam_log_row *row) {
    struct log_check *log = ctx;
    struct kolam_check *check = log->check;
    check->op_count++;
    check_order(log, row);
    check_artist(log, row);
    check_body(log, row);
    if (check->op_count % 256 == 0) {
        if (kolam_progress_is_due(&check->progress)) {
            kolam_progress_show(&check->progress, "%s: op %" PRIu64 " of %" PRIu64, check->canvas,
                                row->seq, log->info.last_seq);
        }
        if (kolam_check_is_interrupted(check)) {
            log->status = KOLAM_ERR_CLOSED;
        }
    }
    return log->status == KOLAM_OK;
}

/* ---- all of it ---- */

static void report_integrity(void *ctx, const char *problem) {
    kolam_check_problem(ctx, "the file is damaged: %s", problem);
}

static void compare_index(struct log_check *log) {
    struct kolam_check *check = log->check;
    check->index_row_count = log->found.count;
    if (memcmp(&log->expected, &log->found, sizeof log->found) != 0) {
        check->is_index_wrong = true;
        kolam_check_problem(check,
                            "the index (%" PRIu64 " rows) is not that of the log (%" PRIu64
                            " rows); --repair makes it anew",
                            log->found.count, log->expected.count);
    }
    if (log->newest_problems > 0) {
        check->is_index_wrong = true;
        kolam_check_problem(check,
                            "the index of the newest ops is behind the log in %" PRIu64
                            " places; --repair makes it anew",
                            log->newest_problems);
    }
}

/* With the home index, which was compared with the log itself. */
static enum kolam_status compare_hiders(struct log_check *log, struct kolam_reader *reader) {
    uint64_t wrong = 0;
    enum kolam_status status = kolam_reader_wrong_hiders(reader, &wrong);
    if (status == KOLAM_OK && wrong > 0) {
        log->check->is_index_wrong = true;
        kolam_check_problem(log->check,
                            "the index of who hid what differs from the log in %" PRIu64
                            " places; --repair makes it anew",
                            wrong);
    }
    return status;
}

static enum kolam_status check_pinned(struct log_check *log, struct kolam_reader *reader) {
    enum kolam_status status = kolam_reader_info(reader, &log->info);
    if (status != KOLAM_OK) {
        return status;
    }
    if (log->info.artist_count > UINT32_MAX) {
        kolam_check_problem(log->check, "an artist has the number %" PRIu64 ", which none may have",
                            log->info.artist_count);
    }
    log->last_seq = log->info.base_seq; /* what was before is no op any more */
    log->last_time_ms = log->info.base_time_ms;
    log->known_artists = kolam_alloc_zero(KNOWN_MAX / 8, 1);
    if (!log->known_artists) {
        return KOLAM_ERR_NOMEM;
    }
    status = kolam_reader_range(reader, 1, log->info.last_seq, visit_op, log);
    if (status == KOLAM_OK) {
        status = log->status;
    }
    if (status != KOLAM_OK) {
        return status;
    }
    if (log->last_seq != log->info.last_seq) {
        kolam_check_problem(log->check, "the log ends at %" PRIu64 ", not at %" PRIu64,
                            log->last_seq, log->info.last_seq);
    }
    status = sum_index(log, reader);
    if (status == KOLAM_OK) {
        compare_index(log);
        status = compare_hiders(log, reader);
    }
    return status;
}

enum kolam_status kolam_check_log(struct kolam_check *check, struct kolam_reader *reader,
                                  struct kolam_reader *lookup) {
    struct log_check log = {
        .check = check,
        .lookup = lookup,
        .room = kolam_alloc(sizeof *log.room),
        .target_room = kolam_alloc(sizeof *log.target_room),
    };
    enum kolam_status status = log.room && log.target_room ? KOLAM_OK : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        status = kolam_reader_integrity(reader, report_integrity, check);
    }
    if (status == KOLAM_OK) {
        status = kolam_reader_begin(reader);
    }
    if (status == KOLAM_OK) {
        status = check_pinned(&log, reader);
        kolam_reader_end(reader);
    }
    kolam_free(log.room);
    kolam_free(log.target_room);
    kolam_free(log.known_artists);
    return status;
}
