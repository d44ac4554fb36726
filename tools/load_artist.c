/* An artist plays its score: previews at most 60 a second while the pen is down, the stroke at pen-up, the pointer on
 * its way to the next one. Times are those at which things are due, however late this process is: so a
 * server that holds everything up cannot hide it. */
#include <math.h>
#include <string.h>

#include "kolam/alloc.h"
#include "load_crowd.h"

#define PREVIEW_EVERY_US 16667
#define CURSOR_EVERY_US 66000
#define HOVER_US 1000000 /* the pointer is seen moving at most this long before a stroke */
#define PREVIEW_POINTS_MAX 2048u
#define PREVIEW_BODY_BYTES (64 + PREVIEW_POINTS_MAX * 32)
#define CURSOR_TYPE 0x04

static const struct kolam_load_score *score_of(const struct kolam_load *load,
                                               const struct kolam_load_client *client) {
    return &load->plan.scores[client->conn.index];
}

static const struct kolam_load_stroke *stroke_of(const struct kolam_load *load,
                                                 const struct kolam_load_client *client) {
    return &score_of(load, client)->strokes[client->hand->at];
}

static int64_t begins_us(const struct kolam_load *load, const struct kolam_load_client *client) {
    return load->begin_us + client->hand->loop_us + stroke_of(load, client)->start_us;
}

/* What was due while the artist was away is due at its return. */
static void wake(struct kolam_load *load, const struct kolam_load_client *client, int64_t at_us) {
    at_us = at_us > client->arrived_us ? at_us : client->arrived_us;
    if (!kolam_load_timers_add(&load->timers, at_us, client->conn.index)) {
        kolam_load_give_up(load, "out of memory");
    }
}

static void send_record(struct kolam_load *load, struct kolam_load_client *client,
                        struct kolam_wire_buffer *record) {
    if (record->has_failed) {
        kolam_load_give_up(load, "out of memory");
    } else if (!kolam_load_conn_send(&load->net, &client->conn, KOLAM_WS_BINARY, record->bytes,
                                     record->size_bytes)) {
        uint32_t index = client->conn.index;
        kolam_load_conn_close(&client->conn);
        kolam_load_on_ended(load, index, "the connection broke");
    }
    kolam_free(record->bytes);
}

/* ---- what is sent ---- */

/* `parts` are one unit. */
static void send_unit(struct kolam_load *load, struct kolam_load_client *client, uint32_t counter,
                      const struct kolam_load_part *parts) {
    struct kolam_wire_buffer record = {0};
    kolam_wire_put_u8(&record, KOLAM_WIRE_SUBMIT);
    kolam_wire_put_varint(&record, counter);
    kolam_wire_put_varint(&record, parts->unit_ops);
    for (uint32_t i = 0; i < parts->unit_ops; i++) {
        kolam_wire_put_varint(&record, parts[i].body_bytes);
        kolam_wire_put(&record, parts[i].body, parts[i].body_bytes);
    }
    send_record(load, client, &record);
}

static void submit(struct kolam_load *load, struct kolam_load_client *client, uint32_t counter,
                   const struct kolam_load_part *parts, int64_t due_us) {
    due_us = due_us > client->arrived_us ? due_us : client->arrived_us;
    for (uint32_t i = 0; i < parts->unit_ops; i++) {
        kolam_load_ledger_sent(&load->ledger, client->conn.index, counter + i, &parts[i], due_us);
    }
    load->ops_sent += parts->unit_ops;
    send_unit(load, client, counter, parts);
}

void kolam_load_artist_change(struct kolam_load *load, struct kolam_load_client *client,
                              const struct kolam_load_part *change, int64_t due_us) {
    submit(load, client, client->hand->next++, change, due_us);
}

static struct kolam_load_sent_preview *preview_slot(struct kolam_load_hand *hand, uint32_t counter,
                                                    uint32_t first) {
    const uint32_t count = sizeof hand->previews / sizeof hand->previews[0];
    return &hand->previews[(counter * 31 + first) % count];
}

/* The box around the points is enough, and the homes do not stay. */
static bool find_ink(const struct kolam_stroke *stroke, struct kolam_load_ink *out_ink) {
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    uint32_t count;
    if (kolam_stroke_homes(stroke, homes, &count) != KOLAM_OK || count == 0) {
        return false;
    }
    *out_ink = kolam_load_ink_of(homes, count);
    out_ink->home_count = 0;
    out_ink->homes = NULL;
    return true;
}

