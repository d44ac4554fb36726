/* What moderators did, as moderation.db knows it: one list in time, made of three kinds of moments of its rows. */
#include "moderation_internal.h"

/* Row values compare as (time, kind, id) does; each part is read backwards along its index on time. */
static const char deeds[] =
    "SELECT at_ms, kind, id FROM ("
    "  SELECT from_ms AS at_ms, 1 AS kind, id FROM sanctions WHERE canvas IN (?1, '')"
    "  UNION ALL"
    "  SELECT ended_ms, 2, id FROM sanctions WHERE ended_ms IS NOT NULL AND canvas IN (?1, '')"
    "  UNION ALL"
    "  SELECT closed_ms, 3, id FROM reports WHERE closed_ms IS NOT NULL AND canvas = ?1)"
    " WHERE at_ms <= ?2 AND (at_ms, kind, id) < (?2, ?3, ?4)"
    " ORDER BY at_ms DESC, kind DESC, id DESC";

enum kolam_status kolam_moderation_deeds(struct kolam_moderation_db *db, const char *canvas,
                                         const struct kolam_deed_place *before,
                                         kolam_deed_visit *visit, void *ctx) {
    struct kolam_sanction sanction;
    struct kolam_report report;
    bool goes_on = true;
    struct kolam_moderation_call call = kolam_moderation_begin(db, deeds);
    kolam_moderation_bind_text(&call, canvas);
    kolam_moderation_bind_int(&call, before->time_ms);
    kolam_moderation_bind_int(&call, before->kind);
    kolam_moderation_bind_int(&call, before->id > INT64_MAX ? INT64_MAX : (int64_t)before->id);
    while (goes_on && kolam_moderation_step(&call)) {
        struct kolam_deed deed = {.time_ms = sqlite3_column_int64(call.statement, 0),
                                  .kind =
                                      (enum kolam_deed_kind)sqlite3_column_int(call.statement, 1),
                                  .id = (uint64_t)sqlite3_column_int64(call.statement, 2)};
        const bool is_report = deed.kind == KOLAM_DEED_REPORT_CLOSE;
        call.status = is_report ? kolam_report_get(db, canvas, deed.id, &report)
                                : kolam_sanction_get(db, deed.id, &sanction);
        if (call.status == KOLAM_OK) {
            deed.report = is_report ? &report : NULL;
            deed.sanction = is_report ? NULL : &sanction;
            goes_on = visit(ctx, &deed);
        }
    }
    return kolam_moderation_finish(&call);
}
