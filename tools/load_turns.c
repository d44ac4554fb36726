/* Comings and goings: connections that break and come back (--reconnect), to whom everything is owed that was sent meanwhile;
 * watchers who leave for good while others come (--churn); artists who take strokes back and show them again (--undo). */
#include <string.h>

#include "kolam/alloc.h"
#include "load_crowd.h"

#define AWAY_MIN_US 100000
#define AWAY_MAX_US 2000000
#define TRIES 16        /* at finding somebody by chance */
#define UNDO_REACH 64u  /* so many of an artist's newest ops are taken back */
#define CHANGE_BYTES 32 /* a hide or show of one stroke */

struct kolam_load_change {
    struct kolam_load_change *next;
    struct kolam_load_part part;
    uint8_t body[CHANGE_BYTES];
};

static void wake(struct kolam_load *load, int64_t at_us, uint32_t who) {
    if (!kolam_load_timers_add(&load->timers, at_us, who)) {
        kolam_load_give_up(load, "out of memory");
    }
}

/* The next one of what happens `rate` times a second, if it still happens. */
static void again(struct kolam_load *load, int64_t due_us, double rate, uint32_t who) {
    int64_t at_us = due_us + (int64_t)(kolam_load_between(&load->random, 0.5, 1.5) / rate * 1e6);
    if (rate > 0 && at_us < load->end_us) {
        wake(load, at_us, who);
    }
}

void kolam_load_turns_begin(struct kolam_load *load) {
    const struct kolam_load_options *given = &load->options;
    if (given->reconnects > 0) {
        again(load, load->begin_us, given->reconnects, KOLAM_LOAD_TIMER_RECONNECT);
    }
    if (given->churn > 0) {
        again(load, load->begin_us, given->churn, KOLAM_LOAD_TIMER_CHURN);
    }
    for (uint32_t i = 0; i < given->artists && given->undo > 0; i++) {
        again(load, load->begin_us, given->undo, i | KOLAM_LOAD_TIMER_UNDO);
    }
}

void kolam_load_turns_finish(struct kolam_load *load) {
    while (load->changes) {
        struct kolam_load_change *next = load->changes->next;
        kolam_free(load->changes);
        load->changes = next;
    }
}

/* ---- breaking and coming back ---- */

static struct kolam_load_client *anybody(struct kolam_load *load, bool may_be_artist) {
    for (int i = 0; i < TRIES; i++) {
        struct kolam_load_client *client =
            &load->clients[kolam_load_below(&load->random, load->client_count)];
        if (client->state == KOLAM_LOAD_HERE && client->kind != KOLAM_LOAD_STALLED &&
            (may_be_artist || client->kind == KOLAM_LOAD_WATCHER)) {
            return client;
        }
    }
    return NULL;
}

static void go(struct kolam_load *load, struct kolam_load_client *client, int64_t back_us) {
    kolam_load_conn_close(&client->conn);
    client->state = KOLAM_LOAD_AWAY;
    load->here--;
    load->away++;
    wake(load, back_us, client->conn.index | KOLAM_LOAD_TIMER_COMES);
}

void kolam_load_reconnect_due(struct kolam_load *load, int64_t due_us) {
    const int64_t now_us = kolam_load_now_us();
    struct kolam_load_client *client = anybody(load, true);
    again(load, due_us, load->options.reconnects, KOLAM_LOAD_TIMER_RECONNECT);
    if (client && now_us < load->end_us) {
        load->reconnects++;
        client->is_back = true;
        if (client->hand) {
            client->hand->resent = client->hand->next;
        }
        kolam_load_watch_left(&client->watch, now_us);
        go(load, client,
           now_us + (int64_t)kolam_load_between(&load->random, AWAY_MIN_US, AWAY_MAX_US));
    }
}

