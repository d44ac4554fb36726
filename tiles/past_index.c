/* Fills the index of the past in one pass. Rows in path order visit the quadtree depth first: at any time one tile of
 * each level is open, and gathers its epochs in a dense array; when the path leaves it, what it gathered is written
 * behind the others and added to the tile above. So memory is that of the answer, and nothing is sorted but the nodes.
 *
 * An epoch is so many ops that the index stays small: a question about the middle of one is answered by looking at the ops of
 * that epoch alone, which is the asker's part. */
#include "past_index.h"

#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"

#define EPOCH_OPS_MIN 256
#define EPOCHS_MAX 4096

struct open_epoch {
    uint64_t newest; /* 0: nothing */
    uint64_t stroke_rows;
};

struct past_open {
    bool is_open;
    struct kolam_tile_id tile;
    uint64_t first, last; /* the epochs between which something is */
    struct open_epoch epochs[EPOCHS_MAX + 1];
};

static void drop_open(struct past_index *index) {
    for (int i = 0; i < PAST_LEVELS; i++) {
        kolam_free(index->open[i]);
        index->open[i] = NULL;
    }
}

void past_index_finish(struct past_index *index) {
    drop_open(index);
    kolam_free(index->nodes);
    kolam_free(index->entries);
    *index = (struct past_index){.until_seq = 0};
}

enum kolam_status past_index_begin(struct past_index *index, uint64_t last_seq) {
    past_index_finish(index);
    index->until_seq = last_seq;
    index->epoch_ops = EPOCH_OPS_MIN;
    while (last_seq / index->epoch_ops >= EPOCHS_MAX) {
        index->epoch_ops *= 2;
    }
    for (int i = 0; i < PAST_LEVELS; i++) {
        index->open[i] = kolam_alloc_zero(1, sizeof *index->open[i]);
        if (!index->open[i]) {
            past_index_finish(index);
            return KOLAM_ERR_NOMEM;
        }
    }
    return KOLAM_OK;
}

/* ---- filling ---- */

static void note(struct past_open *open, uint64_t epoch, uint64_t newest, uint64_t stroke_rows) {
    struct open_epoch *at = &open->epochs[epoch];
    bool is_first = open->first > open->last;
    open->first = is_first || epoch < open->first ? epoch : open->first;
    open->last = is_first || epoch > open->last ? epoch : open->last;
    at->newest = newest > at->newest ? newest : at->newest;
    at->stroke_rows += stroke_rows;
}

static bool has_room(void **array, size_t *capacity, size_t count, size_t item_bytes) {
    if (count < *capacity) {
        return true;
    }
    size_t larger = *capacity ? *capacity * 2 : 256;
    void *grown = kolam_realloc_array(*array, larger, item_bytes);
    if (!grown) {
        return false;
    }
    *array = grown;
    *capacity = larger;
    return true;
}

static bool push_entry(struct past_index *index, uint64_t newest, uint64_t stroke_rows) {
    void *entries = index->entries;
    bool is_pushed =
        has_room(&entries, &index->entry_capacity, index->entry_count, sizeof *index->entries);
    index->entries = entries;
    if (is_pushed) {
        index->entries[index->entry_count++] =
            (struct past_entry){.newest = newest, .stroke_rows = stroke_rows};
    }
    return is_pushed;
}

static bool push_node(struct past_index *index, struct kolam_tile_id tile, size_t first) {
    void *nodes = index->nodes;
    bool is_pushed =
        has_room(&nodes, &index->node_capacity, index->node_count, sizeof *index->nodes);
    index->nodes = nodes;
    if (is_pushed) {
        index->nodes[index->node_count++] =
            (struct past_node){.tile = tile, .first = first, .count = index->entry_count - first};
    }
    return is_pushed;
}