/* Points [first, first + count) as a stroke of their own. */
static struct kolam_stroke tail_of(const struct kolam_load_stroke *stroke, uint32_t first,
                                   uint32_t count, struct kolam_point *room) {
    struct kolam_stroke tail = stroke->pen;
    memcpy(room, stroke->pen.points + first, count * sizeof *room);
    room[0].dt_ms = 0;
    tail.points = room;
    tail.point_count = count;
    tail.has_start = tail.has_start && first == 0;
    return tail;
}

static void preview(struct kolam_load *load, struct kolam_load_client *client, int64_t due_us) {
    struct kolam_point points[PREVIEW_POINTS_MAX];
    uint8_t body[PREVIEW_BODY_BYTES];
    size_t body_bytes;
    struct kolam_load_hand *hand = client->hand;
    uint32_t first = hand->previewed, count = hand->points - first;
    count = count < PREVIEW_POINTS_MAX ? count : PREVIEW_POINTS_MAX;
    const struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                                .stroke = tail_of(stroke_of(load, client), first, count, points)};
    hand->previewed += count;
    if (kolam_op_encode(&op, body, sizeof body, &body_bytes) != KOLAM_OK) {
        return; /* what has no form alone is seen when the stroke is complete */
    }
    struct kolam_wire_buffer record = {0};
    kolam_wire_put_u8(&record, KOLAM_WIRE_PREVIEW);
    kolam_wire_put_varint(&record, hand->counter);
    kolam_wire_put_varint(&record, first);
    kolam_wire_put(&record, body, body_bytes);
    struct kolam_load_sent_preview sent = {
        .counter = hand->counter, .first = first, .due_us = due_us, .body_bytes = body_bytes};
    if (find_ink(&op.stroke, &sent.ink)) {
        *preview_slot(hand, hand->counter, first) = sent;
    }
    load->previews_sent++;
    send_record(load, client, &record);
}

