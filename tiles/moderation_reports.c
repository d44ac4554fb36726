/* Reports as rows of moderation.db. */
#include <string.h>

#include "moderation_internal.h"

#define TOLD_AT_ONCE 16

void kolam_report_take(sqlite3_stmt *row, struct kolam_report *out_report) {
    struct kolam_report *out = out_report;
    memset(out, 0, sizeof *out);
    out->id = (uint64_t)sqlite3_column_int64(row, 0);
    kolam_moderation_take_text(row, 1, out->canvas, sizeof out->canvas);
    out->made_ms = sqlite3_column_int64(row, 2);
    kolam_moderation_take_who(row, 3, &out->by);
    out->by_artist = (uint32_t)sqlite3_column_int64(row, 5);
    out->kind = (enum kolam_report_kind)sqlite3_column_int(row, 6);
    out->level = sqlite3_column_int(row, 7);
    out->x = sqlite3_column_int64(row, 8);
    out->y = sqlite3_column_int64(row, 9);
    out->width = sqlite3_column_int64(row, 10);
    out->height = sqlite3_column_int64(row, 11);
    out->artist = (uint32_t)sqlite3_column_int64(row, 12);
    kolam_moderation_take_text(row, 13, out->name, sizeof out->name);
    out->stroke = (uint64_t)sqlite3_column_int64(row, 14);
    kolam_moderation_take_text(row, 15, out->text, sizeof out->text);
    out->closed_ms = sqlite3_column_int64(row, 16);
    kolam_moderation_take_who(row, 17, &out->closed_by);
    kolam_moderation_take_text(row, 19, out->outcome, sizeof out->outcome);
}

enum kolam_status kolam_report_add(struct kolam_moderation_db *db, struct kolam_report *report) {
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, "INSERT INTO report (canvas, made_ms, by_ident, by_name, by_artist, kind, level, x, y, "
            "width, height, artist, name, stroke, text) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    kolam_moderation_bind_text(&call, report->canvas);
    kolam_moderation_bind_int(&call, report->made_ms);
    kolam_moderation_bind_who(&call, &report->by);
    kolam_moderation_bind_int(&call, report->by_artist);
    kolam_moderation_bind_int(&call, report->kind);
    kolam_moderation_bind_int(&call, report->level);
    kolam_moderation_bind_int(&call, report->x);
    kolam_moderation_bind_int(&call, report->y);
    kolam_moderation_bind_int(&call, report->width);
    kolam_moderation_bind_int(&call, report->height);
    kolam_moderation_bind_int(&call, report->artist);
    kolam_moderation_bind_text(&call, report->name);
    kolam_moderation_bind_int(&call, (int64_t)report->stroke);
    kolam_moderation_bind_text(&call, report->text);
    (void)kolam_moderation_step(&call);
    enum kolam_status status = kolam_moderation_finish(&call);
    if (status == KOLAM_OK) {
        report->id = (uint64_t)sqlite3_last_insert_rowid(db->db);
    }
    return status;
}

enum kolam_status kolam_moderation_renamed(struct kolam_moderation_db *db, const char *canvas,
                                           uint32_t artist, const char *name) {
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, "UPDATE report SET name = ? WHERE canvas = ? AND artist = ? AND name <> ''");
    kolam_moderation_bind_text(&call, name);
    kolam_moderation_bind_text(&call, canvas);
    kolam_moderation_bind_int(&call, artist);
    (void)kolam_moderation_step(&call);
    return kolam_moderation_finish(&call);
}

enum kolam_status kolam_report_get(struct kolam_moderation_db *db, const char *canvas, uint64_t id,
                                   struct kolam_report *out_report) {
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, "SELECT " KOLAM_REPORT_COLUMNS " FROM reports WHERE id = ? AND canvas = ?");
    kolam_moderation_bind_int(&call, (int64_t)id);
    kolam_moderation_bind_text(&call, canvas);
    const bool is_there = kolam_moderation_find(&call);
    if (is_there) {
        kolam_report_take(call.statement, out_report);
    }
    enum kolam_status status = kolam_moderation_finish(&call);
    return status == KOLAM_OK && !is_there ? KOLAM_ERR_NOT_FOUND : status;
}

