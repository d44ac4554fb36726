/* One client's side of kolam.v1: hello, who it is, the view, and then what comes. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "kolam/command.h"
#include "kolam/identity.h"
#include "load_crowd.h"

#define NACK_UNAVAILABLE 5

enum {
    TYPE_PREVIEW = 0x84,
    TYPE_TILE = 0x86,
};

static struct kolam_load_client *client_at(struct kolam_load *load, uint32_t index) {
    return &load->clients[index];
}

static bool is_artist(const struct kolam_load_client *client) {
    return client->kind == KOLAM_LOAD_ARTIST;
}

/* An artist who has a token is the same person again. */
static bool has_identity(const struct kolam_load_client *client) {
    return client->hand && client->hand->token[0] != '\0';
}

void kolam_load_give_up(struct kolam_load *load, const char *format, ...) {
    if (load->has_failed) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(load->error.text, sizeof load->error.text, format, args);
    va_end(args);
    load->has_failed = true;
}

/* ---- leaving ---- */

static void leave(struct kolam_load *load, struct kolam_load_client *client) {
    if (client->state == KOLAM_LOAD_HERE) {
        load->here--;
    } else {
        load->under_way--;
    }
    client->state = KOLAM_LOAD_GONE;
    load->gone++;
}

/* Before everybody is there, one that cannot come ends it all; later it is counted. */
void kolam_load_on_ended(void *ctx, uint32_t index, const char *how) {
    struct kolam_load *load = ctx;
    if (index >= load->client_count) {
        kolam_load_lane_ended(load, kolam_load_lane_at(load, index), how);
        return;
    }
    struct kolam_load_client *client = client_at(load, index);
    if (load->options.outlives && load->is_running && client->kind != KOLAM_LOAD_STALLED) {
        kolam_load_come_back(load, client);
        return;
    }
    leave(load, client);
    if (!load->is_running) {
        kolam_load_give_up(load, "%s: client %u of %u: %s", load->url.authority, index + 1,
                           load->client_count, how);
    } else if (load->here == 0 && load->under_way == 0 && load->away == 0) {
        kolam_load_give_up(load, "%s: all connections are lost (%s)", load->url.authority, how);
    }
}

static void drop(struct kolam_load *load, struct kolam_load_client *client, const char *how) {
    uint32_t index = client->conn.index;
    kolam_load_conn_close(&client->conn);
    kolam_load_on_ended(load, index, how);
}

static void say(struct kolam_load *load, struct kolam_load_client *client, const char *text,
                int size) {
    if (!kolam_load_conn_send(&load->net, &client->conn, KOLAM_WS_TEXT, text, (size_t)size)) {
        drop(load, client, "the connection broke");
    }
}

/* ---- arriving ---- */

void kolam_load_on_opened(void *ctx, uint32_t index) {
    struct kolam_load *load = ctx;
    if (index >= load->client_count) {
        kolam_load_lane_opened(load, kolam_load_lane_at(load, index));
        return;
    }
    struct kolam_load_client *client = client_at(load, index);
    const char *token = has_identity(client) ? client->hand->token : NULL;
    char text[400];
    client->state = KOLAM_LOAD_GREETING;
    int size = snprintf(
        text, sizeof text,
        "{\"type\":\"hello\",\"protocol\":1,\"canvas\":\"%s\",\"nonce\":\"%016" PRIx64
        "\",\"watch\":%s%s%s%s,\"client\":\"kolam-load/" KOLAM_VERSION "\"}",
        load->options.canvas, load->ledger.base_nonce + index, is_artist(client) ? "false" : "true",
        token ? ",\"token\":\"" : "", token ? token : "", token ? "\"" : "");
    say(load, client, text, size);
}

void kolam_load_on_bytes(void *ctx, uint32_t index, const uint8_t *bytes, size_t size_bytes) {
    struct kolam_load *load = ctx;
    kolam_load_lane_bytes(load, kolam_load_lane_at(load, index), bytes, size_bytes);
}

