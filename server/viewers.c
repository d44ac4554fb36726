/* The table of viewers and their membership; see viewers.h. */
#include "viewers.h"

#include <string.h>

#include "fanout.h"
#include "keyed_hash.h"
#include "kolam/alloc.h"
#include "kolam/identity.h"

#define BUCKETS 4096
#define KEPT_ITEMS 512 /* room kept from tick to tick */

struct kolam_viewers_table {
    struct kolam_hash_key key; /* clients choose their views */
    struct kolam_list buckets[BUCKETS];
};

struct kolam_viewers_table *kolam_viewers_table_create(void) {
    struct kolam_viewers_table *table = kolam_alloc(sizeof(*table));
    if (!table) {
        return NULL;
    }
    for (int i = 0; i < BUCKETS; i++) {
        kolam_list_init(&table->buckets[i]);
    }
    kolam_random_bytes(&table->key, sizeof(table->key));
    return table;
}

static void release_items(struct kolam_viewers *viewers) {
    if (viewers->items != viewers->few) {
        kolam_free(viewers->items);
    }
    viewers->items = viewers->few;
    viewers->capacity = KOLAM_VIEWERS_FEW;
}

static void destroy(struct kolam_viewers *viewers) {
    release_items(viewers);
    viewers->canvas->server->metrics.views_distinct -= viewers->interest.view.is_set;
    kolam_interest_remove(&viewers->canvas->interest, &viewers->interest);
    kolam_list_remove(&viewers->link);
    kolam_list_remove(&viewers->canvas_link);
    kolam_list_remove(&viewers->dirty_link);
    kolam_list_remove(&viewers->notices.link);
    kolam_free(viewers->notices.seqs);
    kolam_free(viewers);
}

void kolam_viewers_table_destroy(struct kolam_viewers_table *table) {
    kolam_free(table); /* the sessions are gone, and their viewers with them */
}

/* ---- who is there ---- */

static bool is_same(const struct kolam_view *a, const struct kolam_view *b) {
    return a->is_set == b->is_set && a->x == b->x && a->y == b->y && a->level == b->level &&
           a->width == b->width && a->height == b->height && a->wants_every == b->wants_every &&
           a->sees_names == b->sees_names;
}

static struct kolam_list *bucket_of(struct kolam_viewers_table *table,
                                    const struct kolam_canvas *canvas,
                                    const struct kolam_view *view) {
    const uint64_t parts[] = {(uintptr_t)canvas, (uint64_t)view->x, (uint64_t)view->y,
                              (uint64_t)(uint32_t)view->level << 32 | view->width << 14 |
                                  view->height << 2 | (uint64_t)view->wants_every << 1 |
                                  view->sees_names};
    return &table->buckets[kolam_keyed_hash(&table->key, parts, 4) % BUCKETS];
}

static struct kolam_viewers *create(struct kolam_canvas *canvas, const struct kolam_view *view) {
    struct kolam_viewers *viewers = kolam_alloc_zero(1, sizeof(*viewers));
    if (!viewers) {
        return NULL;
    }
    viewers->items = viewers->few;
    viewers->capacity = KOLAM_VIEWERS_FEW;
    viewers->interest.view = *view;
    viewers->interest.view.id = 0;
    viewers->canvas = canvas;
    viewers->turn =
        (uint8_t)(view->is_set ? canvas->server->fanout->next_turn++ % KOLAM_PACE_TICKS : 0);
    if (view->is_set && kolam_interest_add(&canvas->interest, &viewers->interest) != KOLAM_OK) {
        kolam_free(viewers);
        return NULL;
    }
    kolam_list_init(&viewers->link);
    kolam_list_init(&viewers->dirty_link);
    kolam_list_init(&viewers->canvas_link);
    kolam_list_init(&viewers->members);
    kolam_list_init(&viewers->notices.link);
    kolam_list_append(&canvas->viewers, &viewers->canvas_link);
    canvas->server->metrics.views_distinct += view->is_set;
    return viewers;
}

static struct kolam_viewers *obtain(struct kolam_canvas *canvas, const struct kolam_view *view) {
    struct kolam_list *bucket = bucket_of(canvas->server->fanout->table, canvas, view);
    KOLAM_LIST_EACH(bucket, struct kolam_viewers, link, known) {
        if (known->canvas == canvas && is_same(&known->interest.view, view)) {
            return known;
        }
    }
    struct kolam_viewers *viewers = create(canvas, view);
    if (viewers) {
        kolam_list_append(bucket, &viewers->link);
    }
    return viewers;
}