/* Somebody else in the place of one who leaves, with an account of its own. */
void kolam_load_churn_due(struct kolam_load *load, int64_t due_us) {
    struct kolam_load_client *client = anybody(load, false);
    again(load, due_us, load->options.churn, KOLAM_LOAD_TIMER_CHURN);
    if (!client || kolam_load_now_us() >= load->end_us) {
        return;
    }
    load->churned++;
    client->is_back = false;
    kolam_load_watch_finish(&client->watch);
    if (kolam_load_watch_init(&client->watch, &load->ledger) != KOLAM_OK) {
        kolam_load_give_up(load, "out of memory");
    }
    kolam_load_eye_init(load, client);
    go(load, client, kolam_load_now_us());
}

/* Not its own doing: the server is gone, or has shut it out. */
void kolam_load_come_back(struct kolam_load *load, struct kolam_load_client *client) {
    const int64_t now_us = kolam_load_now_us();
    const bool was_here = client->state == KOLAM_LOAD_HERE;
    load->here += !was_here; /* as go() counts */
    load->under_way -= !was_here;
    load->outlived += was_here;
    if (client->watch.has_view) {
        client->is_back = true;
        kolam_load_watch_left(&client->watch, now_us);
    }
    if (client->hand) {
        client->hand->resent = client->hand->next;
    }
    go(load, client, now_us + (int64_t)kolam_load_between(&load->random, AWAY_MIN_US, AWAY_MAX_US));
}

/* ---- undo ---- */

/* One of the artist's newest strokes of one op that is durable; or NULL. */
static const struct kolam_load_op *any_stroke(struct kolam_load *load, uint32_t artist) {
    const uint32_t next = load->clients[artist].hand->next;
    for (int i = 0; i < TRIES; i++) {
        uint32_t back = 1 + kolam_load_below(&load->random, UNDO_REACH);
        const struct kolam_load_op *op =
            back < next ? kolam_load_ledger_named(&load->ledger, artist, next - back) : NULL;
        if (op && op->ack_us != 0 && !op->part->is_change && op->part->unit_ops == 1) {
            return op;
        }
    }
    return NULL;
}

/* A hide or show of the stroke with that seq and ink, kept until the run is over; NULL when out of memory. */
static const struct kolam_load_part *make_change(struct kolam_load *load, enum kolam_op_kind kind,
                                                 uint64_t seq, const struct kolam_load_ink *ink) {
    struct kolam_load_change *change = kolam_alloc_zero(1, sizeof *change);
    const struct kolam_op op = {.kind = kind, .target_count = 1, .targets = &seq};
    if (!change) {
        return NULL;
    }
    change->part = (struct kolam_load_part){
        .body = change->body, .ink = *ink, .is_change = true, .unit_ops = 1};
    if (kolam_op_encode(&op, change->body, sizeof change->body, &change->part.body_bytes) !=
        KOLAM_OK) {
        kolam_free(change);
        return NULL;
    }
    change->next = load->changes;
    load->changes = change;
    return &change->part;
}

/* What was hidden last is shown again, half of the time. */
static const struct kolam_load_part *choose(struct kolam_load *load, uint32_t artist) {
    struct kolam_load_hand *hand = load->clients[artist].hand;
    if (hand->hidden_seq != 0 && kolam_load_below(&load->random, 2) == 0) {
        uint64_t seq = hand->hidden_seq;
        hand->hidden_seq = 0;
        return make_change(load, KOLAM_OP_SHOW, seq, &hand->hidden_ink);
    }
    const struct kolam_load_op *op = any_stroke(load, artist);
    if (!op) {
        return NULL; /* nothing durable yet */
    }
    hand->hidden_seq = op->seq;
    hand->hidden_ink = op->part->ink;
    return make_change(load, KOLAM_OP_HIDE, op->seq, &op->part->ink);
}

void kolam_load_undo_due(struct kolam_load *load, uint32_t artist, int64_t due_us) {
    again(load, due_us, load->options.undo, artist | KOLAM_LOAD_TIMER_UNDO);
    if (load->clients[artist].state != KOLAM_LOAD_HERE || due_us >= load->end_us) {
        return;
    }
    const struct kolam_load_part *change = choose(load, artist);
    if (change) {
        load->undone++;
        kolam_load_artist_change(load, &load->clients[artist], change, due_us);
    }
}
