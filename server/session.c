/* The life of a session and what it sends. What it receives is taken apart in messages.c and
 * protocol_in.c, and acted upon in the file named after the message. */
#include "session.h"

#include <string.h>
#include <strings.h>

#include "fanout.h"
#include "kolam/json_text.h"
#include "kolam/alloc.h"
#include "claims.h"
#include "origin.h"
#include "subject.h"

#define HELLO_MS 20000
#define IN_FLIGHT_OPS_SOFT 2048
#define IN_FLIGHT_BYTES_SOFT (8u << 20)
#define ASKS_SOFT 8
#define MESSAGE_BEFORE_WELCOME_MAX 16384
#define UNREAD_BYTES_SOFT (1u << 20) /* of answers to its questions */

/* A cookie is looked at only now, a token with hello; both are the same secret. */
static void take_cookie(struct kolam_session *session, const struct kolam_request *request) {
    char name[32], value[65];
    snprintf(name, sizeof(name), "kolam_%s", session->server->instance);
    if (kolam_cookie_get(request->cookie, name, value, sizeof(value)) && strlen(value) == 64) {
        session->has_secret = kolam_hex_decode(value, session->secret, sizeof(session->secret));
    }
}

void *kolam_session_on_open(struct kolam_server *server, struct kolam_socket *ws,
                            const struct kolam_request *request) {
    struct kolam_session *session = kolam_alloc_zero(1, sizeof(*session));
    if (!session || server->is_stopping) {
        kolam_free(session);
        return NULL;
    }
    session->server = server;
    session->ws = ws;
    session->refs = 1;
    session->opened_ms = kolam_loop_now_ms(server->loop);
    session->invited_role = -1;
    session->number = ++server->session_number;
    session->address = request->peer;
    session->is_browser = request->origin[0] != '\0';
    session->is_secure = strncasecmp(request->origin, "https:", 6) == 0;
    kolam_list_init(&session->canvas_link);
    kolam_list_init(&session->dirty_link);
    kolam_list_init(&session->ack_link);
    kolam_list_init(&session->viewers_link);
    kolam_list_init(&session->view_link);
    kolam_list_init(&session->next_view.link);
    kolam_list_init(&session->cursor.link);
    kolam_list_init(&session->wait.link);
    kolam_list_init(&session->previews);
    kolam_list_init(&session->here.link);
    kolam_list_init(&session->throttled_link);
    kolam_follow_init(&session->follow);
    kolam_payer_set_address(server->limits, &session->payer, &session->address);
    kolam_payer_set_identity(server->limits, &session->payer, 0, session->number, true);
    kolam_socket_set_message_max(ws, MESSAGE_BEFORE_WELCOME_MAX);
    kolam_list_append(&server->sessions, &session->link);
    kolam_pass_make(session);
    take_cookie(session, request);
    if (!kolam_subject_take(session, request)) {
        kolam_session_close(session, 1013, "out of memory");
    }
    server->metrics.clients++;
    server->metrics.clients_total++;
    kolam_logfmt(&server->logfmt, KOLAM_LOG_DEBUG, "session_opened", "session=%u peer=%s",
                 session->number, kolam_socket_peer(ws));
    return session;
}

void kolam_session_ref(struct kolam_session *session) {
    session->refs++;
}

static void free_slots(struct kolam_session *session) {
    for (uint32_t i = 0; i < session->slot_count; i++) {
        kolam_free(session->slots[i]);
    }
    kolam_free(session->slots);
}

void kolam_session_unref(struct kolam_session *session) {
    if (--session->refs == 0) {
        free_slots(session);
        kolam_outbox_finish(&session->outbox);
        kolam_payer_release(session->server->limits, &session->payer);
        kolam_free(session->formers);
        kolam_free(session->subject);
        kolam_free(session);
    }
}

void kolam_session_on_close(void *ctx) {
    struct kolam_session *session = ctx;
    struct kolam_server *server = session->server;
    kolam_logfmt(&server->logfmt, KOLAM_LOG_DEBUG, "session_closed", "session=%u canvas=%s",
                 session->number, session->canvas ? session->canvas->name : "-");
    session->state = KOLAM_SESSION_CLOSED;
    session->ws = NULL;
    session->view.is_set = false;
    server->metrics.clients--;
    kolam_list_remove(&session->link);
    kolam_list_remove(&session->canvas_link);
    kolam_list_remove(&session->dirty_link);
    kolam_list_remove(&session->ack_link);
    kolam_list_remove(&session->wait.link);
    kolam_list_remove(&session->throttled_link);
    server->metrics.sessions_stale -= session->is_refreshing;
    kolam_view_cancel(session);
    kolam_viewers_leave(session);
    if (session->canvas) {
        kolam_preview_leave(session);
        kolam_here_leave(session);
        kolam_earned_leave(session);
        kolam_follow_leave(session);
        kolam_canvas_release(session->canvas);
        session->canvas = NULL;
    }
    kolam_session_unref(session);
}

