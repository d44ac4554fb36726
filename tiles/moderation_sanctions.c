/* Sanctions as rows of moderation.db. A row is never deleted: who was kept out, when, why and by whom stays for the audit. */
#include <string.h>

#include "moderation_internal.h"

void kolam_sanction_take(sqlite3_stmt *row, struct kolam_sanction *out_sanction) {
    struct kolam_sanction *out = out_sanction;
    memset(out, 0, sizeof *out);
    out->id = (uint64_t)sqlite3_column_int64(row, 0);
    out->kind = (enum kolam_sanction_kind)sqlite3_column_int(row, 1);
    out->is_hidden = sqlite3_column_int(row, 2) != 0;
    out->bans_watching = sqlite3_column_int(row, 3) != 0;
    kolam_moderation_take_text(row, 4, out->canvas, sizeof out->canvas);
    out->has_ident = kolam_moderation_take_blob(row, 5, out->ident, sizeof out->ident);
    kolam_moderation_take_text(row, 6, out->name, sizeof out->name);
    kolam_moderation_take_text(row, 7, out->decided_on, sizeof out->decided_on);
    out->artist = (uint32_t)sqlite3_column_int64(row, 8);
    const int bits = sqlite3_column_int(row, 10);
    if (kolam_moderation_take_blob(row, 9, out->prefix, sizeof out->prefix) && bits > 0 &&
        bits <= 8 * KOLAM_PREFIX_BYTES) {
        out->prefix_bits = (uint8_t)bits;
    }
    out->from_ms = sqlite3_column_int64(row, 11);
    out->until_ms = sqlite3_column_int64(row, 12);
    kolam_moderation_take_text(row, 13, out->why, sizeof out->why);
    kolam_moderation_take_who(row, 14, &out->by);
    out->ended_ms = sqlite3_column_int64(row, 16);
    kolam_moderation_take_who(row, 17, &out->ended_by);
}

enum kolam_status kolam_sanction_add(struct kolam_moderation_db *db,
                                     struct kolam_sanction *sanction) {
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, "INSERT INTO sanction (kind, is_hidden, bans_watching, canvas, ident, name, "
            "decided_on, artist, prefix, prefix_bits, from_ms, until_ms, why, by_ident, by_name) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    kolam_moderation_bind_int(&call, sanction->kind);
    kolam_moderation_bind_int(&call, sanction->is_hidden);
    kolam_moderation_bind_int(&call, sanction->bans_watching);
    kolam_moderation_bind_text(&call, sanction->canvas);
    kolam_moderation_bind_blob(&call, sanction->ident, sanction->has_ident ? KOLAM_IDENT_BYTES : 0);
    kolam_moderation_bind_text(&call, sanction->name);
    kolam_moderation_bind_text(&call, sanction->decided_on);
    kolam_moderation_bind_int(&call, sanction->artist);
    kolam_moderation_bind_blob(&call, sanction->prefix,
                               sanction->prefix_bits > 0 ? KOLAM_PREFIX_BYTES : 0);
    kolam_moderation_bind_int(&call, sanction->prefix_bits);
    kolam_moderation_bind_int(&call, sanction->from_ms);
    kolam_moderation_bind_int(&call, sanction->until_ms);
    kolam_moderation_bind_text(&call, sanction->why);
    kolam_moderation_bind_who(&call, &sanction->by);
    (void)kolam_moderation_step(&call);
    enum kolam_status status = kolam_moderation_finish(&call);
    if (status == KOLAM_OK) {
        sanction->id = (uint64_t)sqlite3_last_insert_rowid(db->db);
    }
    return status;
}

enum kolam_status kolam_sanction_get(struct kolam_moderation_db *db, uint64_t id,
                                     struct kolam_sanction *out_sanction) {
    struct kolam_moderation_call call =
        kolam_moderation_begin(db, "SELECT " KOLAM_SANCTION_COLUMNS " FROM sanctions WHERE id = ?");
    kolam_moderation_bind_int(&call, (int64_t)id);
    const bool is_there = kolam_moderation_find(&call);
    if (is_there) {
        kolam_sanction_take(call.statement, out_sanction);
    }
    enum kolam_status status = kolam_moderation_finish(&call);
    return status == KOLAM_OK && !is_there ? KOLAM_ERR_NOT_FOUND : status;
}

enum kolam_status kolam_sanction_end(struct kolam_moderation_db *db, uint64_t id,
                                     const struct kolam_moderator *by, int64_t now_ms,
                                     struct kolam_sanction *out_sanction) {
    struct kolam_sanction sanction;
    enum kolam_status status = kolam_sanction_get(db, id, &sanction);
    if (status != KOLAM_OK || sanction.ended_ms != 0) {
        return status == KOLAM_OK ? KOLAM_ERR_EXISTS : status;
    }
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, "UPDATE sanction SET ended_ms = ?, ended_by_ident = ?, ended_by_name = ? "
            "WHERE id = ? AND ended_ms IS NULL");
    kolam_moderation_bind_int(&call, now_ms);
    kolam_moderation_bind_who(&call, by);
    kolam_moderation_bind_int(&call, (int64_t)id);
    (void)kolam_moderation_step(&call);
    status = kolam_moderation_finish(&call);
    return status == KOLAM_OK ? kolam_sanction_get(db, id, out_sanction) : status;
}

enum kolam_status kolam_sanctions_in_force(struct kolam_moderation_db *db, int64_t now_ms,
                                           kolam_sanction_visit *visit, void *ctx) {
    struct kolam_sanction sanction;
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, "SELECT " KOLAM_SANCTION_COLUMNS
            " FROM sanctions WHERE ended_ms IS NULL AND until_ms > ? ORDER BY id");
    kolam_moderation_bind_int(&call, now_ms);
    while (kolam_moderation_step(&call)) {
        kolam_sanction_take(call.statement, &sanction);
        if (!visit(ctx, &sanction)) {
            break;
        }
    }
    return kolam_moderation_finish(&call);
}
