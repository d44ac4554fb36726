/* Questions; see ask.h. */
#include "ask.h"

#include "kolam/alloc.h"
#include "session.h"

void *kolam_ask_alloc(struct kolam_session *session, uint64_t id, size_t size) {
    void *work = kolam_alloc_zero(1, size);
    if (!work) {
        kolam_ask_error(session, id, "unavailable", "out of memory; try again later");
    }
    return work;
}

void kolam_ask_begin(struct kolam_ask *ask, struct kolam_session *session, uint64_t id) {
    *ask = (struct kolam_ask){.session = session, .canvas = session->canvas, .id = id};
    kolam_session_begin_ask(session);
    kolam_canvas_hold(ask->canvas);
}

void kolam_ask_end(struct kolam_ask *ask) {
    kolam_canvas_release(ask->canvas);
    kolam_session_end_ask(ask->session);
}

void kolam_ask_refuse(const struct kolam_ask *ask, const char *code, const char *text) {
    if (ask->session->state == KOLAM_SESSION_OPEN) {
        kolam_ask_error(ask->session, ask->id, code, text);
    }
}

void kolam_ask_error(struct kolam_session *session, uint64_t id, const char *code,
                     const char *text) {
    kolam_session_send_json(session,
                            json_pack("{ss sI ss ss sb}", "type", "error", "id", (json_int_t)id,
                                      "code", code, "message", text, "fatal", false));
}
