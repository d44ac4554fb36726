/* A reader's past: the seq of a time, the time of a seq, an artist's ops. One thread at a time, as in reader.c. */
#include <stdio.h>

#include "reader_internal.h"

enum kolam_status kolam_reader_time_of(struct kolam_reader *reader, uint64_t seq,
                                       int64_t *out_time_ms) {
    if (seq < reader->base_seq) {
        return KOLAM_ERR_GONE;
    }
    if (seq == reader->base_seq && seq > 0) {
        *out_time_ms = reader->base_time_ms;
        return KOLAM_OK;
    }
    sqlite3_stmt *time = reader->statements[READER_TIME_OF];
    (void)sqlite3_bind_int64(time, 1, kolam_reader_clamp_seq(seq));
    enum kolam_status status = kolam_reader_step_one(time);
    if (status == KOLAM_OK) {
        *out_time_ms = sqlite3_column_int64(time, 0);
    }
    (void)sqlite3_reset(time);
    return status;
}

enum kolam_status kolam_reader_last_seq(struct kolam_reader *reader, uint64_t *out_seq) {
    sqlite3_stmt *newest = reader->statements[READER_NEWEST_TIME];
    enum kolam_status status = kolam_reader_step_one(newest);
    *out_seq = status == KOLAM_OK ? (uint64_t)sqlite3_column_int64(newest, 0) : reader->base_seq;
    (void)sqlite3_reset(newest);
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

/* Commit times never go back, so a binary search finds it. */
enum kolam_status kolam_reader_seq_at(struct kolam_reader *reader, int64_t time_ms,
                                      uint64_t *out_seq) {
    bool is_before_base = reader->base_seq > 0 && time_ms < reader->base_time_ms;
    uint64_t at_or_before = is_before_base ? 0 : reader->base_seq;
    uint64_t last = 0;
    enum kolam_status status = kolam_reader_last_seq(reader, &last);
    uint64_t after = is_before_base ? 1 : last + 1;
    while (status == KOLAM_OK && after - at_or_before > 1) {
        uint64_t middle = at_or_before + (after - at_or_before) / 2;
        int64_t middle_ms = 0;
        status = kolam_reader_time_of(reader, middle, &middle_ms);
        if (middle_ms <= time_ms) {
            at_or_before = middle;
        } else {
            after = middle;
        }
    }
    if (status == KOLAM_OK) {
        *out_seq = at_or_before;
    }
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_ERR_CORRUPT : status; /* seqs have no gaps */
}

enum kolam_status kolam_reader_artist_ops(struct kolam_reader *reader, uint32_t artist,
                                          uint64_t before_seq, kolam_log_visit *visit, void *ctx) {
    sqlite3_stmt *ops = reader->statements[READER_ARTIST_OPS];
    (void)sqlite3_bind_int64(ops, 1, artist);
    (void)sqlite3_bind_int64(ops, 2, kolam_reader_clamp_seq(before_seq));
    return kolam_reader_visit_ops(ops, visit, ctx);
}

enum kolam_status kolam_reader_artist_seqs(struct kolam_reader *reader, uint32_t artist,
                                           uint64_t from_seq, uint64_t to_seq,
                                           kolam_seq_visit *visit, void *ctx) {
    sqlite3_stmt *seqs = reader->statements[READER_ARTIST_SEQS];
    bool goes_on = true;
    (void)sqlite3_bind_int64(seqs, 1, artist);
    (void)sqlite3_bind_int64(seqs, 2, kolam_reader_clamp_seq(from_seq));
    (void)sqlite3_bind_int64(seqs, 3, kolam_reader_clamp_seq(to_seq));
    enum kolam_status status = kolam_sql_step(seqs, &goes_on);
    while (status == KOLAM_OK && goes_on && visit(ctx, (uint64_t)sqlite3_column_int64(seqs, 0))) {
        status = kolam_sql_step(seqs, &goes_on);
    }
    (void)sqlite3_reset(seqs);
    return status;
}

struct record_visit {
    kolam_log_visit *visit;
    void *ctx;
    bool goes_on;
};

static bool visit_record(void *ctx, const struct kolam_log_row *row) {
    struct record_visit *records = ctx;
    records->goes_on = records->visit(records->ctx, row);
    return records->goes_on;
}

enum kolam_status kolam_reader_records(struct kolam_reader *reader, kolam_log_visit *visit,
                                       void *ctx) {
    struct record_visit records = {visit, ctx, true};
    enum kolam_status status = KOLAM_OK;
    if (reader->base_seq > 0) {
        status =
            kolam_reader_visit_ops(reader->statements[READER_BASE_RECORDS], visit_record, &records);
    }
    return status == KOLAM_OK && records.goes_on
               ? kolam_reader_visit_ops(reader->statements[READER_RECORDS], visit_record, &records)
               : status;
}

enum kolam_status kolam_reader_artists(struct kolam_reader *reader, kolam_artist_visit *visit,
                                       void *ctx) {
    sqlite3_stmt *artists = reader->statements[READER_ARTISTS];
    bool goes_on = true;
    enum kolam_status status = kolam_sql_step(artists, &goes_on);
    while (status == KOLAM_OK && goes_on) {
        const char *name = (const char *)sqlite3_column_text(artists, 1);
        if (!name) {
            status = KOLAM_ERR_CORRUPT;
        } else if (!visit(ctx, (uint32_t)sqlite3_column_int64(artists, 0), name)) {
            break;
        } else {
            status = kolam_sql_step(artists, &goes_on);
        }
    }
    (void)sqlite3_reset(artists);
    return status;
}

enum kolam_status kolam_reader_artist_of(struct kolam_reader *reader, struct kolam_author *author,
                                         uint32_t *out_artist) {
    sqlite3_stmt *find = reader->statements[READER_ARTIST_OF];
    enum kolam_status status = kolam_sql_bind_blob(find, 1, author->ident, sizeof author->ident);
    if (status == KOLAM_OK) {
        status = kolam_reader_step_one(find);
    }
    if (status == KOLAM_OK) {
        const char *name = (const char *)sqlite3_column_text(find, 1);
        *out_artist = (uint32_t)sqlite3_column_int64(find, 0);
        (void)snprintf(author->name, sizeof author->name, "%s", name ? name : "");
    }
    (void)sqlite3_reset(find);
    (void)sqlite3_clear_bindings(find);
    return status;
}

enum kolam_status kolam_reader_artist_share(struct kolam_reader *reader, uint32_t artist,
                                            struct kolam_artist_share *out_share) {
    sqlite3_stmt *share = reader->statements[READER_ARTIST_SHARE];
    (void)sqlite3_bind_int64(share, 1, artist);
    enum kolam_status status = kolam_reader_step_one(share);
    if (status == KOLAM_OK) {
        *out_share = (struct kolam_artist_share){(uint64_t)sqlite3_column_int64(share, 0),
                                                 sqlite3_column_int64(share, 1),
                                                 sqlite3_column_int64(share, 2)};
    }
    (void)sqlite3_reset(share);
    return status;
}
