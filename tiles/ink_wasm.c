/* The ink kernel's door for the browser: what build/web/ink.wasm exports. web/src/ink.ts wraps it.
 *
 * The module imports nothing and exports its `memory` and the functions below. A `ptr` is a byte
 * offset into the memory; 0 from an allocator means that the memory cannot grow. Allocating may grow
 * the memory, which detaches every ArrayBuffer view made before: make views anew after it. Freed
 * blocks are kept and given out again for the same kind. Arguments are trusted: a wrong pointer is
 * the caller's mistake. Tile coordinates are f64, exact to 2^53 (the world ends at 2^47). Status
 * numbers are enum kolam_status, 0 is success; tools are enum kolam_tool; colours are u32 0xRRGGBBAA.
 *
 *   raster_version() -> u32              KOLAM_INK_VERSION
 *   scratch() -> ptr                     262,144 bytes for op bodies and RGBA going in and out
 *
 *   tile_alloc() -> ptr                  256 x 256 u32, premultiplied 0xAARRGGBB, transparent
 *   tile_free(tile)
 *   tile_clear(tile)
 *   tile_copy(from, to, x0, y0, x1, y1)  a half-open rectangle of pixels
 *   tile_to_rgba(tile, x0, y0, x1, y1, out)    straight RGBA, rows packed: (x1-x0)*(y1-y0)*4 bytes
 *   tile_from_rgba(rgba, tile)           a whole tile, 262,144 bytes of straight RGBA
 *   tile_downsample(child, quadrant, parent)   child 0 writes transparent; quadrant x + 2 * y
 *
 *   stroke_alloc() -> ptr                a slot with room for 8,192 points
 *   stroke_free(stroke)
 *   stroke_begin(stroke, level, tile_x, tile_y, tool, color, width)
 *                                        empties it; width in 1/256 px of the level; one part
 *   stroke_set_part(stroke, part, part_count)
 *   stroke_set_start(stroke, start_ms)   f64, Unix ms; dt_ms of the points then count as known
 *   stroke_next_contour(stroke)          a filled shape: what is pushed from now on is another contour
 *   stroke_set_text(stroke, bytes, size) a filled shape: what its outlines say, UTF-8, at most 4,096
 *   stroke_push(stroke, x, y, pressure, dt_ms) -> u32
 *                                        x, y in 1/8 px from the corner of its tile; pressure
 *                                        0..255; the new number of points, 0 if full
 *   stroke_truncate(stroke, count)       keeps the first `count` points
 *   stroke_decode(stroke, bytes, size) -> status     an op body; INVALID if it is not a stroke's
 *   stroke_encode(stroke, bytes, capacity) -> i32    size written, or -status
 *   stroke_level, stroke_tile_x (f64), stroke_tile_y (f64), stroke_tool, stroke_color,
 *   stroke_width, stroke_part, stroke_part_count, stroke_point_count (stroke)
 *   stroke_contour_count(stroke)         of a filled shape, else 0
 *   stroke_contours(stroke) -> ptr       u32 each: how many points it has
 *   stroke_points(stroke) -> ptr         16 bytes a point: i32 x, i32 y, u32 dt_ms, u8 pressure
 *   stroke_homes(stroke, out) -> i32     number of homes (1..256), or -status (more, or outside
 *                                        the world); 24 bytes each: f64 tile_x, f64 tile_y,
 *                                        i32 level, u8 x0, y0, x1, y1 (inclusive pixels)
 *
 *   mask_alloc() -> ptr                  empty
 *   mask_free(mask)
 *   mask_add(mask, stroke, first_point, level, tile_x, tile_y) -> ptr
 *                                        points [first_point - 1, count) as one tile sees them; i32 x0, y0, x1, y1
 *                                        of what that may have changed, valid until the next call
 *   mask_merge(from, to, x0, y0, x1, y1) what `from` holds there becomes part of `to`, as if its points had been
 *                                        added, all but its last end: for points that are shown and then taken back
 *   mask_rect(mask) -> ptr               i32 x0, y0, x1, y1, half-open; empty when x0 >= x1
 *   mask_composite(mask, tool, color, under, tile)
 *                                        under + ink -> tile inside the mask's rectangle (may be
 *                                        the same tile); outside it `tile` is not written
 *   mask_composite_in(mask, tool, color, under, tile, x0, y0, x1, y1)
 *                                        the same, inside this rectangle too
 *   mask_clear(mask)                     costs only its rectangle
 *
 * A live stroke: keep a `base` tile and a `shown` copy; per frame mask_add the new points, tile_copy what that
 * changed from `base`, mask_composite_in there, and draw it. When it is
 * committed, composite base -> base, and clear the mask. */
