/* From strokes to lively places. Pure; any thread.
 *
 * A place is a window of 3 x 3 cells of one level, about a screen. Each stroke weighs in the cell of its own level that
 * its middle lies in, and somewhat less in those of the two levels beside it, which are seen together with it. The
 * window that weighs most is the first place; its strokes are taken out, and the next is found among what is left. So a long
 * trail is several places, each of which can be looked at, and no place is as large as a chain of neighbours can
 * become. Windows' weights are kept while strokes go, so all of it is one pass over the cells for each place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "lively.h"

#define WEIGHT_NEW 1024u /* of a stroke that was committed just now */
#define WEIGHT_DRAWING (4 * WEIGHT_NEW)
#define HALVINGS 8.0 /* of the weight over the span */
#define OWN_LEVEL 4u
#define LEVEL_BESIDE 3u

struct cell {
    int64_t x, y;
    uint64_t weight, window; /* its own; its own and its eight neighbours' */
    int32_t level;
    bool is_used;
};

struct mark {
    uint64_t weight;
    bool is_taken;
};

struct finder {
    const struct kolam_lively_stroke *strokes;
    struct mark *marks;
    uint32_t count;
    struct cell *cells;
    uint32_t capacity; /* a power of two, at most half used */
    uint32_t *artists; /* of the strokes of one place */
};

/* ---- geometry ---- */

static int64_t to_level(int64_t px, int32_t from, int32_t to) {
    return to >= from ? px * (INT64_C(1) << (to - from)) : kolam_floor_shift(px, from - to);
}

static int64_t cell_of(int64_t low, int64_t high, int32_t from, int32_t to) {
    return kolam_floor_div(to_level(low + (high - low) / 2, from, to), KOLAM_LIVELY_CELL_PX);
}

/* Where a stroke weighs at a level; false if it does not. */
static bool place_at(const struct kolam_lively_stroke *stroke, int32_t level, int64_t *out_x,
                     int64_t *out_y) {
    const struct kolam_extent *extent = &stroke->extent;
    if (level < extent->level - 1 || level > extent->level + 1 || !kolam_level_is_valid(level)) {
        return false;
    }
    *out_x = cell_of(extent->x0, extent->x1, extent->level, level);
    *out_y = cell_of(extent->y0, extent->y1, extent->level, level);
    return true;
}

/* ---- the table of cells ---- */

static struct cell *find_cell(const struct finder *finder, int32_t level, int64_t x, int64_t y) {
    uint64_t hash = (uint64_t)x * 0x9e3779b97f4a7c15u ^ (uint64_t)y * 0xc2b2ae3d27d4eb4fu ^
                    (uint64_t)(uint32_t)level << 48;
    hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u;
    uint32_t i = (uint32_t)(hash >> 32) & (finder->capacity - 1);
    while (finder->cells[i].is_used && (finder->cells[i].level != level ||
                                        finder->cells[i].x != x || finder->cells[i].y != y)) {
        i = (i + 1) & (finder->capacity - 1);
    }
    return &finder->cells[i];
}

/* Changes a cell's weight (modulo 2^64: a difference may be negative), and so its neighbours' windows. */
static void weigh(const struct finder *finder, int32_t level, int64_t x, int64_t y,
                  uint64_t difference) {
    struct cell *cell = find_cell(finder, level, x, y);
    const bool is_new = !cell->is_used;
    if (is_new) {
        *cell = (struct cell){.x = x, .y = y, .level = level, .is_used = true};
    }
    cell->weight += difference;
    cell->window += difference;
    for (int64_t near_y = y - 1; near_y <= y + 1; near_y++) {
        for (int64_t near_x = x - 1; near_x <= x + 1; near_x++) {
            struct cell *near = find_cell(finder, level, near_x, near_y);
            if (near == cell || !near->is_used) {
                continue;
            }
            near->window += difference;
            cell->window += is_new ? near->weight : 0;
        }
    }
}

static void weigh_stroke(const struct finder *finder, uint32_t i, bool is_taken) {
    const struct kolam_lively_stroke *stroke = &finder->strokes[i];
    for (int32_t beside = -1; beside <= 1; beside++) {
        const uint64_t share = beside == 0 ? OWN_LEVEL : LEVEL_BESIDE;
        const uint64_t weight = finder->marks[i].weight * share;
        const int32_t level = stroke->extent.level + beside;
        int64_t x, y;
        if (place_at(stroke, level, &x, &y)) {
            weigh(finder, level, x, y, is_taken ? 0 - weight : weight);
        }
    }
    finder->marks[i].is_taken = is_taken;
}

static const struct cell *heaviest(const struct finder *finder) {
    const struct cell *best = NULL;
    for (uint32_t i = 0; i < finder->capacity; i++) {
        const struct cell *cell = &finder->cells[i];
        if (cell->is_used && cell->window > 0 &&
            (!best || cell->window > best->window ||
             (cell->window == best->window && cell->weight > best->weight))) {
            best = cell;
        }
    }
    return best;
}

/* ---- a place ---- */

static bool is_in_window(const struct kolam_lively_stroke *stroke, const struct cell *cell) {
    int64_t x, y;
    return place_at(stroke, cell->level, &x, &y) && x >= cell->x - 1 && x <= cell->x + 1 &&
           y >= cell->y - 1 && y <= cell->y + 1;
}

