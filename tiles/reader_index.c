/* A reader's quadtree: the homes at and below a tile, its newest op, the levels in use. One thread at a
 * time, as in reader.c. */
#include "canvas_index.h"
#include "reader_internal.h"

static enum kolam_status home_of(sqlite3_stmt *statement, struct kolam_home_row *row) {
    const uint8_t *path = sqlite3_column_blob(statement, 0);
    int path_size = sqlite3_column_bytes(statement, 0);
    int32_t level = sqlite3_column_int(statement, 1);
    if (!path || !kolam_tile_from_key(path, (uint32_t)path_size, level, &row->home.tile)) {
        return KOLAM_ERR_CORRUPT;
    }
    row->seq = (uint64_t)sqlite3_column_int64(statement, 2);
    row->target = (uint64_t)sqlite3_column_int64(statement, 3);
    row->kind = (enum kolam_op_kind)sqlite3_column_int(statement, 5);
    kolam_home_box_unpack(sqlite3_column_int64(statement, 4), &row->home);
    return KOLAM_OK;
}

static enum kolam_status visit_homes(sqlite3_stmt *statement, kolam_home_visit *visit, void *ctx) {
    bool goes_on = true;
    enum kolam_status status = kolam_sql_step(statement, &goes_on);
    while (status == KOLAM_OK && goes_on) {
        struct kolam_home_row row;
        status = home_of(statement, &row);
        if (status != KOLAM_OK || !visit(ctx, &row)) {
            break;
        }
        status = kolam_sql_step(statement, &goes_on);
    }
    (void)sqlite3_reset(statement);
    return status;
}

/* The statement's ?3 is max_seq; `key` is borrowed while it runs. */
static enum kolam_status visit_at(sqlite3_stmt *at, struct kolam_tile_id tile, uint64_t max_seq,
                                  kolam_home_visit *visit, void *ctx) {
    struct kolam_tile_key key = kolam_tile_key(tile);
    (void)sqlite3_bind_int(at, 2, tile.level);
    (void)sqlite3_bind_int64(at, 3, kolam_reader_clamp_seq(max_seq));
    enum kolam_status status = kolam_sql_bind_blob(at, 1, key.bytes, key.size);
    return status == KOLAM_OK ? visit_homes(at, visit, ctx) : status;
}

enum kolam_status kolam_reader_homes_at(struct kolam_reader *reader, struct kolam_tile_id tile,
                                        uint64_t after_seq, uint64_t max_seq,
                                        kolam_home_visit *visit, void *ctx) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    sqlite3_stmt *at = reader->statements[READER_HOMES_AT];
    (void)sqlite3_bind_int64(at, 4, kolam_reader_clamp_seq(after_seq));
    return visit_at(at, tile, max_seq, visit, ctx);
}

enum kolam_status kolam_reader_homes_at_backwards(struct kolam_reader *reader,
                                                  struct kolam_tile_id tile, uint64_t max_seq,
                                                  kolam_home_visit *visit, void *ctx) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    return visit_at(reader->statements[READER_HOMES_AT_BACKWARDS], tile, max_seq, visit, ctx);
}

/* Binds ?1 <= path < ?4; the two keys are borrowed until the statement is reset. */
static enum kolam_status bind_subtree(sqlite3_stmt *statement, const struct kolam_tile_key *first,
                                      const struct kolam_tile_key *end) {
    /* Longer than any key and made of the greatest bytes: after all of them. */
    static const uint8_t after_all[KOLAM_TILE_KEY_MAX + 1] = {255, 255, 255, 255, 255, 255, 255,
                                                              255, 255, 255, 255, 255, 255, 255};
    enum kolam_status status = kolam_sql_bind_blob(statement, 1, first->bytes, first->size);
    if (status != KOLAM_OK) {
        return status;
    }
    return end->size > 0 ? kolam_sql_bind_blob(statement, 4, end->bytes, end->size)
                         : kolam_sql_bind_blob(statement, 4, after_all, sizeof after_all);
}