#if defined(__wasm__)

#include "ink_internal.h"

#define EXPORT(name) __attribute__((export_name(#name))) name
#define PAGE_BYTES 65536u

struct slot {
    struct kolam_stroke stroke;
    struct kolam_op_room room;
    uint8_t text[KOLAM_TEXT_BYTES_MAX];
};

struct flat_home {
    double x, y;
    int32_t level;
    uint8_t x0, y0, x1, y1;
};

struct free_block {
    struct free_block *next;
};

struct pool {
    uint32_t size_bytes;
    struct free_block *free;
};

extern uint8_t __heap_base;

/* One thread, one module: its state is the browser tab's. */
static uint8_t *heap_end;
static struct pool tiles = {KOLAM_TILE_PIXELS * sizeof(uint32_t), NULL};
static struct pool masks = {sizeof(struct kolam_ink_mask), NULL};
static struct pool slots = {sizeof(struct slot), NULL};
static uint8_t scratch_bytes[KOLAM_OP_BYTES_MAX] __attribute__((aligned(16)));
static struct kolam_home home_room[KOLAM_STROKE_HOMES_MAX];
static int32_t changed_rect[4];

/* The compiler may call these for an assignment; each is one instruction with bulk memory. */
void *memset(void *to, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);

void *memset(void *to, int value, size_t size) {
    return __builtin_memset(to, value, size);
}

void *memcpy(void *to, const void *from, size_t size) {
    return __builtin_memcpy(to, from, size);
}

void *memmove(void *to, const void *from, size_t size) {
    return __builtin_memmove(to, from, size);
}

static void *pool_take(struct pool *pool) {
    struct free_block *block = pool->free;
    if (block != NULL) {
        pool->free = block->next;
        __builtin_memset(block, 0, pool->size_bytes);
        return block;
    }
    if (heap_end == NULL) {
        heap_end = &__heap_base;
    }
    uintptr_t start = ((uintptr_t)heap_end + 15) & ~(uintptr_t)15;
    uint64_t end = (uint64_t)start + pool->size_bytes;
    uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) * PAGE_BYTES;
    if (end > have) {
        uint64_t pages = (end - have + PAGE_BYTES - 1) / PAGE_BYTES;
        if (__builtin_wasm_memory_grow(0, (size_t)pages) == (size_t)-1) {
            return NULL;
        }
    }
    heap_end = (uint8_t *)start + pool->size_bytes;
    return (void *)start; /* fresh memory is zero */
}

static void pool_give(struct pool *pool, void *memory) {
    struct free_block *block = memory;
    if (block != NULL) {
        block->next = pool->free;
        pool->free = block;
    }
}

uint32_t EXPORT(raster_version)(void) {
    return KOLAM_INK_VERSION;
}

void *EXPORT(scratch)(void) {
    return scratch_bytes;
}

uint32_t *EXPORT(tile_alloc)(void) {
    return pool_take(&tiles);
}

void EXPORT(tile_free)(uint32_t *tile) {
    pool_give(&tiles, tile);
}

void EXPORT(tile_clear)(uint32_t *tile) {
    __builtin_memset(tile, 0, KOLAM_TILE_PIXELS * sizeof *tile);
}

void EXPORT(tile_copy)(const uint32_t *from, uint32_t *to, int32_t x0, int32_t y0, int32_t x1,
                       int32_t y1) {
    for (int32_t y = y0; y < y1 && x0 < x1; y++) {
        int32_t first = y * KOLAM_TILE_PX + x0;
        __builtin_memcpy(to + first, from + first, (size_t)(x1 - x0) * sizeof *to);
    }
}