/* `since` may be NULL. */
static bool ask(struct kolam_load *load, struct kolam_load_client *client,
                const struct kolam_load_view *view, const uint64_t *since) {
    char text[288], tail[40] = "";
    uint32_t id = client->view_id + 1;
    if (!kolam_load_watch_asks(&client->watch, view, id, since != NULL, kolam_load_now_us())) {
        return false;
    }
    client->view_id = id;
    load->findings.views_sent++;
    if (since) {
        snprintf(tail, sizeof tail, ",\"since\":%" PRIu64, *since);
    }
    int size = snprintf(text, sizeof text,
                        "{\"type\":\"view\",\"id\":%u,\"level\":%d,\"x\":\"%" PRId64
                        "\",\"y\":\"%" PRId64 "\",\"width\":%u,\"height\":%u%s}",
                        id, view->level, view->x, view->y, view->width, view->height, tail);
    say(load, client, text, size);
    return true;
}

bool kolam_load_client_look(struct kolam_load *load, struct kolam_load_client *client,
                            const struct kolam_load_view *view) {
    return ask(load, client, view, NULL);
}

/* The view to begin with, or to come back to. */
static void look_first(struct kolam_load *load, struct kolam_load_client *client) {
    struct kolam_load_view view = client->first_view;
    uint64_t since;
    const bool is_same = client->is_back && kolam_load_watch_return(&client->watch, &view, &since);
    (void)ask(load, client, &view, is_same ? &since : NULL);
}

/* The hand and the eye of one who comes, or comes back, in the middle of it. */
static void go_on(struct kolam_load *load, struct kolam_load_client *client) {
    if (is_artist(client)) {
        kolam_load_artist_return(load, client);
    }
    if (client->eye.is_idle) {
        kolam_load_eye_begin(load, client);
    }
}

static void arrive(struct kolam_load *load, struct kolam_load_client *client, int64_t now_us) {
    client->state = KOLAM_LOAD_HERE;
    client->arrived_us = now_us;
    load->under_way--;
    load->here++;
    if (client->is_back) {
        kolam_load_hist_add(&load->return_time, now_us - client->begun_us);
    }
    if (load->is_running && client->kind != KOLAM_LOAD_STALLED) {
        go_on(load, client);
    }
    if (client->is_back) {
        return;
    }
    if (client->kind == KOLAM_LOAD_STALLED) {
        kolam_load_conn_stall(&load->net, &client->conn);
    }
    if (client->kind == KOLAM_LOAD_JOINER) {
        load->joined++;
        kolam_load_hist_add(&load->join_time, now_us - client->begun_us);
        kolam_load_fetch_begin(load, client->conn.index, &client->watch.now.view, load->tile_seqs);
    }
}

/* ---- texts ---- */

static void on_text(struct kolam_load *load, struct kolam_load_client *client,
                    const uint8_t *payload, size_t size_bytes) {
    json_t *message = json_loadb((const char *)payload, size_bytes, 0, NULL);
    const char *type = json_string_value(json_object_get(message, "type"));
    static const char identify[] = "{\"type\":\"identify\"}";
    if (!type) {
        drop(load, client, "the server sent a text that is no message");
    } else if (strcmp(type, "welcome") == 0) {
        const char *incarnation = json_string_value(json_object_get(message, "incarnation"));
        snprintf(load->incarnation, sizeof load->incarnation, "%s", incarnation ? incarnation : "");
        load->raster = (int)json_integer_value(json_object_get(message, "raster"));
        if (is_artist(client) && !has_identity(client)) {
            say(load, client, identify, (int)sizeof identify - 1);
        } else {
            look_first(load, client);
        }
    } else if (strcmp(type, "identity") == 0 && is_artist(client) && !has_identity(client)) {
        const char *token = json_string_value(json_object_get(message, "token"));
        snprintf(client->hand->token, sizeof client->hand->token, "%s", token ? token : "");
        look_first(load, client);
    } else if (strcmp(type, "refresh") == 0) {
        const struct kolam_load_watch *watch = &client->watch;
        struct kolam_load_view view =
            watch->asked_count > 0 ? watch->asked[watch->asked_count - 1].view : watch->now.view;
        kolam_load_watch_lost(&client->watch, &load->findings);
        (void)kolam_load_client_look(load, client, &view);
    } else if (strcmp(type, "error") == 0) {
        const char *words = json_string_value(json_object_get(message, "message"));
        char how[200];
        snprintf(how, sizeof how, "the server refused: %s", words ? words : "?");
        drop(load, client, how);
    } else if (strcmp(type, "goodbye") == 0 && !load->has_failed && !load->options.outlives) {
        kolam_load_give_up(load, "%s: the server says goodbye", load->url.authority);
    }
    json_decref(message);
}

