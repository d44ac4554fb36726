/* A disk that is full or fails is told once when that begins and once when it is over: to the operator by the log, to the people
 * on the canvas by a message, so that a client can say why strokes wait. */
#include "writable.h"

#include "canvas.h"
#include "json.h"
#include "logfmt.h"
#include "server.h"
#include "session.h"

static json_t *message_of(bool is_writable) {
    return json_pack("{ss sb}", "type", "writable", "writable", is_writable);
}

static void tell_log(struct kolam_canvas *canvas, bool is_full) {
    struct kolam_logfmt *logfmt = &canvas->server->logfmt;
    struct kolam_log_stats stats;
    char quoted[400];
    if (is_full) {
        kolam_log_sqlite_stats(canvas->log, &stats);
        kolam_logfmt(logfmt, KOLAM_LOG_ERROR, "canvas_not_writable", "canvas=%s reason=%s",
                     canvas->name, kolam_logfmt_quote(quoted, sizeof(quoted), stats.failure.text));
    } else {
        kolam_logfmt(logfmt, KOLAM_LOG_INFO, "canvas_writable", "canvas=%s", canvas->name);
    }
}

void kolam_writable_watch(struct kolam_canvas *canvas) {
    const bool is_full = canvas->log && !kolam_log_is_writable(canvas->log);
    if (is_full == canvas->was_full) {
        return;
    }
    canvas->was_full = is_full;
    tell_log(canvas, is_full);
    struct kolam_bytes *text = kolam_session_text(message_of(!is_full));
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        kolam_session_send_text(session, text);
    }
    kolam_bytes_unref(text);
}

void kolam_writable_tell(struct kolam_session *session) {
    if (session->canvas->was_full) {
        kolam_session_send_json(session, message_of(false));
    }
}