void EXPORT(tile_to_rgba)(const uint32_t *tile, int32_t x0, int32_t y0, int32_t x1, int32_t y1,
                          uint8_t *out_rgba) {
    for (int32_t y = y0; y < y1 && x0 < x1; y++) {
        kolam_ink_to_rgba(tile + y * KOLAM_TILE_PX + x0, (uint32_t)(x1 - x0), out_rgba);
        out_rgba += (x1 - x0) * 4;
    }
}

void EXPORT(tile_from_rgba)(const uint8_t *rgba, uint32_t *tile) {
    kolam_ink_from_rgba(rgba, KOLAM_TILE_PIXELS, tile);
}

void EXPORT(tile_downsample)(const uint32_t *child, int32_t quadrant, uint32_t *parent) {
    kolam_ink_downsample(child, quadrant, parent);
}

struct slot *EXPORT(stroke_alloc)(void) {
    return pool_take(&slots);
}

void EXPORT(stroke_free)(struct slot *slot) {
    pool_give(&slots, slot);
}

void EXPORT(stroke_begin)(struct slot *slot, int32_t level, double tile_x, double tile_y,
                          int32_t tool, uint32_t color, uint32_t width) {
    slot->stroke = (struct kolam_stroke){
        .origin = {.x = (int64_t)tile_x, .y = (int64_t)tile_y, .level = level},
        .tool = (enum kolam_tool)tool,
        .color = color,
        .width = width,
        .part_count = 1,
        .points = slot->room.points,
    };
    if (tool == KOLAM_TOOL_FILL) {
        slot->stroke.contour_count = 1;
        slot->stroke.contour_sizes = slot->room.contour_sizes;
        slot->room.contour_sizes[0] = 0;
    }
}

void EXPORT(stroke_next_contour)(struct slot *slot) {
    struct kolam_stroke *stroke = &slot->stroke;
    if (stroke->contour_count > 0 && stroke->contour_count < KOLAM_CONTOURS_MAX &&
        stroke->contour_sizes[stroke->contour_count - 1] > 0) {
        stroke->contour_sizes[stroke->contour_count++] = 0;
    }
}

void EXPORT(stroke_set_text)(struct slot *slot, const uint8_t *bytes, uint32_t size_bytes) {
    if (size_bytes <= KOLAM_TEXT_BYTES_MAX) {
        __builtin_memcpy(slot->text, bytes, size_bytes);
        slot->stroke.text = slot->text;
        slot->stroke.text_size_bytes = size_bytes;
    }
}

void EXPORT(stroke_set_part)(struct slot *slot, uint32_t part, uint32_t part_count) {
    slot->stroke.part = part;
    slot->stroke.part_count = part_count;
}

void EXPORT(stroke_set_start)(struct slot *slot, double start_ms) {
    slot->stroke.has_start = true;
    slot->stroke.has_times = true;
    slot->stroke.start_ms = (int64_t)start_ms;
}

uint32_t EXPORT(stroke_push)(struct slot *slot, int32_t x, int32_t y, uint32_t pressure,
                             uint32_t dt_ms) {
    if (slot->stroke.point_count >= KOLAM_STROKE_POINTS_MAX) {
        return 0;
    }
    slot->room.points[slot->stroke.point_count] = (struct kolam_point){
        .x = x,
        .y = y,
        .dt_ms = dt_ms,
        .pressure = (uint8_t)(pressure < 255 ? pressure : 255),
    };
    slot->stroke.has_pressure = slot->stroke.has_pressure || pressure < 255;
    if (slot->stroke.contour_count > 0) {
        slot->stroke.contour_sizes[slot->stroke.contour_count - 1]++;
    }
    return ++slot->stroke.point_count;
}

