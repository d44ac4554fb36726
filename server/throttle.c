/* What a session takes of the limits, and the pause of one that took too much.
 *
 * Messages that have come are charged, and what is too much stops the reading: the client's own socket fills, and
 * it goes as fast as it may, without losing anything or being told off. Only what cannot wait is refused. */
#include <string.h>

#include "session.h"

#define GATHER_US 400000u
#define GATHERED_FRAMES 16 /* what one costs in that time that is not gathered for */

uint64_t kolam_session_pause_us(const struct kolam_session *session) {
    const uint64_t now_us = kolam_loop_now_us(session->server->loop);
    return session->paused_until_us > now_us ? session->paused_until_us - now_us : 0;
}

static void pause(struct kolam_session *session, uint64_t wait_us) {
    struct kolam_server *server = session->server;
    const uint64_t until_us = kolam_loop_now_us(server->loop) + wait_us;
    if (until_us <= session->paused_until_us) {
        return;
    }
    session->paused_until_us = until_us;
    if (session->ws && kolam_list_is_empty(&session->throttled_link)) {
        kolam_list_append(&server->throttled, &session->throttled_link);
    }
    kolam_session_update_reading(session);
    kolam_loop_want_tick_at(server->loop, (int64_t)(until_us / 1000) + 1);
}

void kolam_session_charge(struct kolam_session *session, enum kolam_limit limit, uint64_t cost) {
    struct kolam_server *server = session->server;
    const uint64_t wait_us = kolam_limits_charge(server->limits, &session->payer, limit, cost,
                                                 kolam_loop_now_us(server->loop));
    if (wait_us > 0) {
        pause(session, wait_us);
    }
}

bool kolam_session_take(struct kolam_session *session, enum kolam_limit limit, uint64_t cost) {
    struct kolam_server *server = session->server;
    return kolam_limits_take(server->limits, &session->payer, limit, cost,
                             kolam_loop_now_us(server->loop)) == 0;
}

bool kolam_ask_is_within_budget(struct kolam_session *session) {
    return kolam_session_take(session, KOLAM_LIMIT_ASKS, 10);
}

bool kolam_session_may_create(struct kolam_session *session) {
    if (session->canvas->state != KOLAM_CANVAS_ABSENT) {
        return true;
    }
    return (!session->server->options->no_new_canvases || session->is_admin) &&
           kolam_session_take(session, KOLAM_LIMIT_CANVASES, 1);
}

void kolam_session_pay_as_author(struct kolam_session *session) {
    uint64_t words[2];
    _Static_assert(sizeof(words) <= KOLAM_IDENT_BYTES, "an ident is long enough for a key");
    memcpy(words, session->author.ident, sizeof(words));
    kolam_payer_set_identity(session->server->limits, &session->payer, words[0], words[1], false);
}

/* Each write costs the loop some 10 us, however little is in it, and a thousand who look from one address would cost all
 * others as much as a thousand who draw. So at an address that is written to too often those who only look get what they see
 * some times a second. They come back one by one, where there is room for several. */
bool kolam_session_may_be_shown(struct kolam_session *session) {
    struct kolam_limits *limits = session->server->limits;
    const struct kolam_payer *payer = &session->payer;
    if (!kolam_list_is_empty(&session->here.link)) {
        return true; /* whose pen moves */
    }
    const uint64_t now_us = kolam_loop_now_us(session->server->loop);
    if (session->gathers_until_us == 0) {
        if (kolam_limits_take(limits, payer, KOLAM_LIMIT_SENDS, 1, now_us) == 0) {
            return true;
        }
        /* Not all in the same tick. */
        session->gathers_until_us = now_us + 1 + session->number * 7919u % GATHER_US;
    }
    if (now_us < session->gathers_until_us) {
        return false;
    }
    const bool has_room =
        kolam_limits_take(limits, payer, KOLAM_LIMIT_SENDS, GATHERED_FRAMES, now_us) == 0;
    session->gathers_until_us = has_room ? 0 : now_us + GATHER_US;
    return has_room || kolam_limits_take(limits, payer, KOLAM_LIMIT_SENDS, 1, now_us) == 0;
}

void kolam_session_on_received(void *ctx, size_t size, uint32_t frames) {
    struct kolam_session *session = ctx;
    kolam_session_charge(session, KOLAM_LIMIT_BYTES, size);
    if (frames > 0) {
        kolam_session_charge(session, KOLAM_LIMIT_FRAMES, frames);
    }
}

void kolam_sessions_tick(struct kolam_server *server) {
    int64_t next_ms = INT64_MAX;
    KOLAM_LIST_EACH(&server->throttled, struct kolam_session, throttled_link, session) {
        if (kolam_session_pause_us(session) > 0) {
            const int64_t until_ms = (int64_t)(session->paused_until_us / 1000) + 1;
            next_ms = until_ms < next_ms ? until_ms : next_ms;
        } else {
            kolam_list_remove(&session->throttled_link);
            kolam_session_update_reading(session);
        }
    }
    if (next_ms != INT64_MAX) {
        kolam_loop_want_tick_at(server->loop, next_ms);
    }
}