enum kolam_status kolam_report_close(struct kolam_moderation_db *db, const char *canvas,
                                     uint64_t id, const struct kolam_moderator *by,
                                     const char *outcome, int64_t now_ms,
                                     struct kolam_report *out_report) {
    struct kolam_report report;
    enum kolam_status status = kolam_report_get(db, canvas, id, &report);
    if (status != KOLAM_OK || report.closed_ms != 0) {
        return status == KOLAM_OK ? KOLAM_ERR_EXISTS : status;
    }
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, "UPDATE report SET closed_ms = ?, closed_by_ident = ?, closed_by_name = ?, "
            "outcome = ?, is_told = by_ident IS NULL WHERE id = ?");
    kolam_moderation_bind_int(&call, now_ms);
    kolam_moderation_bind_who(&call, by);
    kolam_moderation_bind_text(&call, outcome);
    kolam_moderation_bind_int(&call, (int64_t)id);
    (void)kolam_moderation_step(&call);
    status = kolam_moderation_finish(&call);
    return status == KOLAM_OK ? kolam_report_get(db, canvas, id, out_report) : status;
}

/* Visits the rows of a statement that is bound. */
static enum kolam_status visit_all(struct kolam_moderation_call *call, uint32_t limit,
                                   kolam_report_visit *visit, void *ctx) {
    struct kolam_report report;
    while (limit-- > 0 && kolam_moderation_step(call)) {
        kolam_report_take(call->statement, &report);
        if (!visit(ctx, &report)) {
            break;
        }
    }
    return kolam_moderation_finish(call);
}

enum kolam_status kolam_reports_list(struct kolam_moderation_db *db, const char *canvas,
                                     bool is_open, uint64_t before_id, kolam_report_visit *visit,
                                     void *ctx) {
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, is_open ? "SELECT " KOLAM_REPORT_COLUMNS " FROM reports WHERE canvas = ? AND "
                      "closed_ms IS NULL AND id < ? ORDER BY id DESC"
                    : "SELECT " KOLAM_REPORT_COLUMNS " FROM reports WHERE canvas = ? AND "
                      "closed_ms IS NOT NULL AND id < ? ORDER BY id DESC");
    kolam_moderation_bind_text(&call, canvas);
    kolam_moderation_bind_int(&call, before_id > INT64_MAX ? INT64_MAX : (int64_t)before_id);
    return visit_all(&call, UINT32_MAX, visit, ctx);
}

enum kolam_status kolam_reports_open_count(struct kolam_moderation_db *db, const char *canvas,
                                           uint32_t *out_count) {
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, canvas ? "SELECT count(*) FROM reports WHERE closed_ms IS NULL AND canvas = ?"
                   : "SELECT count(*) FROM reports WHERE closed_ms IS NULL");
    if (canvas) {
        kolam_moderation_bind_text(&call, canvas);
    }
    const uint32_t count =
        kolam_moderation_step(&call) ? (uint32_t)sqlite3_column_int64(call.statement, 0) : 0;
    enum kolam_status status = kolam_moderation_finish(&call);
    if (status == KOLAM_OK) {
        *out_count = count;
    }
    return status;
}

enum kolam_status kolam_reports_tell(struct kolam_moderation_db *db, const char *canvas,
                                     const uint8_t ident[KOLAM_IDENT_BYTES],
                                     kolam_report_visit *visit, void *ctx) {
    struct kolam_moderation_call call = kolam_moderation_begin(
        db, "SELECT " KOLAM_REPORT_COLUMNS
            " FROM reports WHERE by_ident = ? AND is_told = 0 AND canvas = ? ORDER BY id DESC");
    kolam_moderation_bind_blob(&call, ident, KOLAM_IDENT_BYTES);
    kolam_moderation_bind_text(&call, canvas);
    enum kolam_status status = visit_all(&call, TOLD_AT_ONCE, visit, ctx);
    if (status != KOLAM_OK) {
        return status;
    }
    call = kolam_moderation_begin(
        db, "UPDATE report SET is_told = 1 WHERE by_ident = ? AND is_told = 0 AND canvas = ?");
    kolam_moderation_bind_blob(&call, ident, KOLAM_IDENT_BYTES);
    kolam_moderation_bind_text(&call, canvas);
    (void)kolam_moderation_step(&call);
    return kolam_moderation_finish(&call);
}
