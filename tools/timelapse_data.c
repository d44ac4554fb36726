/* Frames from a folder. Of each tile the version at the frame's seq tells whether it changed; only rows of the picture
 * with changed tiles are drawn again, and each tile begins where the frame before left it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "canvas_files.h"
#include "kolam/alloc.h"
#include "tile_memory.h"
#include "timelapse.h"
#include "tool.h"

#define TILE_MEMORY_BYTES ((size_t)128 << 20)

struct folder_source {
    struct kolam_frame_source base;
    const struct kolam_timelapse *timelapse;
    struct kolam_folder *folder;
    struct kolam_canvas_files files;
    struct kolam_tile_store *memory;
    struct kolam_raster *raster; /* on top of `memory` */
    struct kolam_export_options options;
    /* The tiles of the region: */
    int32_t level;
    int64_t tile_x0, tile_y0;
    uint32_t columns, rows;
    uint64_t *versions; /* of the frame drawn last */
    bool has_frame;
    uint32_t *tile; /* pixels of one */
};

static struct folder_source *source_of(struct kolam_frame_source *source) {
    return (struct folder_source *)source;
}

static bool is_interrupted(void *ctx) {
    const struct folder_source *source = ctx;
    return kolam_signals_arrived(source->timelapse->signals_fd);
}

/* ---- moments and strokes ---- */

static enum kolam_status folder_resolve(struct kolam_frame_source *base, const char *option,
                                        const char *text, struct kolam_frame_moment *out_moment,
                                        struct kolam_error *error) {
    struct folder_source *source = source_of(base);
    const struct kolam_canvas_info *info = &source->files.info;
    uint64_t seq = text ? (info->base_seq > 0 ? info->base_seq : 1) : info->last_seq;
    int64_t time_ms;
    enum kolam_status status = KOLAM_OK;
    if (text && strcmp(text, KOLAM_FRAME_FIRST) != 0) {
        status = kolam_wall_resolve(source->files.reader, option, text, &seq, error);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_reader_time_of(source->files.reader, seq, &time_ms);
    if (status != KOLAM_OK) {
        return seq == 0 ? kolam_fail(error, status, "nothing was drawn on %s yet",
                                     source->timelapse->wall.canvas)
                        : kolam_fail(error, status, "reading seq %llu: %s", (unsigned long long)seq,
                                     kolam_status_text(status));
    }
    *out_moment = (struct kolam_frame_moment){seq, time_ms};
    return KOLAM_OK;
}

struct seq_list {
    uint64_t *seqs;
    size_t count, capacity;
    bool has_failed;
};

static bool add_seq(void *ctx, const struct kolam_selected *selected) {
    struct seq_list *list = ctx;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? list->capacity * 2 : 1024;
        uint64_t *grown = kolam_realloc_array(list->seqs, capacity, sizeof *grown);
        if (!grown) {
            list->has_failed = true;
            return false;
        }
        list->seqs = grown;
        list->capacity = capacity;
    }
    list->seqs[list->count++] = selected->row->seq;
    return true;
}

static enum kolam_status folder_strokes(struct kolam_frame_source *base, uint64_t after_seq,
                                        uint64_t to_seq, uint64_t **out_seqs, size_t *out_count,
                                        struct kolam_error *error) {
    struct folder_source *source = source_of(base);
    struct kolam_selection selection = {.area.rect = kolam_timelapse_rect(source->timelapse),
                                        .from_seq = after_seq + 1,
                                        .to_seq = to_seq};
    struct seq_list list = {0};
    struct kolam_history *history;
    enum kolam_status status = kolam_history_create(source->files.reader, &history);
    if (status == KOLAM_OK) {
        status = kolam_history_select(history, &selection, add_seq, &list);
        kolam_history_destroy(history);
    }
    status = list.has_failed ? KOLAM_ERR_NOMEM : status;
    if (status != KOLAM_OK) {
        kolam_free(list.seqs);
        return status == KOLAM_ERR_FULL
                   ? kolam_fail(error, status, "too much was drawn there; use a smaller --rect")
                   : kolam_fail(error, status, "looking: %s", kolam_status_text(status));
    }
    *out_seqs = list.seqs;
    *out_count = list.count;
    return KOLAM_OK;
}

static enum kolam_status folder_seq_at(struct kolam_frame_source *base, int64_t time_ms,
                                       uint64_t *out_seq, struct kolam_error *error) {
    enum kolam_status status = kolam_reader_seq_at(source_of(base)->files.reader, time_ms, out_seq);
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "%s", kolam_status_text(status));
}

/* ---- drawing ---- */

