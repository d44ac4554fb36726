/* Who hid what is hidden, as the file tells it: of files of before version 6, which have no such table, nothing is told. */
#include "reader_internal.h"

static bool has_table(struct kolam_reader *reader) {
    int64_t count = 0;
    return kolam_sql_int64(reader->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'hider'",
                           &count) == KOLAM_OK &&
           count > 0;
}

enum kolam_status kolam_reader_hiders(struct kolam_reader *reader, uint64_t target,
                                      kolam_artist_visit *visit, void *ctx) {
    bool has_row = false;
    enum kolam_status status = KOLAM_OK;
    if (!reader->hiders && !has_table(reader)) {
        return KOLAM_OK;
    }
    if (!reader->hiders) {
        status = kolam_sql_prepare(reader->db,
                                   "SELECT hider.artist, artist.name FROM hider LEFT JOIN artist "
                                   "ON artist.number = hider.artist WHERE target = ?",
                                   &reader->hiders);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(reader->hiders, 1, kolam_reader_clamp_seq(target));
    status = kolam_sql_step(reader->hiders, &has_row);
    while (status == KOLAM_OK && has_row) {
        const char *name = (const char *)sqlite3_column_text(reader->hiders, 1);
        if (!visit(ctx, (uint32_t)sqlite3_column_int64(reader->hiders, 0), name ? name : "")) {
            break;
        }
        status = kolam_sql_step(reader->hiders, &has_row);
    }
    (void)sqlite3_reset(reader->hiders);
    return status;
}

enum kolam_status kolam_reader_wrong_hiders(struct kolam_reader *reader, uint64_t *out_count) {
    int64_t count = 0;
    enum kolam_status status = KOLAM_OK;
    if (has_table(reader)) {
        status = kolam_sql_int64(
            reader->db,
            "WITH shown AS (SELECT target, max(seq) AS seq FROM home WHERE kind = 3 GROUP BY "
            "target),"
            " expected AS (SELECT DISTINCT home.target, op.artist FROM home"
            "   JOIN op ON op.seq = home.seq LEFT JOIN shown ON shown.target = home.target"
            "   WHERE home.kind = 2 AND home.seq > ifnull(shown.seq, 0)) "
            "SELECT (SELECT count(*) FROM (SELECT * FROM expected EXCEPT SELECT * FROM hider)) + "
            "(SELECT count(*) FROM (SELECT * FROM hider EXCEPT SELECT * FROM expected))",
            &count);
    }
    if (status == KOLAM_OK) {
        *out_count = (uint64_t)count;
    }
    return status;
}