/* ---- records ---- */

static void on_op(struct kolam_load *load, struct kolam_load_client *client,
                  struct kolam_wire_reader payload, int64_t now_us) {
    uint64_t seq;
    const uint32_t who = client->conn.index;
    const struct kolam_load_op *op = kolam_load_ledger_came(&load->ledger, payload, now_us, &seq);
    /* Its author is to have the ACK first, but for one that was lost with the connection. */
    if (op && op->artist == who && op->ack_us == 0 && op->counter >= client->hand->resent) {
        load->early++;
    }
    if (kolam_load_watch_op(&client->watch, &load->judge, who, op, seq) &&
        client->state == KOLAM_LOAD_HERE && op->due_us >= client->arrived_us) {
        kolam_load_hist_add(&load->op_latency, now_us - op->due_us);
        kolam_load_hist_add(&load->commit_latency, op->ack_us != 0 ? now_us - op->ack_us : 0);
    }
}

static void write_journal(struct kolam_load *load, const struct kolam_load_op *op) {
    uint8_t hash[32];
    kolam_sha256(op->part->body, op->part->body_bytes, hash);
    fprintf(load->journal_file, "%016" PRIx64 " %u %" PRIu64 " ",
            load->ledger.base_nonce + op->artist, op->counter, op->seq);
    for (int i = 0; i < 8; i++) {
        fprintf(load->journal_file, "%02x", hash[i]);
    }
    fputc('\n', load->journal_file);
}

static void on_ack(struct kolam_load *load, const struct kolam_load_client *client,
                   struct kolam_wire_reader payload, int64_t now_us) {
    struct kolam_wire_ack ack;
    if (kolam_wire_read_ack(payload, &ack) != KOLAM_OK || ack.count > KOLAM_GROUP_PARTS_MAX) {
        load->ledger.wrong++;
        return;
    }
    for (uint32_t i = 0; i < ack.count; i++) {
        const struct kolam_load_op *op = kolam_load_ledger_acked(
            &load->ledger, client->conn.index, ack.counter + i, ack.seq + i, now_us);
        if (op && op->counter >= client->hand->resent) {
            kolam_load_hist_add(&load->ack_latency, now_us - op->due_us);
        }
        if (op && load->journal_file) {
            write_journal(load, op);
        }
    }
}

static void on_nack(struct kolam_load *load, const struct kolam_load_client *client,
                    struct kolam_wire_reader payload) {
    struct kolam_wire_nack nack;
    if (kolam_wire_read_nack(payload, &nack) != KOLAM_OK) {
        load->ledger.wrong++;
        return;
    }
    if (nack.code == NACK_UNAVAILABLE && load->options.outlives) {
        return; /* it ends, or cannot write now: what waits is sent again after the return */
    }
    if (load->nacks++ == 0) {
        fprintf(stderr, "kolam load: a stroke was refused (code %u): %.*s\n", nack.code,
                (int)(nack.message_bytes < 120 ? nack.message_bytes : 120), nack.message);
    }
    kolam_load_ledger_refused(&load->ledger, client->conn.index, nack.counter);
}

