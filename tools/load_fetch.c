/* Tiles over HTTP/1.1, kept alive: a GET, its answer, the next. A version that is no longer the newest is answered by a
 * redirection to the one that is. Bodies are counted and forgotten. */
#include "load_fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "load.h"

#define TARGET_MAX 256

static void fail(struct kolam_load *load, struct kolam_load_fetch *fetch, const char *why) {
    if (!fetch->is_over) {
        fetch->is_over = true;
        load->fetching--;
        if (load->fetches_failed++ == 0) {
            fprintf(stderr, "kolam load: fetching a tile: %s\n", why);
        }
    }
    kolam_load_conn_close(&fetch->conn);
}

static bool ask(struct kolam_load *load, struct kolam_load_fetch *fetch, const char *target) {
    char request[TARGET_MAX + 400];
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: kolam-load\r\n\r\n", target,
                        load->url.authority);
    fetch->head_bytes = 0;
    fetch->is_in_body = false;
    return size > 0 && (size_t)size < sizeof request &&
           kolam_load_conn_send_plain(&load->net, &fetch->conn, request, (size_t)size);
}

/* The next tile that has a picture; the end when there is none. */
static void next(struct kolam_load *load, struct kolam_load_fetch *fetch) {
    const struct kolam_load_view *view = &fetch->view;
    const uint32_t count = view->width * view->height;
    char target[TARGET_MAX];
    while (fetch->at < count && fetch->seqs[fetch->at] == 0) {
        fetch->at++;
    }
    if (fetch->at == count) {
        const struct kolam_load_client *client =
            &load->clients[fetch->conn.index - load->client_count];
        fetch->is_over = true;
        load->fetching--;
        kolam_load_hist_add(&load->picture_time, kolam_load_now_us() - client->begun_us);
        kolam_load_conn_close(&fetch->conn);
        return;
    }
    snprintf(target, sizeof target, "/tiles/%s/%d/%" PRId64 "/%" PRId64 ".png?v=%s-%d-%" PRIu64,
             load->options.canvas, view->level, view->x + fetch->at % view->width,
             view->y + fetch->at / view->width, load->incarnation, load->raster,
             fetch->seqs[fetch->at]);
    if (!ask(load, fetch, target)) {
        fail(load, fetch, "the connection broke");
    }
}

void kolam_load_fetch_begin(struct kolam_load *load, uint32_t index,
                            const struct kolam_load_view *view, const uint64_t *seqs) {
    struct kolam_load_client *client = &load->clients[index];
    struct kolam_load_fetch *fetch = kolam_alloc_zero(1, sizeof *fetch);
    struct kolam_error error = {.text = "out of memory"};
    client->fetch = fetch;
    if (!fetch) {
        load->fetches_failed++;
        return;
    }
    load->fetching++;
    fetch->conn.fd = -1;
    fetch->view = *view;
    fetch->seqs = kolam_memdup(seqs, (size_t)view->width * view->height * sizeof *seqs);
    if (!fetch->seqs || kolam_load_conn_begin(&load->net, &fetch->conn, index + load->client_count,
                                              &error) != KOLAM_OK) {
        fail(load, fetch, error.text);
        return;
    }
    fetch->conn.is_plain = true;
}

void kolam_load_fetch_finish(struct kolam_load_fetch *fetch) {
    if (fetch) {
        kolam_load_conn_close(&fetch->conn);
        kolam_free(fetch->seqs);
        kolam_free(fetch);
    }
}

void kolam_load_fetch_opened(struct kolam_load *load, struct kolam_load_fetch *fetch) {
    next(load, fetch);
}

void kolam_load_fetch_ended(struct kolam_load *load, struct kolam_load_fetch *fetch,
                            const char *how) {
    fail(load, fetch, how);
}

/* A head is complete: what does it say? */
static void on_head(struct kolam_load *load, struct kolam_load_fetch *fetch, size_t head_bytes) {
    char value[TARGET_MAX];
    const int code = kolam_http_head_status(fetch->head, head_bytes);
    fetch->is_in_body = true;
    fetch->body_left = 0;
    if (kolam_http_head_value(fetch->head, head_bytes, "Content-Length", value, sizeof value)) {
        fetch->body_left = strtoull(value, NULL, 10);
    }
    if (code == 302 &&
        kolam_http_head_value(fetch->head, head_bytes, "Location", value, sizeof value) &&
        fetch->body_left == 0) {
        load->fetches_redirected++;
        if (!ask(load, fetch, value)) {
            fail(load, fetch, "the connection broke");
        }
    } else if (code == 200) {
        load->tiles_fetched++;
        fetch->at++;
    } else {
        snprintf(value, sizeof value, "the server answered %d", code);
        fail(load, fetch, value);
    }
}

void kolam_load_fetch_bytes(struct kolam_load *load, struct kolam_load_fetch *fetch,
                            const uint8_t *bytes, size_t size_bytes) {
    while (size_bytes > 0 && !fetch->is_over) {
        if (fetch->is_in_body) {
            size_t count = fetch->body_left < size_bytes ? (size_t)fetch->body_left : size_bytes;
            fetch->body_left -= count;
            bytes += count;
            size_bytes -= count;
        } else {
            size_t room = sizeof fetch->head - fetch->head_bytes, before = fetch->head_bytes;
            size_t count = size_bytes < room ? size_bytes : room;
            memcpy(fetch->head + before, bytes, count);
            fetch->head_bytes += (uint32_t)count;
            size_t head_bytes = kolam_http_head_size(fetch->head, fetch->head_bytes);
            if (head_bytes == 0 && room == count) {
                fail(load, fetch, "the answer's head is too long");
                return;
            }
            count = head_bytes > 0 ? head_bytes - before : count;
            bytes += count;
            size_bytes -= count;
            if (head_bytes > 0) {
                on_head(load, fetch, head_bytes);
            }
        }
        if (fetch->is_in_body && fetch->body_left == 0 && !fetch->is_over) {
            next(load, fetch);
        }
    }
}
