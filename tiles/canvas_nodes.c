/* Gathers nodes in a hash table, so that the world's few coarse tiles, which every op touches, are
 * written once a batch and not once an op. */
#include "canvas_nodes.h"

#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"

enum kolam_status kolam_canvas_nodes_init(struct kolam_canvas_nodes *nodes, sqlite3 *db) {
    memset(nodes, 0, sizeof *nodes);
    return kolam_sql_prepare(db,
                             "INSERT INTO node (level, path, seq) VALUES (?, ?, ?) "
                             "ON CONFLICT (level, path) DO UPDATE SET seq = excluded.seq",
                             &nodes->upsert);
}

void kolam_canvas_nodes_finish(struct kolam_canvas_nodes *nodes) {
    sqlite3_finalize(nodes->upsert);
    kolam_free(nodes->table);
    memset(nodes, 0, sizeof *nodes);
}

/* The finalizer of splitmix64: neighbouring tiles spread over the table. */
static uint64_t hash_tile(struct kolam_tile_id tile) {
    uint64_t h = (uint64_t)tile.x * 0x9e3779b97f4a7c15u ^ (uint64_t)tile.y * 0xc2b2ae3d27d4eb4fu ^
                 (uint64_t)(uint32_t)tile.level << 56;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 27) * 0x94d049bb133111ebu;
    return h ^ h >> 31;
}

/* The tile's place, or the empty one where it would be; some place is always empty. */
static struct kolam_node *find_place(struct kolam_node *table, uint32_t capacity,
                                     struct kolam_tile_id tile) {
    uint32_t mask = capacity - 1;
    uint32_t i = (uint32_t)hash_tile(tile) & mask;
    while (table[i].seq != 0 && !kolam_tile_equal(table[i].tile, tile)) {
        i = (i + 1) & mask;
    }
    return &table[i];
}

static enum kolam_status reserve_one(struct kolam_canvas_nodes *nodes) {
    if ((uint64_t)nodes->count * 2 < nodes->capacity) {
        return KOLAM_OK;
    }
    uint32_t capacity = nodes->capacity ? nodes->capacity * 2 : 256;
    struct kolam_node *table = capacity ? kolam_alloc_zero(capacity, sizeof *table) : NULL;
    if (!table) {
        return KOLAM_ERR_NOMEM;
    }
    for (uint32_t i = 0; i < nodes->capacity; i++) {
        if (nodes->table[i].seq != 0) {
            *find_place(table, capacity, nodes->table[i].tile) = nodes->table[i];
        }
    }
    kolam_free(nodes->table);
    nodes->table = table;
    nodes->capacity = capacity;
    return KOLAM_OK;
}

/* False in *out_is_news if the node knows `seq` already, and so do all above it. */
static enum kolam_status set_node(struct kolam_canvas_nodes *nodes, struct kolam_tile_id tile,
                                  uint64_t seq, bool *out_is_news) {
    enum kolam_status status = reserve_one(nodes);
    if (status != KOLAM_OK) {
        return status;
    }
    struct kolam_node *node = find_place(nodes->table, nodes->capacity, tile);
    nodes->count += node->seq == 0;
    *out_is_news = node->seq != seq;
    *node = (struct kolam_node){.tile = tile, .seq = seq};
    return KOLAM_OK;
}

enum kolam_status kolam_canvas_nodes_add(struct kolam_canvas_nodes *nodes,
                                         struct kolam_tile_id home, uint64_t seq) {
    bool is_news = true;
    enum kolam_status status = set_node(nodes, home, seq, &is_news);
    int32_t step = KOLAM_NODE_LEVEL_STEP;
    int32_t level = (int32_t)kolam_floor_div(home.level - 1, step) * step;
    while (status == KOLAM_OK && is_news && level >= KOLAM_LEVEL_MIN) {
        status = set_node(nodes, kolam_tile_ancestor(home, level), seq, &is_news);
        level -= step;
    }
    return status;
}

static enum kolam_status write_node(struct kolam_canvas_nodes *nodes,
                                    const struct kolam_node *node) {
    struct kolam_tile_key key = kolam_tile_key(node->tile);
    if (sqlite3_bind_int(nodes->upsert, 1, node->tile.level) != SQLITE_OK ||
        kolam_sql_bind_blob(nodes->upsert, 2, key.bytes, key.size) != KOLAM_OK ||
        sqlite3_bind_int64(nodes->upsert, 3, (int64_t)node->seq) != SQLITE_OK) {
        return KOLAM_ERR_NOMEM;
    }
    return kolam_sql_run(nodes->upsert);
}

enum kolam_status kolam_canvas_nodes_flush(struct kolam_canvas_nodes *nodes) {
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < nodes->capacity && status == KOLAM_OK; i++) {
        if (nodes->table[i].seq != 0) {
            status = write_node(nodes, &nodes->table[i]);
        }
    }
    kolam_canvas_nodes_forget(nodes);
    return status;
}

void kolam_canvas_nodes_forget(struct kolam_canvas_nodes *nodes) {
    if (nodes->count > 0) {
        memset(nodes->table, 0, nodes->capacity * sizeof *nodes->table);
    }
    nodes->count = 0;
}
