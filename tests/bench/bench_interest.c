/* What it costs to find whom an op concerns: views as people have them, clustered on where the drawing is, some far out
 * and some deep inside; ops of handwriting size near them. Beside it the plain search through all views. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kolam/alloc.h"
#include "server/interest.h"

static uint64_t seed = 0x2545f4914f6cdd1du;

static uint64_t number(uint64_t bound) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % bound;
}

static double cpu_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#define PLACES 64
#define OPS 20000

/* Where the drawing is, in pixels of level 0. */
struct place {
    int64_t x, y;
};

/* Around a place: nine in ten at a level from -2 to 2, the others farther out or deeper in. */
static struct kolam_view view_at(struct place place) {
    const int32_t level = number(10) ? (int32_t)number(5) - 2 : (int32_t)number(21) - 12;
    const int64_t px = place.x + (int64_t)number(2000) - 1000;
    const int64_t py = place.y + (int64_t)number(2000) - 1000;
    const int shift = level < 0 ? -level : level;
    const int64_t x = level < 0 ? kolam_floor_shift(px, shift) : px * ((int64_t)1 << shift);
    const int64_t y = level < 0 ? kolam_floor_shift(py, shift) : py * ((int64_t)1 << shift);
    return (struct kolam_view){.level = level,
                               .x = kolam_floor_shift(x, KOLAM_TILE_SHIFT) - 4,
                               .y = kolam_floor_shift(y, KOLAM_TILE_SHIFT) - 3,
                               .width = 8,
                               .height = 6,
                               .is_set = true};
}

static uint32_t homes_at(struct place place, struct kolam_home homes[2]) {
    const int64_t x = place.x + (int64_t)number(1000) - 500;
    const int64_t y = place.y + (int64_t)number(1000) - 500;
    const struct kolam_tile_id tile = {kolam_floor_shift(x, KOLAM_TILE_SHIFT),
                                       kolam_floor_shift(y, KOLAM_TILE_SHIFT), 0};
    homes[0] = (struct kolam_home){tile, 200, 100, 255, 140};
    homes[1] = (struct kolam_home){{tile.x + 1, tile.y, 0}, 0, 100, 30, 140};
    return 1 + (uint32_t)number(2);
}

static void count(void *ctx, struct kolam_interest_item *item) {
    (void)item;
    ++*(uint64_t *)ctx;
}

static uint64_t search(const struct kolam_interest_item *items, uint32_t item_count,
                       const struct kolam_home *homes, uint32_t home_count) {
    uint64_t found = 0;
    for (uint32_t i = 0; i < item_count; i++) {
        bool is_touched = false;
        for (uint32_t h = 0; h < home_count && !is_touched; h++) {
            struct kolam_extent extent = kolam_home_extent(&homes[h]);
            is_touched = kolam_view_touches(&items[i].view, &extent);
        }
        found += is_touched;
    }
    return found;
}

static void measure(uint32_t item_count, int64_t spread) {
    struct kolam_interest interest;
    struct kolam_interest_item *items = kolam_alloc_zero(item_count, sizeof(*items));
    struct place places[PLACES];
    struct kolam_home homes[2];
    uint64_t found = 0, searched = 0;
    for (int i = 0; i < PLACES; i++) {
        places[i] =
            (struct place){(int64_t)number((uint64_t)spread), (int64_t)number((uint64_t)spread)};
    }
    kolam_interest_init(&interest);
    double begin_s = cpu_s();
    for (uint32_t i = 0; i < item_count; i++) {
        items[i].view = view_at(places[number(PLACES)]);
        if (kolam_interest_add(&interest, &items[i]) != KOLAM_OK) {
            abort();
        }
    }
    const double add_us = (cpu_s() - begin_s) * 1e6 / item_count;
    begin_s = cpu_s();
    for (int i = 0; i < OPS; i++) {
        uint32_t home_count = homes_at(places[number(PLACES)], homes);
        kolam_interest_find_homes(&interest, homes, home_count, count, &found);
    }
    const double find_us = (cpu_s() - begin_s) * 1e6 / OPS;
    begin_s = cpu_s();
    for (int i = 0; i < OPS / 20; i++) {
        uint32_t home_count = homes_at(places[number(PLACES)], homes);
        searched += search(items, item_count, homes, home_count);
    }
    const double search_us = (cpu_s() - begin_s) * 1e6 / (OPS / 20);
    begin_s = cpu_s();
    for (uint32_t i = 0; i < item_count; i++) { /* as a client that pans */
        kolam_interest_remove(&interest, &items[i]);
        items[i].view.x += 1;
        if (kolam_interest_add(&interest, &items[i]) != KOLAM_OK) {
            abort();
        }
    }
    const double move_us = (cpu_s() - begin_s) * 1e6 / item_count;
    printf("%6u %12.1f %10.2f %10.2f %10.3f %10.2f %10.2f %12.1f%%\n", item_count,
           (double)found / OPS, find_us, search_us, find_us * OPS / (double)found, add_us, move_us,
           find_us * 5000 / 1e4);
    if (searched == 0 || found == 0) {
        abort();
    }
    for (uint32_t i = 0; i < item_count; i++) {
        kolam_interest_remove(&interest, &items[i]);
    }
    kolam_interest_finish(&interest);
    kolam_free(items);
}

int main(void) {
    printf("microseconds of CPU; the last column: share of a core at 5,000 ops/s\n");
    printf("%6s %12s %10s %10s %10s %10s %10s %13s\n", "views", "concerned", "find", "search",
           "a match", "add", "move", "5,000 ops/s");
    measure(100, 1 << 14);
    measure(1000, 1 << 15);
    measure(10000, 1 << 17);
    measure(10000, 1 << 20);
    return 0;
}
