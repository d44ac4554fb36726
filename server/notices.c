/* Tile notices: what a view is told of pixels that it cannot draw itself. Each group of viewers gathers them, a seq a
 * tile of the view, and hands on what is due as TILE records. Records of one tick are shared among views that
 * overlap: so do their frames, then. */
#include "fanout.h"

#include "http_tiles.h"
#include "kolam/alloc.h"
#include "protocol_out.h"

#define NOTICE_DELAY_MS 1000
#define RECORDS 256 /* a power of two */

/* The records made for this tick, by tile; one that finds its place taken is made anew. */
struct kolam_tile_record {
    struct kolam_tile_id tile;
    uint64_t seq;
    uint64_t tick;
    uint32_t record; /* where the fan-out keeps it in that tick */
};

static struct kolam_tile_record *place_of(struct kolam_fanout *fanout, struct kolam_tile_id tile) {
    if (!fanout->tile_records) {
        fanout->tile_records = kolam_alloc_zero(RECORDS, sizeof(*fanout->tile_records));
    }
    const uint64_t hash = (uint64_t)tile.x * 31 + (uint64_t)tile.y * 1009 + (uint64_t)tile.level;
    return fanout->tile_records ? &fanout->tile_records[hash % RECORDS] : NULL;
}

static uint32_t record_of(struct kolam_fanout *fanout, struct kolam_tile_id tile, uint64_t seq) {
    struct kolam_tile_record *place = place_of(fanout, tile);
    if (place && place->tick == fanout->tick && place->seq == seq &&
        kolam_tile_equal(place->tile, tile)) {
        return place->record;
    }
    struct kolam_bytes *bytes = kolam_out_tile(tile, seq);
    const struct kolam_out_item item = {.bytes = bytes, .class = KOLAM_OUT_OP};
    const uint32_t record = bytes ? kolam_records_add(&fanout->records, &item) : KOLAM_RECORDS_NONE;
    kolam_bytes_unref(bytes);
    if (place && record != KOLAM_RECORDS_NONE) {
        *place = (struct kolam_tile_record){tile, seq, fanout->tick, record};
    }
    return record;
}

void kolam_notices_tile(struct kolam_viewers *viewers, struct kolam_tile_id tile, uint64_t seq) {
    kolam_viewers_add(viewers, record_of(viewers->canvas->server->fanout, tile, seq));
}

static void add(struct kolam_viewers *viewers, struct kolam_tile_id tile, uint64_t seq,
                int64_t delay_ms) {
    struct kolam_notices *notices = &viewers->notices;
    const struct kolam_view *view = &viewers->interest.view;
    struct kolam_server *server = viewers->canvas->server;
    uint64_t *slot = &notices->seqs[(tile.y - view->y) * view->width + (tile.x - view->x)];
    /* A tile that averages many is only worth fetching when it has been rebuilt; that sends the notice. */
    if (*slot == seq || kolam_tiles_rebuild_later(server, viewers->canvas, tile)) {
        return;
    }
    notices->count += *slot == 0;
    *slot = seq;
    const int64_t due_ms = kolam_loop_now_ms(server->loop) + delay_ms;
    if (kolam_list_is_empty(&notices->link)) {
        notices->due_ms = due_ms;
        kolam_list_append(&server->fanout->noticing, &notices->link);
        kolam_loop_want_tick_at(server->loop, due_ms);
    } else if (due_ms < notices->due_ms) {
        notices->due_ms = due_ms;
        kolam_loop_want_tick_at(server->loop, due_ms);
    }
}

void kolam_notices_op(struct kolam_viewers *viewers, const struct kolam_recent_op *op) {
    const struct kolam_view *view = &viewers->interest.view;
    struct kolam_notices *notices = &viewers->notices;
    const int64_t delay_ms = op->is_plain_stroke ? NOTICE_DELAY_MS : 0;
    if (!notices->seqs) {
        notices->seqs =
            kolam_alloc_zero((size_t)view->width * view->height, sizeof(*notices->seqs));
    }
    for (uint32_t i = 0; i < op->home_count && notices->seqs; i++) {
        struct kolam_extent extent = kolam_home_extent(&op->homes[i]);
        struct kolam_tile_range range = kolam_extent_tiles(&extent, view->level, 0);
        if (!kolam_view_clip(view, &range)) {
            continue;
        }
        for (int64_t y = range.y0; y <= range.y1; y++) {
            for (int64_t x = range.x0; x <= range.x1; x++) {
                add(viewers, (struct kolam_tile_id){x, y, view->level}, op->seq, delay_ms);
            }
        }
    }
}

static void hand_on(struct kolam_viewers *viewers) {
    struct kolam_notices *notices = &viewers->notices;
    const struct kolam_view *view = &viewers->interest.view;
    kolam_list_remove(&notices->link);
    for (uint32_t i = 0; i < view->width * view->height && notices->count > 0; i++) {
        const uint64_t seq = notices->seqs[i];
        if (seq != 0) {
            notices->seqs[i] = 0;
            notices->count--;
            kolam_notices_tile(viewers,
                               (struct kolam_tile_id){view->x + i % view->width,
                                                      view->y + i / view->width, view->level},
                               seq);
        }
    }
}

void kolam_notices_tick(struct kolam_server *server) {
    struct kolam_list *noticing = &server->fanout->noticing;
    const int64_t now_ms = kolam_loop_now_ms(server->loop);
    int64_t next_ms = INT64_MAX;
    KOLAM_LIST_EACH(noticing, struct kolam_viewers, notices.link, viewers) {
        if (now_ms >= viewers->notices.due_ms) {
            hand_on(viewers);
        } else if (viewers->notices.due_ms < next_ms) {
            next_ms = viewers->notices.due_ms;
        }
    }
    if (next_ms < INT64_MAX) {
        kolam_loop_want_tick_at(server->loop, next_ms);
    }
}