static void clip(int64_t *low, int64_t *high, int64_t cell) {
    const int64_t from = (cell - 1) * KOLAM_LIVELY_CELL_PX - KOLAM_LIVELY_OVERHANG_PX;
    const int64_t to = (cell + 2) * KOLAM_LIVELY_CELL_PX - 1 + KOLAM_LIVELY_OVERHANG_PX;
    *low = *low < from ? from : *low > to ? to : *low;
    *high = *high > to ? to : *high < from ? from : *high;
}

/* The last pixel of another level that one of this level reaches. */
static int64_t last_at(int64_t px, int32_t from, int32_t to) {
    return to > from ? to_level(px + 1, from, to) - 1 : to_level(px, from, to);
}

static struct kolam_extent ink_in(const struct kolam_extent *ink, const struct cell *cell) {
    const int32_t from = ink->level, to = cell->level;
    struct kolam_extent extent = {to_level(ink->x0, from, to), to_level(ink->y0, from, to),
                                  last_at(ink->x1, from, to), last_at(ink->y1, from, to), to};
    clip(&extent.x0, &extent.x1, cell->x);
    clip(&extent.y0, &extent.y1, cell->y);
    return extent;
}

static int compare_numbers(const void *a, const void *b) {
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* Inserts into the few with most strokes. */
static void name_artist(struct kolam_lively_place *place, uint32_t *counts, uint32_t artist,
                        uint32_t strokes) {
    uint32_t at = place->named_count;
    if (at == KOLAM_LIVELY_ARTISTS_MAX && counts[at - 1] >= strokes) {
        return;
    }
    if (at < KOLAM_LIVELY_ARTISTS_MAX) {
        place->named_count++;
    } else {
        at--;
    }
    for (; at > 0 && counts[at - 1] < strokes; at--) {
        counts[at] = counts[at - 1];
        place->artists[at] = place->artists[at - 1];
    }
    counts[at] = strokes;
    place->artists[at] = artist;
}

static void name_artists(struct kolam_lively_place *place, uint32_t *artists, uint32_t count) {
    uint32_t counts[KOLAM_LIVELY_ARTISTS_MAX];
    qsort(artists, count, sizeof(*artists), compare_numbers);
    for (uint32_t first = 0, i = 1; i <= count; i++) {
        if (i < count && artists[i] == artists[first]) {
            continue;
        }
        if (artists[first] != 0) { /* who is nobody is not counted */
            place->artist_count++;
            name_artist(place, counts, artists[first], i - first);
        }
        first = i;
    }
}

static void take_place(const struct finder *finder, const struct cell *cell,
                       struct kolam_lively_place *out_place) {
    struct kolam_lively_place place = {0};
    const struct cell window = *cell; /* its weight changes under us */
    uint32_t count = 0;
    for (uint32_t i = 0; i < finder->count; i++) {
        const struct kolam_lively_stroke *stroke = &finder->strokes[i];
        if (finder->marks[i].is_taken || !is_in_window(stroke, &window)) {
            continue;
        }
        const struct kolam_extent ink = ink_in(&stroke->extent, &window);
        if (count == 0) {
            place.box = ink;
        }
        kolam_extent_join(&place.box, &ink);
        place.strokes += !stroke->is_drawing;
        place.drawing += stroke->is_drawing;
        place.last_ms = stroke->time_ms > place.last_ms ? stroke->time_ms : place.last_ms;
        finder->artists[count++] = stroke->artist;
        weigh_stroke(finder, i, true);
    }
    name_artists(&place, finder->artists, count);
    *out_place = place;
}

/* ---- all ---- */

static uint64_t weight_of(const struct kolam_lively_stroke *stroke, int64_t now_ms,
                          int64_t span_ms) {
    const double age = stroke->time_ms < now_ms ? (double)(now_ms - stroke->time_ms) : 0.0;
    if (stroke->is_drawing) {
        return WEIGHT_DRAWING;
    }
    return 1 + (uint64_t)(WEIGHT_NEW * exp2(-HALVINGS * age / (double)span_ms));
}

enum kolam_status kolam_lively_find(const struct kolam_lively_stroke *strokes, uint32_t count,
                                    int64_t now_ms, int64_t span_ms, uint32_t limit,
                                    struct kolam_lively_place *out_places, uint32_t *out_count) {
    struct finder finder = {.strokes = strokes, .count = count, .capacity = 64};
    while (finder.capacity < count * 6) { /* three cells a stroke */
        finder.capacity *= 2;
    }
    finder.marks = kolam_alloc_zero(count, sizeof(*finder.marks));
    finder.artists = kolam_alloc_array(count, sizeof(*finder.artists));
    finder.cells = kolam_alloc_zero(finder.capacity, sizeof(*finder.cells));
    uint32_t found = 0;
    if (finder.marks && finder.artists && finder.cells) {
        for (uint32_t i = 0; i < count; i++) {
            finder.marks[i].weight = weight_of(&strokes[i], now_ms, span_ms);
            weigh_stroke(&finder, i, false);
        }
        const struct cell *cell;
        while (found < limit && (cell = heaviest(&finder))) {
            take_place(&finder, cell, &out_places[found++]);
        }
        *out_count = found;
    }
    const bool is_done = finder.marks && finder.artists && finder.cells;
    kolam_free(finder.marks);
    kolam_free(finder.artists);
    kolam_free(finder.cells);
    return is_done ? KOLAM_OK : KOLAM_ERR_NOMEM;
}