void kolam_session_on_message(void *ctx, bool is_text, const uint8_t *bytes, size_t size) {
    struct kolam_session *session = ctx;
    session->server->metrics.messages_received++;
    session->server->metrics.received_bytes += size;
    if (is_text) {
        kolam_messages_on_text(session, bytes, size);
        return;
    }
    struct kolam_in_record record;
    if (kolam_in_decode(bytes, size, &record) != KOLAM_OK) {
        kolam_session_refuse(session, "a binary message that is no record of this protocol");
        return;
    }
    if (session->state != KOLAM_SESSION_OPEN) {
        kolam_session_refuse(session, "a record before welcome");
        return;
    }
    if (session->is_watch) {
        kolam_session_refuse(session, "this session only watches");
        return;
    }
    switch (record.type) {
    case KOLAM_IN_SUBMIT:
    case KOLAM_IN_SUBMIT_AS:
        kolam_submit_record(session, &record);
        return;
    case KOLAM_IN_PREVIEW_AS:
        kolam_preview_record_as(session, &record);
        break;
    case KOLAM_IN_PREVIEW:
        kolam_preview_record(session, &record);
        return;
    case KOLAM_IN_CANCEL:
        kolam_preview_cancel(session, record.counter);
        return;
    case KOLAM_IN_CURSOR:
        kolam_preview_cursor(session, &record);
        return;
    }
}

void kolam_session_on_writable(void *ctx) {
    struct kolam_session *session = ctx;
    session->outbox.stuck_bytes = 0;
    if (!kolam_outbox_is_empty(&session->outbox)) {
        kolam_tick_flush(session);
    }
}

void kolam_session_close(struct kolam_session *session, uint16_t code, const char *reason) {
    if (session->ws) {
        kolam_socket_close(session->ws, code, reason);
    }
}

void kolam_session_update_reading(struct kolam_session *session) {
    if (!session->ws) {
        return;
    }
    if (session->state == KOLAM_SESSION_JOINING || kolam_session_pause_us(session) > 0 ||
        session->in_flight_ops > IN_FLIGHT_OPS_SOFT ||
        session->in_flight_bytes > IN_FLIGHT_BYTES_SOFT || session->asks >= ASKS_SOFT ||
        session->outbox.essential_bytes > UNREAD_BYTES_SOFT) {
        kolam_socket_set_reading(session->ws, false);
    } else if (session->in_flight_ops < IN_FLIGHT_OPS_SOFT / 2 &&
               session->in_flight_bytes < IN_FLIGHT_BYTES_SOFT / 2 &&
               session->asks < ASKS_SOFT / 2 &&
               session->outbox.essential_bytes < UNREAD_BYTES_SOFT / 2) {
        kolam_socket_set_reading(session->ws, true);
    }
}

void kolam_session_begin_ask(struct kolam_session *session) {
    session->asks++;
    kolam_session_ref(session);
    kolam_session_update_reading(session);
}

void kolam_session_end_ask(struct kolam_session *session) {
    session->asks--;
    kolam_session_update_reading(session);
    kolam_session_unref(session);
}

/* Ops were dropped: what the client has is full of holes, so it gets no more until it looks again. It is told
 * once: the telling itself finds the queue as full as it was. */
static void begin_refresh(struct kolam_session *session) {
    struct kolam_server *server = session->server;
    if (session->is_refreshing || session->state != KOLAM_SESSION_OPEN) {
        return;
    }
    session->is_refreshing = true;
    server->metrics.refreshes++;
    server->metrics.sessions_stale++;
    session->view.is_set = false;
    kolam_view_cancel(session);
    kolam_viewers_leave(session);
    kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "session_slow", "session=%u canvas=%s",
                 session->number, session->canvas->name);
    kolam_session_send_json(session, json_pack("{ss ss sI}", "type", "refresh", "reason", "slow",
                                               "seq", (json_int_t)session->canvas->last_seq));
}