enum kolam_status kolam_viewers_join(struct kolam_session *session, const struct kolam_view *view) {
    struct kolam_viewers *viewers = obtain(session->canvas, view);
    if (viewers && viewers == session->viewers) {
        return KOLAM_OK;
    }
    kolam_viewers_settle(session);
    kolam_viewers_leave(session);
    if (!viewers) {
        return KOLAM_ERR_NOMEM;
    }
    kolam_list_append(&viewers->members, &session->viewers_link);
    viewers->member_count++;
    session->viewers = viewers;
    session->skip = viewers->count;
    session->followed_seq = session->canvas->last_seq;
    return KOLAM_OK;
}

void kolam_viewers_leave(struct kolam_session *session) {
    struct kolam_viewers *viewers = session->viewers;
    if (!viewers) {
        return;
    }
    kolam_list_remove(&session->viewers_link);
    session->viewers = NULL;
    viewers->member_count--;
    /* While a tick writes, what is due is in use: it ends there (kolam_viewers_clear). */
    if (viewers->member_count == 0 && !viewers->canvas->server->fanout->is_writing) {
        destroy(viewers);
    }
}

/* ---- what is pending ---- */

void kolam_viewers_settle(struct kolam_session *session) {
    struct kolam_viewers *viewers = session->viewers;
    while (viewers && session->skip < viewers->count) {
        const struct kolam_out_item item =
            *kolam_records_at(&session->server->fanout->records, viewers->items[session->skip++]);
        const bool is_shed = item.class == KOLAM_OUT_PREVIEW && session->ws &&
                             kolam_socket_is_congested(session->ws);
        session->server->metrics.previews_shed += is_shed;
        if (item.except != session->number && !is_shed) {
            kolam_session_queue(session, &item);
        }
        viewers = session->viewers; /* it may have been told to look again */
    }
}

static bool has_room(struct kolam_viewers *viewers) {
    if (viewers->count < viewers->capacity) {
        return true;
    }
    const uint32_t capacity = viewers->capacity * 2;
    uint32_t *grown = kolam_alloc_array(capacity, sizeof(*grown));
    if (!grown) {
        return false;
    }
    memcpy(grown, viewers->items, viewers->count * sizeof(*grown));
    release_items(viewers);
    viewers->items = grown;
    viewers->capacity = capacity;
    return true;
}

/* In the list of those who are written with the coming tick, or else at their turn. */
static void mark(struct kolam_viewers *viewers, bool is_urgent) {
    struct kolam_server *server = viewers->canvas->server;
    struct kolam_fanout *fanout = server->fanout;
    const bool was_clean = kolam_list_is_empty(&viewers->dirty_link);
    if (was_clean) {
        viewers->due_us = kolam_loop_now_us(server->loop);
        viewers->since_tick = fanout->tick;
        viewers->since = fanout->tick_begin;
    }
    if (was_clean || (is_urgent && !viewers->is_urgent)) {
        viewers->is_urgent = is_urgent;
        kolam_list_remove(&viewers->dirty_link);
        kolam_list_append(is_urgent ? &fanout->urgent_viewers
                                    : &fanout->waiting_viewers[viewers->turn],
                          &viewers->dirty_link);
        kolam_loop_want_tick(server->loop);
    }
}

void kolam_viewers_add(struct kolam_viewers *viewers, uint32_t record) {
    if (record == KOLAM_RECORDS_NONE || !has_room(viewers)) {
        KOLAM_LIST_EACH(&viewers->members, struct kolam_session, viewers_link, session) {
            kolam_session_close(session, 1013, "out of memory");
        }
        return;
    }
    viewers->items[viewers->count++] = record;
    viewers->hash = (viewers->hash ^ record) * 0x9e3779b97f4a7c15u;
    viewers->hash ^= viewers->hash >> 29;
    if (!viewers->is_urgent) {
        const struct kolam_records *records = &viewers->canvas->server->fanout->records;
        mark(viewers, kolam_records_at(records, record)->seq != 0);
    }
}

void kolam_viewers_clear(struct kolam_viewers *viewers) {
    viewers->count = 0;
    viewers->hash = 0;
    viewers->is_urgent = false;
    kolam_list_remove(&viewers->dirty_link);
    if (viewers->member_count == 0) {
        destroy(viewers);
    } else if (viewers->capacity > KEPT_ITEMS) {
        release_items(viewers);
    }
}