void EXPORT(stroke_truncate)(struct slot *slot, uint32_t count) {
    struct kolam_stroke *stroke = &slot->stroke;
    while (stroke->contour_count > 0 && stroke->point_count > count) {
        uint32_t *size = &stroke->contour_sizes[stroke->contour_count - 1];
        uint32_t surplus = stroke->point_count - count;
        uint32_t less = *size < surplus ? *size : surplus;
        *size -= less;
        stroke->point_count -= less;
        stroke->contour_count -= *size == 0 && stroke->contour_count > 1;
    }
    if (count < stroke->point_count) {
        stroke->point_count = count;
    }
}

int32_t EXPORT(stroke_decode)(struct slot *slot, const uint8_t *bytes, uint32_t size_bytes) {
    struct kolam_op op;
    enum kolam_status status = kolam_op_decode(bytes, size_bytes, &slot->room, &op);
    if (status == KOLAM_OK && op.kind != KOLAM_OP_STROKE) {
        status = KOLAM_ERR_INVALID;
    }
    if (status == KOLAM_OK) {
        slot->stroke = op.stroke;
        slot->stroke.text = slot->text; /* the bytes are the caller's */
        if (op.stroke.text_size_bytes > 0) {
            __builtin_memcpy(slot->text, op.stroke.text, op.stroke.text_size_bytes);
        }
    }
    return (int32_t)status;
}

int32_t EXPORT(stroke_encode)(const struct slot *slot, uint8_t *bytes, uint32_t capacity_bytes) {
    struct kolam_op op = {.kind = KOLAM_OP_STROKE, .stroke = slot->stroke};
    size_t size_bytes = 0;
    enum kolam_status status = kolam_op_encode(&op, bytes, capacity_bytes, &size_bytes);
    return status == KOLAM_OK ? (int32_t)size_bytes : -(int32_t)status;
}

int32_t EXPORT(stroke_homes)(const struct slot *slot, struct flat_home *out) {
    uint32_t count = 0;
    enum kolam_status status = kolam_stroke_homes(&slot->stroke, home_room, &count);
    for (uint32_t i = 0; status == KOLAM_OK && i < count; i++) {
        const struct kolam_home *home = &home_room[i];
        out[i] = (struct flat_home){
            .x = (double)home->tile.x,
            .y = (double)home->tile.y,
            .level = home->tile.level,
            .x0 = home->x0,
            .y0 = home->y0,
            .x1 = home->x1,
            .y1 = home->y1,
        };
    }
    return status == KOLAM_OK ? (int32_t)count : -(int32_t)status;
}

int32_t EXPORT(stroke_level)(const struct slot *slot) {
    return slot->stroke.origin.level;
}

double EXPORT(stroke_tile_x)(const struct slot *slot) {
    return (double)slot->stroke.origin.x;
}

double EXPORT(stroke_tile_y)(const struct slot *slot) {
    return (double)slot->stroke.origin.y;
}

uint32_t EXPORT(stroke_tool)(const struct slot *slot) {
    return (uint32_t)slot->stroke.tool;
}

uint32_t EXPORT(stroke_color)(const struct slot *slot) {
    return slot->stroke.color;
}

uint32_t EXPORT(stroke_width)(const struct slot *slot) {
    return slot->stroke.width;
}

uint32_t EXPORT(stroke_part)(const struct slot *slot) {
    return slot->stroke.part;
}

uint32_t EXPORT(stroke_part_count)(const struct slot *slot) {
    return slot->stroke.part_count;
}

uint32_t EXPORT(stroke_contour_count)(const struct slot *slot) {
    return slot->stroke.contour_count;
}

uint32_t *EXPORT(stroke_contours)(const struct slot *slot) {
    return slot->stroke.contour_sizes;
}

uint32_t EXPORT(stroke_point_count)(const struct slot *slot) {
    return slot->stroke.point_count;
}

struct kolam_point *EXPORT(stroke_points)(const struct slot *slot) {
    return slot->stroke.points;
}

/* Rectangles are x0, y0, x1, y1, half-open, as they lie in a mask. */
static void clip_rect(int32_t *rect, const int32_t *to) {
    for (int i = 0; i < 2; i++) {
        rect[i] = rect[i] > to[i] ? rect[i] : to[i];
        rect[i + 2] = rect[i + 2] < to[i + 2] ? rect[i + 2] : to[i + 2];
    }
}

