/* Is an op that nobody sent the beginning of one that an artist draws? What came of its previews is known to the server
 * alone; but every point of it must be the artist's, in order from the first, and the artist must have been away. */
#include "load_partial.h"

#include <string.h>

#include "kolam/alloc.h"

struct kolam_load_left {
    struct kolam_load_left *next;
    struct kolam_load_part part;
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    uint8_t body[];
};

/* Times are not compared: each preview begins to count anew. */
static bool begins(const struct kolam_stroke *whole, const struct kolam_stroke *start,
                   bool is_part) {
    uint32_t count = start->point_count;
    if (start->tool != whole->tool || start->color != whole->color ||
        start->width != whole->width || !kolam_tile_equal(start->origin, whole->origin)) {
        return false;
    }
    if (count > whole->point_count) {
        count = whole->point_count; /* the others are in the parts that follow */
        if (!is_part) {
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct kolam_point *a = &whole->points[i], *b = &start->points[i];
        if (a->x != b->x || a->y != b->y || a->pressure != b->pressure) {
            return false;
        }
    }
    return true;
}

static bool begins_sent(const struct kolam_load_op *sent, const struct kolam_stroke *start) {
    struct kolam_op_room *room = kolam_alloc(sizeof *room);
    struct kolam_op op;
    const bool is_it =
        room && !sent->part->is_change &&
        kolam_op_decode(sent->part->body, sent->part->body_bytes, room, &op) == KOLAM_OK &&
        begins(&op.stroke, start, op.stroke.part_count > 1);
    kolam_free(room);
    return is_it;
}

/* Under the artist's pen: not sent yet. */
static bool begins_drawn(const struct kolam_load *load, uint32_t artist, uint32_t counter,
                         const struct kolam_stroke *start) {
    const struct kolam_load_hand *hand = load->clients[artist].hand;
    const struct kolam_load_score *score = &load->plan.scores[artist];
    return hand && hand->counter == counter && hand->at < score->count &&
           begins(&score->strokes[hand->at].pen, start, false);
}

static bool was_away(const struct kolam_load_client *client) {
    return client->is_back || client->state != KOLAM_LOAD_HERE;
}

static const struct kolam_load_part *keep(struct kolam_load *load, const struct kolam_stroke *start,
                                          const uint8_t *body, size_t size_bytes) {
    struct kolam_load_left *left = kolam_alloc(sizeof *left + size_bytes);
    uint32_t count;
    if (!left || kolam_stroke_homes(start, left->homes, &count) != KOLAM_OK || count == 0) {
        kolam_free(left);
        return NULL;
    }
    memcpy(left->body, body, size_bytes);
    left->part = (struct kolam_load_part){.body = left->body,
                                          .body_bytes = size_bytes,
                                          .ink = kolam_load_ink_of(left->homes, count),
                                          .unit_ops = 1};
    left->next = load->left;
    load->left = left;
    return &left->part;
}

const struct kolam_load_part *kolam_load_partial_of(void *ctx, uint32_t artist, uint32_t counter,
                                                    const struct kolam_load_op *sent,
                                                    const uint8_t *body, size_t size_bytes) {
    struct kolam_load *load = ctx;
    struct kolam_op op;
    if (!was_away(&load->clients[artist]) ||
        kolam_op_decode(body, size_bytes, &load->room, &op) != KOLAM_OK ||
        op.kind != KOLAM_OP_STROKE || op.stroke.part_count > 1) {
        return NULL;
    }
    const bool is_it =
        sent ? begins_sent(sent, &op.stroke) : begins_drawn(load, artist, counter, &op.stroke);
    return is_it ? keep(load, &op.stroke, body, size_bytes) : NULL;
}

void kolam_load_partials_finish(struct kolam_load *load) {
    while (load->left) {
        struct kolam_load_left *next = load->left->next;
        kolam_free(load->left);
        load->left = next;
    }
}