static void put_zigzag(struct kolam_wire_buffer *buffer, int64_t value) {
    kolam_wire_put_varint(buffer, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void cursor(struct kolam_load *load, struct kolam_load_client *client, double x, double y) {
    const double sub_x = floor(x * KOLAM_SUB_PER_PX), sub_y = floor(y * KOLAM_SUB_PER_PX);
    const int64_t tile_x = kolam_floor_div((int64_t)sub_x, KOLAM_SUB_PER_TILE);
    const int64_t tile_y = kolam_floor_div((int64_t)sub_y, KOLAM_SUB_PER_TILE);
    struct kolam_wire_buffer record = {0};
    kolam_wire_put_u8(&record, CURSOR_TYPE);
    kolam_wire_put_u8(&record, -KOLAM_LEVEL_MIN); /* level 0 */
    put_zigzag(&record, tile_x);
    put_zigzag(&record, tile_y);
    kolam_wire_put_varint(&record, (uint64_t)((int64_t)sub_x - tile_x * KOLAM_SUB_PER_TILE));
    kolam_wire_put_varint(&record, (uint64_t)((int64_t)sub_y - tile_y * KOLAM_SUB_PER_TILE));
    load->cursors_sent++;
    send_record(load, client, &record);
}

/* ---- when ---- */

/* The first moment of the stroke at which there is something to do: its beginning, or that of the way to it. */
static void wait_for_stroke(struct kolam_load *load, struct kolam_load_client *client,
                            int64_t now_us) {
    int64_t at_us = begins_us(load, client), hover_us = at_us - HOVER_US;
    if (load->options.has_no_previews) {
        at_us += stroke_of(load, client)->duration_us;
    } else if (hover_us > now_us) {
        at_us = hover_us;
    } else if (at_us - now_us > CURSOR_EVERY_US) {
        at_us = now_us + CURSOR_EVERY_US;
    }
    wake(load, client, at_us);
}

static void next_stroke(struct kolam_load *load, struct kolam_load_client *client, int64_t now_us) {
    struct kolam_load_hand *hand = client->hand;
    hand->points = hand->previewed = 0;
    hand->x = stroke_of(load, client)->x;
    hand->y = stroke_of(load, client)->y;
    if (++hand->at == score_of(load, client)->count) {
        hand->at = 0;
        hand->loop_us += load->plan.period_us;
    }
    hand->counter = hand->next;
    hand->next += stroke_of(load, client)->part_count;
    wait_for_stroke(load, client, now_us);
}

static void hover(struct kolam_load *load, struct kolam_load_client *client, int64_t due_us) {
    const struct kolam_load_stroke *stroke = stroke_of(load, client);
    double way = 1 - (double)(begins_us(load, client) - due_us) / HOVER_US;
    const struct kolam_load_hand *hand = client->hand;
    cursor(load, client, hand->x + (stroke->x - hand->x) * way,
           hand->y + (stroke->y - hand->y) * way);
    wait_for_stroke(load, client, due_us);
}

/* The pen is down: points that are due by now go out; then again at the next frame that has new ones. */
static void draw(struct kolam_load *load, struct kolam_load_client *client, int64_t due_us,
                 int64_t begin_us) {
    const struct kolam_load_stroke *stroke = stroke_of(load, client);
    struct kolam_load_hand *hand = client->hand;
    const int64_t end_us = begin_us + stroke->duration_us;
    while (hand->points < stroke->pen.point_count &&
           begin_us + (int64_t)stroke->due_ms[hand->points] * 1000 <= due_us) {
        hand->points++;
    }
    if (hand->points > hand->previewed && !load->options.has_no_previews) {
        preview(load, client, due_us);
    }
    int64_t at_us = due_us + PREVIEW_EVERY_US;
    if (hand->points < stroke->pen.point_count) {
        int64_t point_us = begin_us + (int64_t)stroke->due_ms[hand->points] * 1000;
        at_us = point_us > at_us ? point_us : at_us;
    }
    wake(load, client, at_us < end_us ? at_us : end_us);
}

void kolam_load_artist_due(struct kolam_load *load, struct kolam_load_client *client,
                           int64_t due_us) {
    client->hand->is_idle = client->state != KOLAM_LOAD_HERE;
    if (client->hand->is_idle || due_us >= load->end_us) {
        return;
    }
    const int64_t begin_us = begins_us(load, client);
    if (due_us < begin_us) {
        hover(load, client, due_us);
    } else if (due_us >= begin_us + stroke_of(load, client)->duration_us) {
        const struct kolam_load_stroke *stroke = stroke_of(load, client);
        submit(load, client, client->hand->counter, stroke->parts, begin_us + stroke->duration_us);
        next_stroke(load, client, due_us);
    } else {
        draw(load, client, due_us, begin_us);
    }
}

void kolam_load_artist_begin(struct kolam_load *load, struct kolam_load_client *client) {
    if (score_of(load, client)->count == 0) {
        return;
    }
    client->hand->counter = client->hand->unacked = 1;
    client->hand->next = 1 + stroke_of(load, client)->part_count;
    client->hand->x = stroke_of(load, client)->x;
    client->hand->y = stroke_of(load, client)->y;
    wait_for_stroke(load, client, load->begin_us);
}

/* In the order in which they were sent, with the same names. */
static void resend(struct kolam_load *load, struct kolam_load_client *client) {
    struct kolam_load_hand *hand = client->hand;
    bool is_all = true; /* all so far are acknowledged */
    for (uint32_t counter = hand->unacked; counter < hand->next;) {
        const struct kolam_load_op *op =
            kolam_load_ledger_named(&load->ledger, client->conn.index, counter);
        if (!op || op->ack_us != 0) {
            counter++;
            hand->unacked = is_all && counter <= hand->counter ? counter : hand->unacked;
            continue;
        }
        is_all = false;
        load->resent += op->part->unit_ops;
        send_unit(load, client, counter, op->part);
        counter += op->part->unit_ops;
    }
}

void kolam_load_artist_return(struct kolam_load *load, struct kolam_load_client *client) {
    struct kolam_load_hand *hand = client->hand;
    hand->points = hand->previewed =
        0; /* the stroke under the pen is shown again from its beginning */
    if (hand->counter == 0) {
        return; /* draws nothing */
    }
    resend(load, client);
    if (hand->is_idle) {
        hand->is_idle = false;
        wake(load, client, client->arrived_us);
    }
}

const struct kolam_load_sent_preview *kolam_load_artist_preview(struct kolam_load *load,
                                                                struct kolam_wire_reader payload) {
    (void)kolam_wire_varint(&payload); /* the artist's number on the canvas */
    uint64_t artist = kolam_wire_u64(&payload) - load->ledger.base_nonce;
    uint32_t counter = (uint32_t)kolam_wire_varint(&payload);
    uint32_t first = (uint32_t)kolam_wire_varint(&payload);
    const size_t body_bytes = (size_t)(payload.end - payload.at);
    if (artist >= load->options.artists) {
        return NULL;
    }
    struct kolam_load_sent_preview *sent = preview_slot(load->clients[artist].hand, counter, first);
    if (sent->counter != counter || sent->first != first) {
        return NULL;
    }
    if (sent->body_bytes != body_bytes) {
        struct kolam_op op;
        if (kolam_op_decode(payload.at, body_bytes, &load->room, &op) != KOLAM_OK ||
            op.kind != KOLAM_OP_STROKE || !find_ink(&op.stroke, &sent->ink)) {
            load->ledger.wrong++;
            return NULL;
        }
        sent->body_bytes = body_bytes;
    }
    return sent;
}