enum kolam_status kolam_reader_homes_below(struct kolam_reader *reader, struct kolam_tile_id tile,
                                           uint64_t max_seq, kolam_home_visit *visit, void *ctx) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    sqlite3_stmt *below = reader->statements[READER_HOMES_BELOW];
    struct kolam_tile_key key = kolam_tile_key(tile);
    struct kolam_tile_key end = kolam_tile_key_end(tile);
    (void)sqlite3_bind_int(below, 2, tile.level);
    (void)sqlite3_bind_int64(below, 3, kolam_reader_clamp_seq(max_seq));
    enum kolam_status status = bind_subtree(below, &key, &end);
    return status == KOLAM_OK ? visit_homes(below, visit, ctx) : status;
}

enum kolam_status kolam_reader_newest(struct kolam_reader *reader, struct kolam_tile_id tile,
                                      uint64_t *out_seq) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    sqlite3_stmt *newest = reader->statements[READER_NEWEST_NODE];
    struct kolam_tile_key key = kolam_tile_key(tile);
    struct kolam_tile_key end = kolam_tile_key_end(tile);
    int64_t seq = 0;
    enum kolam_status status = bind_subtree(newest, &key, &end);
    for (int32_t level = tile.level; status == KOLAM_OK; level++) {
        (void)sqlite3_bind_int(newest, 2, level);
        status = kolam_reader_step_one(newest); /* max() of nothing is a row too: NULL, read as 0 */
        if (status == KOLAM_OK) {
            int64_t at_level = sqlite3_column_int64(newest, 0);
            seq = at_level > seq ? at_level : seq;
        }
        (void)sqlite3_reset(newest);
        if (level % KOLAM_NODE_LEVEL_STEP == 0) {
            break; /* such a level's nodes speak for all that is below them */
        }
    }
    if (status == KOLAM_OK) {
        *out_seq = (uint64_t)seq;
    }
    return status;
}

static enum kolam_status read_nodes(sqlite3_stmt *statement, int32_t level,
                                    struct kolam_reader_nodes *nodes) {
    bool has_row = false;
    enum kolam_status status = kolam_sql_step(statement, &has_row);
    while (status == KOLAM_OK && has_row) {
        const uint8_t *path = sqlite3_column_blob(statement, 0);
        uint32_t size = (uint32_t)sqlite3_column_bytes(statement, 0);
        if (!path || nodes->count == KOLAM_READER_NODES_MAX ||
            !kolam_tile_from_key(path, size, level, &nodes->nodes[nodes->count].tile)) {
            return KOLAM_ERR_CORRUPT;
        }
        nodes->nodes[nodes->count++].newest = (uint64_t)sqlite3_column_int64(statement, 1);
        status = kolam_sql_step(statement, &has_row);
    }
    return status;
}

enum kolam_status kolam_reader_nodes(struct kolam_reader *reader, struct kolam_tile_id tile,
                                     int32_t level, struct kolam_reader_nodes *out_nodes) {
    sqlite3_stmt *statement = reader->statements[READER_NODES];
    struct kolam_tile_key key = kolam_tile_key(tile);
    struct kolam_tile_key end = kolam_tile_key_end(tile);
    out_nodes->count = 0;
    (void)sqlite3_bind_int(statement, 2, level);
    enum kolam_status status = bind_subtree(statement, &key, &end);
    if (status == KOLAM_OK) {
        status = read_nodes(statement, level, out_nodes);
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum kolam_status kolam_reader_levels(struct kolam_reader *reader, uint64_t *out_level_bits) {
    sqlite3_stmt *levels = reader->statements[READER_LEVELS];
    enum kolam_status status = kolam_reader_step_one(levels);
    if (status == KOLAM_OK) {
        *out_level_bits = (uint64_t)sqlite3_column_int64(levels, 0);
    } else if (status == KOLAM_ERR_NOT_FOUND) {
        *out_level_bits = 0;
        status = KOLAM_OK;
    }
    (void)sqlite3_reset(levels);
    return status;
}