/* What many get is counted where it is handed out (tick.c). */
static void count(struct kolam_session *session, const struct kolam_out_item *item,
                  enum kolam_outbox_state state) {
    struct kolam_metrics *metrics = &session->server->metrics;
    if (item->form != KOLAM_OUT_FRAMES &&
        (state == KOLAM_OUTBOX_FINE ||
         (state == KOLAM_OUTBOX_OVERFLOWED && item->class == KOLAM_OUT_ESSENTIAL))) {
        metrics->delivered[item->class]++;
        if (session->canvas) {
            session->canvas->counts.delivered++;
        }
    }
    if (state != KOLAM_OUTBOX_FINE) {
        for (uint32_t i = 0; i < KOLAM_OUT_CLASSES; i++) {
            metrics->dropped[i] += session->outbox.dropped[i];
            session->outbox.dropped[i] = 0;
        }
    }
}

static void mark(struct kolam_session *session, bool was_empty) {
    /* A congested one is called back when there is room; so that it is, the first thing is tried. */
    if (was_empty || !kolam_socket_is_congested(session->ws)) {
        kolam_tick_mark(session);
    }
}

void kolam_session_queue(struct kolam_session *session, const struct kolam_out_item *item) {
    const bool was_empty = kolam_outbox_is_empty(&session->outbox);
    struct kolam_out_item queued = *item;
    if (session->state == KOLAM_SESSION_CLOSED) {
        return;
    }
    if (!item->bytes) {
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    queued.queued_ms = (uint32_t)kolam_loop_now_ms(session->server->loop);
    const enum kolam_outbox_state state =
        kolam_outbox_add(&session->outbox, &session->server->fanout->limits, &queued);
    count(session, item, state);
    switch (state) {
    case KOLAM_OUTBOX_FINE:
        break;
    case KOLAM_OUTBOX_DROPPED_PREVIEW:
        return;
    case KOLAM_OUTBOX_OVERFLOWED:
        begin_refresh(session);
        break;
    case KOLAM_OUTBOX_HOPELESS:
        session->server->metrics.closed_slow++;
        kolam_session_close(session, 1013, "too slow");
        return;
    }
    if (session->outbox.essential_bytes > UNREAD_BYTES_SOFT) {
        kolam_session_update_reading(session);
    }
    mark(session, was_empty);
}

void kolam_session_send(struct kolam_session *session, struct kolam_bytes *record) {
    const struct kolam_out_item item = {.bytes = record, .class = KOLAM_OUT_ESSENTIAL};
    kolam_session_queue(session, &item);
    kolam_bytes_unref(record);
}

void kolam_session_send_text(struct kolam_session *session, struct kolam_bytes *text) {
    const struct kolam_out_item item = {
        .bytes = text, .class = KOLAM_OUT_ESSENTIAL, .form = KOLAM_OUT_TEXT};
    kolam_session_queue(session, &item);
}

struct kolam_bytes *kolam_session_text(json_t *message) {
    char *text = kolam_json_text(message);
    struct kolam_bytes *bytes = text ? kolam_bytes_copy(text, strlen(text)) : NULL;
    kolam_free(text);
    json_decref(message);
    return bytes;
}

void kolam_session_send_json(struct kolam_session *session, json_t *message) {
    struct kolam_bytes *text = kolam_session_text(message);
    kolam_session_send_text(session, text);
    kolam_bytes_unref(text);
}

void kolam_session_error(struct kolam_session *session, const char *code, const char *text,
                         uint16_t close_code, bool is_fatal) {
    kolam_session_send_json(session, json_pack("{ss ss ss sb}", "type", "error", "code", code,
                                               "message", text, "fatal", is_fatal));
    if (is_fatal && session->ws) {
        kolam_tick_flush(session); /* the reason goes before the close */
        kolam_session_close(session, close_code, text);
    }
}

void kolam_session_refuse(struct kolam_session *session, const char *text) {
    char quoted[200];
    kolam_logfmt(&session->server->logfmt, KOLAM_LOG_INFO, "session_refused",
                 "session=%u reason=%s", session->number,
                 kolam_logfmt_quote(quoted, sizeof(quoted), text));
    kolam_session_error(session, "invalid", text, 1008, true);
}

void kolam_sessions_sweep(struct kolam_server *server) {
    int64_t now_ms = kolam_loop_now_ms(server->loop);
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        if (kolam_socket_congested_ms(session->ws) > session->server->options->stall_ms) {
            server->metrics.closed_slow++;
            kolam_session_close(session, 1013, "too slow");
        } else if (session->state == KOLAM_SESSION_NEW && now_ms - session->opened_ms > HELLO_MS) {
            kolam_session_close(session, 1008, "no hello");
        }
    }
}
