/* The table of who hid what; see canvas_hiders.h. It has rows of hidden strokes alone, one for each artist that hid it, so a
 * question looks at no more rows than the asker has numbers, and one. */
#include "canvas_hiders.h"

#include <string.h>

enum kolam_status kolam_canvas_hiders_init(struct kolam_canvas_hiders *hiders, sqlite3 *db) {
    memset(hiders, 0, sizeof *hiders);
    enum kolam_status status = kolam_sql_prepare(
        db, "INSERT OR IGNORE INTO hider (target, artist) VALUES (?, ?)", &hiders->insert);
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(db, "DELETE FROM hider WHERE target = ?", &hiders->forget);
    }
    return status == KOLAM_OK
               ? kolam_sql_prepare(db, "SELECT artist FROM hider WHERE target = ?", &hiders->find)
               : status;
}

void kolam_canvas_hiders_finish(struct kolam_canvas_hiders *hiders) {
    sqlite3_finalize(hiders->insert);
    sqlite3_finalize(hiders->forget);
    sqlite3_finalize(hiders->find);
    memset(hiders, 0, sizeof *hiders);
}

bool kolam_canvas_owner_is(const struct kolam_canvas_owner *owner, int64_t artist) {
    for (uint32_t i = 0; i < owner->count; i++) {
        if ((int64_t)owner->artists[i] == artist) {
            return true;
        }
    }
    return false;
}

enum kolam_status kolam_canvas_hiders_note(struct kolam_canvas_hiders *hiders,
                                           enum kolam_op_kind kind, uint64_t target,
                                           int64_t artist) {
    sqlite3_stmt *statement = kind == KOLAM_OP_HIDE ? hiders->insert : hiders->forget;
    (void)sqlite3_bind_int64(statement, 1, (int64_t)target);
    if (kind == KOLAM_OP_HIDE) {
        (void)sqlite3_bind_int64(statement, 2, artist);
    }
    return kolam_sql_run(statement);
}

enum kolam_status kolam_canvas_hiders_ask(struct kolam_canvas_hiders *hiders, uint64_t target,
                                          const struct kolam_canvas_owner *owner,
                                          bool *out_is_anothers) {
    bool has_row = false;
    bool is_anothers = false;
    (void)sqlite3_bind_int64(hiders->find, 1, (int64_t)target);
    enum kolam_status status = kolam_sql_step(hiders->find, &has_row);
    while (status == KOLAM_OK && has_row && !is_anothers) {
        is_anothers = !kolam_canvas_owner_is(owner, sqlite3_column_int64(hiders->find, 0));
        if (!is_anothers) {
            status = kolam_sql_step(hiders->find, &has_row);
        }
    }
    (void)sqlite3_reset(hiders->find);
    if (status == KOLAM_OK) {
        *out_is_anothers = is_anothers;
    }
    return status;
}

/* The same is said in the step that brings older files up to date (schema.c), which is never edited. */
enum kolam_status kolam_canvas_hiders_fill(sqlite3 *db) {
    return kolam_sql_exec(
        db, "INSERT INTO hider (target, artist)"
            "    SELECT DISTINCT home.target, op.artist FROM home JOIN op ON op.seq = home.seq"
            "    LEFT JOIN (SELECT target, max(seq) AS seq FROM home WHERE kind = 3"
            "               GROUP BY target) shown ON shown.target = home.target"
            "    WHERE home.kind = 2 AND home.seq > ifnull(shown.seq, 0)");
}