static int64_t read_zigzag(struct kolam_wire_reader *reader) {
    uint64_t value = kolam_wire_varint(reader);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/* The rest of a VIEW record: its rectangle, which is to be the one asked for, and its tiles' seqs. */
static bool read_tiles(struct kolam_load *load, const struct kolam_load_view *asked,
                       struct kolam_wire_reader payload) {
    struct kolam_load_view view;
    (void)kolam_wire_varint(&payload); /* id */
    (void)kolam_wire_u8(&payload);
    (void)kolam_wire_varint(&payload); /* seq */
    view.level = (int32_t)kolam_wire_u8(&payload) + KOLAM_LEVEL_MIN;
    view.x = read_zigzag(&payload);
    view.y = read_zigzag(&payload);
    view.width = (uint32_t)kolam_wire_varint(&payload);
    view.height = (uint32_t)kolam_wire_varint(&payload);
    if (payload.has_failed || !kolam_load_view_equal(&view, asked) ||
        view.width * view.height > KOLAM_LOAD_VIEW_TILES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < view.width * view.height; i++) {
        load->tile_seqs[i] = kolam_wire_varint(&payload);
    }
    return !payload.has_failed && payload.at == payload.end;
}

static void on_view(struct kolam_load *load, struct kolam_load_client *client,
                    struct kolam_wire_reader payload, int64_t now_us) {
    struct kolam_wire_view view;
    if (kolam_wire_read_view(payload, &view) != KOLAM_OK ||
        !kolam_load_watch_answered(&client->watch, view.id, view.seq, view.is_resumed, now_us) ||
        !read_tiles(load, &client->watch.now.view, payload)) {
        load->ledger.wrong++;
        return;
    }
    load->findings.views_answered++;
    load->findings.resumed += view.is_resumed;
    kolam_load_watch_tiles(&client->watch, &load->ledger, load->tile_seqs, now_us);
    if (client->state == KOLAM_LOAD_GREETING) {
        arrive(load, client, now_us);
    }
}

static void on_preview(struct kolam_load *load, struct kolam_load_client *client,
                       struct kolam_wire_reader payload, int64_t now_us) {
    load->findings.previews++;
    const struct kolam_load_sent_preview *sent = kolam_load_artist_preview(load, payload);
    if (sent) {
        kolam_load_hist_add(&load->preview_latency, now_us - sent->due_us);
        if (!kolam_load_watch_may_see(&client->watch, &sent->ink, now_us)) {
            load->findings.previews_outside++;
        }
    }
}

static void on_tile(struct kolam_load *load, struct kolam_load_client *client,
                    struct kolam_wire_reader payload) {
    struct kolam_tile_id tile = {.level = (int32_t)kolam_wire_u8(&payload) + KOLAM_LEVEL_MIN};
    tile.x = read_zigzag(&payload);
    tile.y = read_zigzag(&payload);
    uint64_t seq = kolam_wire_varint(&payload);
    if (payload.has_failed) {
        load->ledger.wrong++;
        return;
    }
    load->findings.tile_notices++;
    kolam_load_watch_tile(&client->watch, tile, seq);
}

static void on_record(struct kolam_load *load, struct kolam_load_client *client, uint8_t type,
                      struct kolam_wire_reader payload, int64_t now_us) {
    switch (type) {
    case KOLAM_WIRE_OP:
        on_op(load, client, payload, now_us);
        break;
    case TYPE_PREVIEW:
        on_preview(load, client, payload, now_us);
        break;
    case TYPE_TILE:
        on_tile(load, client, payload);
        break;
    case KOLAM_WIRE_ACK:
        on_ack(load, client, payload, now_us);
        break;
    case KOLAM_WIRE_NACK:
        on_nack(load, client, payload);
        break;
    case KOLAM_WIRE_VIEW:
        on_view(load, client, payload, now_us);
        break;
    default:
        break; /* cursors, and what a newer server may send */
    }
}

static void on_close(struct kolam_load *load, struct kolam_load_client *client,
                     const uint8_t *payload, size_t size_bytes) {
    char how[200];
    unsigned int code = size_bytes >= 2 ? (unsigned int)payload[0] << 8 | payload[1] : 1005;
    int reason = size_bytes > 2 ? (int)(size_bytes - 2) : 0;
    snprintf(how, sizeof how, "the server closed the connection (%u%s%.*s)", code,
             reason > 0 ? ": " : "", reason, reason > 0 ? (const char *)payload + 2 : "");
    drop(load, client, how);
}

void kolam_load_on_message(void *ctx, uint32_t index, enum kolam_ws_opcode opcode,
                           const uint8_t *payload, size_t size_bytes, int64_t now_us) {
    struct kolam_load *load = ctx;
    struct kolam_load_client *client = client_at(load, index);
    struct kolam_wire_reader frame = {payload, payload + size_bytes, false}, record;
    uint8_t type;
    if (opcode == KOLAM_WS_TEXT) {
        on_text(load, client, payload, size_bytes);
    } else if (opcode == KOLAM_WS_CLOSE) {
        on_close(load, client, payload, size_bytes);
    } else if (opcode == KOLAM_WS_PING) {
        (void)kolam_load_conn_send(&load->net, &client->conn, KOLAM_WS_PONG, payload, size_bytes);
    }
    if (opcode != KOLAM_WS_BINARY) {
        return;
    }
    while (kolam_wire_record(&frame, &type, &record)) {
        on_record(load, client, type, record, now_us);
    }
    if (frame.has_failed) {
        drop(load, client, "the server sent a malformed frame");
    }
}