static void grow_rect(int32_t *rect, const int32_t *by) {
    bool was_empty = rect[0] >= rect[2] || rect[1] >= rect[3];
    for (int i = 0; i < 2 && by[0] < by[2]; i++) {
        rect[i] = was_empty || by[i] < rect[i] ? by[i] : rect[i];
        rect[i + 2] = was_empty || by[i + 2] > rect[i + 2] ? by[i + 2] : rect[i + 2];
    }
}

struct kolam_ink_mask *EXPORT(mask_alloc)(void) {
    return pool_take(&masks);
}

void EXPORT(mask_free)(struct kolam_ink_mask *mask) {
    pool_give(&masks, mask);
}

/* Thin ink's last end lies inside what the next segment touches, so where it was counts as changed, too. */
int32_t *EXPORT(mask_add)(struct kolam_ink_mask *mask, const struct slot *slot,
                          uint32_t first_point, int32_t level, double tile_x, double tile_y) {
    struct kolam_tile_id tile = {.x = (int64_t)tile_x, .y = (int64_t)tile_y, .level = level};
    int32_t before[4];
    __builtin_memcpy(before, &mask->x0, sizeof before);
    bool is_whole = slot->stroke.tool == KOLAM_TOOL_FILL; /* wiped by its own rectangle first */
    if (!is_whole) {
        mask->x0 = mask->y0 = mask->x1 = mask->y1 = 0;
    }
    kolam_ink_add_stroke(mask, &slot->stroke, first_point, tile);
    __builtin_memcpy(changed_rect, &mask->x0, sizeof changed_rect);
    if (is_whole) {
        grow_rect(changed_rect, before);
    } else {
        kolam_ink_grow_dirty(mask, before[0], before[1], before[2], before[3]);
    }
    return changed_rect;
}

void EXPORT(mask_merge)(const struct kolam_ink_mask *from, struct kolam_ink_mask *to, int32_t x0,
                        int32_t y0, int32_t x1, int32_t y1) {
    int32_t rect[4] = {x0, y0, x1, y1};
    clip_rect(rect, &from->x0);
    for (int32_t y = rect[1]; y < rect[3]; y++) {
        for (int32_t x = rect[0]; x < rect[2]; x++) {
            int32_t at = y * KOLAM_TILE_PX + x;
            if (from->coverage[at] > to->coverage[at]) {
                to->coverage[at] = from->coverage[at];
            }
            if (from->is_thin) {
                uint32_t sum = from->area[at] + to->area[at]; /* at most 2^31 */
                to->area[at] = sum < AREA_FULL ? sum : AREA_FULL;
            }
        }
    }
    to->is_thin = to->is_thin || from->is_thin;
    kolam_ink_grow_dirty(to, rect[0], rect[1], rect[2], rect[3]);
}

int32_t *EXPORT(mask_rect)(struct kolam_ink_mask *mask) {
    return &mask->x0;
}

void EXPORT(mask_composite)(const struct kolam_ink_mask *mask, int32_t tool, uint32_t color,
                            const uint32_t *under, uint32_t *tile) {
    kolam_ink_composite_onto(mask, (enum kolam_tool)tool, color, under, tile);
}

void EXPORT(mask_composite_in)(struct kolam_ink_mask *mask, int32_t tool, uint32_t color,
                               const uint32_t *under, uint32_t *tile, int32_t x0, int32_t y0,
                               int32_t x1, int32_t y1) {
    int32_t whole[4], rect[4] = {x0, y0, x1, y1};
    __builtin_memcpy(whole, &mask->x0, sizeof whole);
    clip_rect(rect, whole);
    __builtin_memcpy(&mask->x0, rect, sizeof rect);
    kolam_ink_composite_onto(mask, (enum kolam_tool)tool, color, under, tile);
    __builtin_memcpy(&mask->x0, whole, sizeof whole);
}

void EXPORT(mask_clear)(struct kolam_ink_mask *mask) {
    kolam_ink_mask_clear(mask);
}

#else

/* Nothing for the server: an empty file is not C. */
typedef int kolam_ink_wasm_is_for_the_browser;

#endif
