/* Tiles over HTTP/1.1, kept alive: a GET, its answer, the next. A version that is no longer the newest is answered by a
 * redirection to the one that is. Bodies are counted and forgotten. */
#include "load_fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "load_crowd.h"

#define TARGET_MAX 256

struct kolam_load_lane *kolam_load_lane_at(const struct kolam_load *load, uint32_t index) {
    uint32_t place = index - load->client_count;
    return &load->clients[place / KOLAM_LOAD_LANES].fetch->lanes[place % KOLAM_LOAD_LANES];
}

static void end(struct kolam_load *load, struct kolam_load_lane *lane) {
    struct kolam_load_fetch *fetch = lane->fetch;
    if (lane->is_over) {
        return;
    }
    lane->is_over = true;
    kolam_load_conn_close(&lane->conn);
    if (--fetch->open == 0) {
        load->fetching--;
        kolam_load_hist_add(&load->picture_time,
                            kolam_load_now_us() - load->clients[fetch->client].begun_us);
    }
}

static void fail(struct kolam_load *load, struct kolam_load_lane *lane, const char *why) {
    if (load->fetches_failed++ == 0) {
        fprintf(stderr, "kolam load: fetching a tile: %s\n", why);
    }
    end(load, lane);
}

static void ask(struct kolam_load *load, struct kolam_load_lane *lane, const char *target) {
    char request[TARGET_MAX + 400];
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: kolam-load\r\n\r\n", target,
                        load->url.authority);
    lane->head_bytes = 0;
    lane->is_in_body = false;
    if (size < 0 || (size_t)size >= sizeof request ||
        !kolam_load_conn_send_plain(&load->net, &lane->conn, request, (size_t)size)) {
        fail(load, lane, "the connection broke");
    }
}

static void skip_blank(struct kolam_load_fetch *fetch) {
    while (fetch->next < fetch->view.width * fetch->view.height && fetch->seqs[fetch->next] == 0) {
        fetch->next++;
    }
}

/* The next tile that has a picture; the lane's end when there is none. */
static void ask_next(struct kolam_load *load, struct kolam_load_lane *lane) {
    struct kolam_load_fetch *fetch = lane->fetch;
    const struct kolam_load_view *view = &fetch->view;
    char target[TARGET_MAX];
    skip_blank(fetch);
    if (fetch->next == view->width * view->height) {
        end(load, lane);
        return;
    }
    uint32_t at = fetch->next++;
    snprintf(target, sizeof target, "/tiles/%s/%d/%" PRId64 "/%" PRId64 ".png?v=%s-%d-%" PRIu64,
             load->options.canvas, view->level, view->x + at % view->width,
             view->y + at / view->width, load->incarnation, load->raster, fetch->seqs[at]);
    ask(load, lane, target);
}

static void open_lane(struct kolam_load *load, struct kolam_load_fetch *fetch, uint32_t number) {
    struct kolam_load_lane *lane = &fetch->lanes[number];
    struct kolam_error error = {.text = ""};
    uint32_t index = load->client_count + fetch->client * KOLAM_LOAD_LANES + number;
    lane->fetch = fetch;
    if (kolam_load_conn_begin(&load->net, &lane->conn, index, &error) == KOLAM_OK) {
        lane->conn.is_plain = true;
    } else {
        fail(load, lane, error.text);
    }
}

void kolam_load_fetch_begin(struct kolam_load *load, uint32_t client,
                            const struct kolam_load_view *view, const uint64_t *seqs) {
    struct kolam_load_fetch *fetch = kolam_alloc_zero(1, sizeof *fetch);
    uint32_t count = 0;
    load->clients[client].fetch = fetch;
    if (fetch) {
        fetch->seqs = kolam_memdup(seqs, (size_t)view->width * view->height * sizeof *seqs);
    }
    if (!fetch || !fetch->seqs) {
        kolam_load_give_up(load, "out of memory");
        return;
    }
    fetch->client = client;
    fetch->view = *view;
    for (uint32_t i = 0; i < view->width * view->height; i++) {
        count += seqs[i] != 0;
    }
    count = count < KOLAM_LOAD_LANES ? count : KOLAM_LOAD_LANES;
    for (uint32_t i = 0; i < KOLAM_LOAD_LANES; i++) {
        fetch->lanes[i].conn.fd = -1;
        fetch->lanes[i].is_over = i >= count;
    }
    fetch->open = count;
    load->fetching += count > 0;
    for (uint32_t i = 0; i < count; i++) {
        open_lane(load, fetch, i);
    }
}

void kolam_load_fetch_finish(struct kolam_load_fetch *fetch) {
    for (int i = 0; fetch && i < KOLAM_LOAD_LANES; i++) {
        kolam_load_conn_close(&fetch->lanes[i].conn);
    }
    if (fetch) {
        kolam_free(fetch->seqs);
    }
    kolam_free(fetch);
}

void kolam_load_lane_opened(struct kolam_load *load, struct kolam_load_lane *lane) {
    ask_next(load, lane);
}

void kolam_load_lane_ended(struct kolam_load *load, struct kolam_load_lane *lane, const char *how) {
    fail(load, lane, how);
}

/* A head is complete: what does it say? */
static void on_head(struct kolam_load *load, struct kolam_load_lane *lane, size_t head_bytes) {
    char value[TARGET_MAX];
    const int code = kolam_http_head_status(lane->head, head_bytes);
    lane->is_in_body = true;
    lane->body_left = 0;
    if (kolam_http_head_value(lane->head, head_bytes, "Content-Length", value, sizeof value)) {
        lane->body_left = strtoull(value, NULL, 10);
    }
    if (code == 302 && lane->body_left == 0 &&
        kolam_http_head_value(lane->head, head_bytes, "Location", value, sizeof value)) {
        load->fetches_redirected++;
        ask(load, lane, value);
    } else if (code == 200) {
        load->tiles_fetched++;
    } else {
        snprintf(value, sizeof value, "the server answered %d", code);
        fail(load, lane, value);
    }
}

/* Takes of the bytes what belongs to the head; gives how much that was. */
static size_t take_head(struct kolam_load *load, struct kolam_load_lane *lane, const uint8_t *bytes,
                        size_t size_bytes) {
    const size_t before = lane->head_bytes, room = sizeof lane->head - before;
    size_t count = size_bytes < room ? size_bytes : room;
    memcpy(lane->head + before, bytes, count);
    lane->head_bytes += (uint32_t)count;
    size_t head_bytes = kolam_http_head_size(lane->head, lane->head_bytes);
    if (head_bytes > 0) {
        count = head_bytes - before;
        on_head(load, lane, head_bytes);
    } else if (lane->head_bytes == sizeof lane->head) {
        fail(load, lane, "the answer's head is too long");
    }
    return count;
}

void kolam_load_lane_bytes(struct kolam_load *load, struct kolam_load_lane *lane,
                           const uint8_t *bytes, size_t size_bytes) {
    while (size_bytes > 0 && !lane->is_over) {
        size_t count;
        if (lane->is_in_body) {
            count = lane->body_left < size_bytes ? (size_t)lane->body_left : size_bytes;
            lane->body_left -= count;
        } else {
            count = take_head(load, lane, bytes, size_bytes);
        }
        bytes += count;
        size_bytes -= count;
        if (lane->is_in_body && lane->body_left == 0 && !lane->is_over) {
            ask_next(load, lane);
        }
    }
}