/* Writes what gathered, tells the tile above, and is empty again. */
static enum kolam_status close_one(struct past_index *index, int which) {
    struct past_open *open = index->open[which];
    size_t first = index->entry_count;
    uint64_t stroke_rows = 0;
    if (!open->is_open) {
        return KOLAM_OK;
    }
    open->is_open = false;
    for (uint64_t i = open->first; i <= open->last; i++) {
        struct open_epoch *epoch = &open->epochs[i];
        if (epoch->newest == 0) {
            continue;
        }
        stroke_rows += epoch->stroke_rows;
        if (!push_entry(index, epoch->newest, stroke_rows)) {
            return KOLAM_ERR_NOMEM;
        }
        if (which > 0) {
            note(index->open[which - 1], i, epoch->newest, epoch->stroke_rows);
        }
        *epoch = (struct open_epoch){.newest = 0};
    }
    return push_node(index, open->tile, first) ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

/* Closes the open tiles from `which` on, the finest first. */
static enum kolam_status close_from(struct past_index *index, int which) {
    enum kolam_status status = KOLAM_OK;
    for (int i = PAST_LEVELS - 1; i >= which && status == KOLAM_OK; i--) {
        status = close_one(index, i);
    }
    return status;
}

static int32_t level_of(int which) {
    return KOLAM_LEVEL_MIN + which * KOLAM_NODE_LEVEL_STEP;
}

enum kolam_status past_index_add(struct past_index *index, struct kolam_tile_id home, uint64_t seq,
                                 bool is_stroke) {
    enum kolam_status status = KOLAM_OK;
    int finest = -1; /* the finest level of ours that is coarser than the home */
    for (int i = 0; i < PAST_LEVELS && level_of(i) < home.level && status == KOLAM_OK; i++) {
        struct past_open *open = index->open[i];
        struct kolam_tile_id tile = kolam_tile_ancestor(home, level_of(i));
        finest = i;
        if (open->is_open && kolam_tile_equal(open->tile, tile)) {
            continue;
        }
        status = close_from(index, i);
        open->is_open = true;
        open->tile = tile;
        open->first = 1; /* nothing yet */
        open->last = 0;
    }
    if (status == KOLAM_OK && finest >= 0) {
        note(index->open[finest], (seq - 1) / index->epoch_ops, seq, is_stroke);
    }
    return status;
}

static int compare_tiles(const struct kolam_tile_id *a, const struct kolam_tile_id *b) {
    if (a->level != b->level) {
        return a->level < b->level ? -1 : 1;
    }
    if (a->y != b->y) {
        return a->y < b->y ? -1 : 1;
    }
    return a->x < b->x ? -1 : a->x > b->x;
}

static int compare_nodes(const void *a, const void *b) {
    return compare_tiles(&((const struct past_node *)a)->tile,
                         &((const struct past_node *)b)->tile);
}

enum kolam_status past_index_end(struct past_index *index) {
    enum kolam_status status = close_from(index, 0);
    drop_open(index);
    if (status == KOLAM_OK && index->node_count > 1) {
        qsort(index->nodes, index->node_count, sizeof *index->nodes, compare_nodes);
    }
    return status;
}

/* ---- asking ---- */

static const struct past_node *find_node(const struct past_index *index,
                                         struct kolam_tile_id tile) {
    size_t low = 0;
    size_t high = index->node_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_tiles(&index->nodes[middle].tile, &tile);
        if (order == 0) {
            return &index->nodes[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

struct past_answer past_index_find(const struct past_index *index, struct kolam_tile_id tile,
                                   uint64_t max_seq) {
    struct past_answer answer = {.unknown_after =
                                     max_seq > index->until_seq ? index->until_seq : max_seq};
    const struct past_node *node = find_node(index, tile);
    if (!node) {
        return answer;
    }
    const struct past_entry *entries = index->entries + node->first;
    size_t low = 0; /* the first entry that is newer than max_seq */
    size_t high = node->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries[middle].newest <= max_seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low > 0) {
        answer.newest = entries[low - 1].newest;
        answer.stroke_rows = entries[low - 1].stroke_rows;
    }
    if (low < node->count) {
        uint64_t epoch_start = (entries[low].newest - 1) / index->epoch_ops * index->epoch_ops;
        answer.unknown_after = epoch_start < max_seq ? epoch_start : max_seq;
    }
    return answer;
}