/* Draws the tile once, into memory; tells whether it is another than in the frame before. */
static enum kolam_status update_tile(struct folder_source *source, uint32_t row, uint32_t column,
                                     uint64_t seq, bool *is_changed) {
    struct kolam_tile_id tile = {source->tile_x0 + column, source->tile_y0 + row, source->level};
    struct kolam_tile_picture picture = {0};
    uint64_t *version = &source->versions[(size_t)row * source->columns + column];
    uint64_t now = 0;
    if (!kolam_tile_is_valid(tile)) { /* a picture's last pixel may lie beyond the world's edge */
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_raster_version(source->raster, tile, seq, &now);
    if (status != KOLAM_OK || (source->has_frame && now == *version)) {
        return status;
    }
    status =
        kolam_raster_tile(source->raster, tile, seq, source->tile, &picture.seq, &picture.is_empty);
    if (status == KOLAM_OK) {
        *version = now;
        *is_changed = true;
        /* Without memory for it, it is drawn again when the rows are. */
        (void)!kolam_tile_store_put(source->memory, tile, &picture, source->tile);
    }
    return status;
}

/* The picture's rows that read from a row of tiles, and one more on each side for rounding. */
static void rows_of(const struct folder_source *source, uint32_t row, uint32_t *out_first,
                    uint32_t *out_end) {
    const struct kolam_region *region = &source->options.region;
    double height = source->timelapse->height;
    double step = ldexp(1, source->level) / region->scale;
    double top = (double)(source->tile_y0 + row) * KOLAM_TILE_PX - ldexp(region->y, source->level);
    double first = floor(top / step) - 1, end = ceil((top + KOLAM_TILE_PX) / step) + 1;
    *out_first = first <= 0 ? 0 : first >= height ? (uint32_t)height : (uint32_t)first;
    *out_end = end <= 0 ? 0 : end >= height ? (uint32_t)height : (uint32_t)end;
}

static enum kolam_status folder_draw(struct kolam_frame_source *base, uint64_t seq,
                                     uint32_t *pixels, struct kolam_error *error) {
    struct folder_source *source = source_of(base);
    enum kolam_status status = KOLAM_OK;
    uint32_t drawn_end = 0;
    uint32_t changed_first = UINT32_MAX, changed_end = 0;
    for (uint32_t row = 0; row < source->rows && status == KOLAM_OK; row++) {
        bool is_changed = false;
        for (uint32_t column = 0; column < source->columns && status == KOLAM_OK; column++) {
            status = update_tile(source, row, column, seq, &is_changed);
        }
        if (is_changed) {
            uint32_t first, end;
            rows_of(source, row, &first, &end);
            changed_first = first < changed_first ? first : changed_first;
            changed_end = end > changed_end ? end : changed_end;
        }
    }
    drawn_end = changed_end;
    if (status == KOLAM_OK && changed_first < drawn_end) {
        source->options.at_seq = seq;
        status = kolam_export_rows(source->raster, &source->options, changed_first, drawn_end,
                                   pixels + (size_t)changed_first * source->timelapse->width);
    }
    source->has_frame = true;
    return status == KOLAM_OK ? KOLAM_OK
           : status == KOLAM_ERR_CLOSED
               ? kolam_fail(error, status, "interrupted")
               : kolam_fail(error, status, "drawing a frame: %s", kolam_status_text(status));
}

/* ---- making ---- */

static void folder_destroy(struct kolam_frame_source *base) {
    struct folder_source *source = source_of(base);
    kolam_raster_destroy(source->raster);
    kolam_tile_store_destroy(source->memory);
    if (source->files.reader) {
        kolam_canvas_files_close(&source->files);
    }
    kolam_folder_close(source->folder);
    kolam_free(source->versions);
    kolam_free(source->tile);
    kolam_free(source);
}

static enum kolam_status prepare(struct folder_source *source) {
    struct kolam_rect rect = kolam_timelapse_rect(source->timelapse);
    source->level = rect.level;
    source->tile_x0 = kolam_floor_shift(rect.x0, KOLAM_TILE_SHIFT);
    source->tile_y0 = kolam_floor_shift(rect.y0, KOLAM_TILE_SHIFT);
    source->columns =
        (uint32_t)(kolam_floor_shift(rect.x1 - 1, KOLAM_TILE_SHIFT) - source->tile_x0 + 1);
    source->rows =
        (uint32_t)(kolam_floor_shift(rect.y1 - 1, KOLAM_TILE_SHIFT) - source->tile_y0 + 1);
    source->versions =
        kolam_alloc_zero((size_t)source->columns * source->rows, sizeof *source->versions);
    source->tile = kolam_alloc(KOLAM_TILE_PIXELS * sizeof *source->tile);
    source->memory = kolam_tile_memory_create(source->files.store, TILE_MEMORY_BYTES);
    if (!source->versions || !source->tile || !source->memory) {
        return KOLAM_ERR_NOMEM;
    }
    return kolam_raster_create(source->files.reader, source->memory, &source->raster);
}

static enum kolam_status open_files(struct folder_source *source, struct kolam_error *error) {
    const struct kolam_wall *wall = &source->timelapse->wall;
    enum kolam_status status = kolam_folder_open_read_only(wall->data, &source->folder, error);
    if (status == KOLAM_OK) {
        status = kolam_canvas_files_open(source->folder, wall->canvas, &source->files, error);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = prepare(source);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s", kolam_status_text(status));
    }
    kolam_raster_set_cancel(source->raster, is_interrupted, source);
    return KOLAM_OK;
}

enum kolam_status kolam_frame_source_folder(const struct kolam_timelapse *timelapse,
                                            struct kolam_frame_source **out_source,
                                            struct kolam_error *error) {
    static const struct kolam_frame_source_ops ops = {.destroy = folder_destroy,
                                                      .resolve = folder_resolve,
                                                      .strokes = folder_strokes,
                                                      .seq_at = folder_seq_at,
                                                      .draw = folder_draw};
    struct folder_source *source = kolam_alloc_zero(1, sizeof *source);
    if (!source) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    source->base.ops = &ops;
    source->timelapse = timelapse;
    source->options = (struct kolam_export_options){.region = timelapse->region,
                                                    .has_ground = timelapse->has_ground,
                                                    .ground = timelapse->ground,
                                                    .side_max = KOLAM_TIMELAPSE_SIDE_MAX};
    enum kolam_status status = open_files(source, error);
    if (status != KOLAM_OK) {
        folder_destroy(&source->base);
        return status;
    }
    *out_source = &source->base;
    return KOLAM_OK;
}
