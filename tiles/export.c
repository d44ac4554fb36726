/* A region of a canvas as one picture, row by row, whatever its size.
 *
 * The region is read from the tiles of one level: that of the scale when the scale is a power of two
 * (pixels are then copied as they are), else the next finer one, whose pixels are averaged by area. A
 * `band` holds one row of tiles; rows of the picture only ever move down, so each tile is drawn once.
 * Averaging is in integers: the weights along an axis are 1/65,536 of a source pixel. */
#include "kolam/export.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kolam/alloc.h"
#include "kolam/command.h"

#define WEIGHT_SHIFT 16
#define WEIGHT_ONE (INT64_C(1) << WEIGHT_SHIFT)

/* The coarsest level that is at least as fine as `scale`: ceil(log2(scale)), exactly. */
static int32_t level_for(double scale, bool *out_is_exact) {
    int exponent;
    double mantissa =
        frexp(scale, &exponent); /* scale = mantissa * 2^exponent, 0.5 <= mantissa < 1 */
    *out_is_exact = mantissa == 0.5;
    return *out_is_exact ? exponent - 1 : exponent;
}

/* ---- the source: pixels of one level, a row of tiles at a time ---- */

struct band {
    struct kolam_raster *raster;
    uint64_t at_seq;
    int32_t level;
    int64_t x0;              /* first source column */
    int64_t tile_x0, tile_y; /* which row of tiles is held */
    uint32_t tile_count;
    bool is_loaded;
    uint32_t *tile;   /* one tile on its way in */
    uint32_t *pixels; /* tile_count * 256 wide, 256 high */
};

static enum kolam_status band_init(struct band *band, int64_t x0, uint64_t width) {
    int64_t tile_x0 = kolam_floor_shift(x0, KOLAM_TILE_SHIFT);
    int64_t tile_x1 = kolam_floor_shift(x0 + (int64_t)width - 1, KOLAM_TILE_SHIFT);
    size_t tile_count = (size_t)(tile_x1 - tile_x0 + 1);
    band->x0 = x0;
    band->tile_x0 = tile_x0;
    band->tile_count = (uint32_t)tile_count;
    band->tile = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof *band->tile);
    band->pixels = kolam_alloc_array(tile_count, KOLAM_TILE_PIXELS * sizeof *band->pixels);
    return band->tile && band->pixels ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

static void band_finish(struct band *band) {
    kolam_free(band->tile);
    kolam_free(band->pixels);
}

static enum kolam_status band_load_tile(struct band *band, uint32_t column) {
    struct kolam_tile_id tile = {band->tile_x0 + column, band->tile_y, band->level};
    uint64_t seq;
    bool is_empty = true;
    if (kolam_tile_is_valid(tile)) { /* a picture's last pixel may lie beyond the world's edge */
        enum kolam_status status =
            kolam_raster_tile(band->raster, tile, band->at_seq, band->tile, &seq, &is_empty);
        if (status != KOLAM_OK) {
            return status;
        }
    }
    size_t stride = (size_t)band->tile_count * KOLAM_TILE_PX;
    uint32_t *out = band->pixels + (size_t)column * KOLAM_TILE_PX;
    for (size_t y = 0; y < KOLAM_TILE_PX; y++, out += stride) {
        if (is_empty) {
            memset(out, 0, KOLAM_TILE_PX * sizeof *out);
        } else {
            memcpy(out, band->tile + y * KOLAM_TILE_PX, KOLAM_TILE_PX * sizeof *out);
        }
    }
    return KOLAM_OK;
}

/* Row `y` of the level from column x0 on; valid until the next call. Rows are asked for from top to
 * bottom. */
static enum kolam_status band_row(struct band *band, int64_t y, const uint32_t **out_row) {
    int64_t tile_y = kolam_floor_shift(y, KOLAM_TILE_SHIFT);
    if (!band->is_loaded || tile_y != band->tile_y) {
        band->tile_y = tile_y;
        band->is_loaded = false;
        for (uint32_t column = 0; column < band->tile_count; column++) {
            enum kolam_status status = band_load_tile(band, column);
            if (status != KOLAM_OK) {
                return status;
            }
        }
        band->is_loaded = true;
    }
    size_t row = (size_t)(y - tile_y * KOLAM_TILE_PX);
    *out_row = band->pixels + row * band->tile_count * KOLAM_TILE_PX +
               (size_t)(band->x0 - band->tile_x0 * KOLAM_TILE_PX);
    return KOLAM_OK;
}

/* ---- averaging by area ---- */

/* Where the picture's pixels begin on one axis, in 1/65,536 source pixels from the first one. */
struct axis {
    double offset; /* of the picture's edge from the first source pixel's, 0 <= offset < 1 */
    double step;   /* source pixels a picture pixel, 1 < step < 2 */
};

static int64_t axis_at(const struct axis *axis, uint32_t index) {
    return llrint((axis->offset + index * axis->step) * (double)WEIGHT_ONE);
}

struct sums {
    uint64_t channels[4];
};

struct resampler {
    struct axis across, down;
    uint32_t width;
    int64_t row; /* the source row whose sums are in row_sums, or -1 */
    struct sums *row_sums, *all_sums;
};

static void add_pixel(struct sums *sums, uint32_t pixel, uint64_t weight) {
    for (int channel = 0; channel < 4; channel++) {
        sums->channels[channel] += weight * (pixel >> (8 * channel) & 0xff);
    }
}

/* Sums one source row into the columns of the picture. */
static void sum_row(struct resampler *resampler, const uint32_t *row) {
    int64_t begin = axis_at(&resampler->across, 0);
    for (uint32_t x = 0; x < resampler->width; x++) {
        int64_t end = axis_at(&resampler->across, x + 1);
        struct sums sums = {{0}};
        for (int64_t column = begin >> WEIGHT_SHIFT; column << WEIGHT_SHIFT < end; column++) {
            int64_t left = column << WEIGHT_SHIFT, right = left + WEIGHT_ONE;
            left = left < begin ? begin : left;
            right = right > end ? end : right;
            add_pixel(&sums, row[column], (uint64_t)(right - left));
        }
        resampler->row_sums[x] = sums;
        begin = end;
    }
}

static void add_row_sums(struct resampler *resampler, uint64_t weight) {
    for (uint32_t x = 0; x < resampler->width; x++) {
        for (int channel = 0; channel < 4; channel++) {
            resampler->all_sums[x].channels[channel] +=
                weight * resampler->row_sums[x].channels[channel];
        }
    }
}

/* Rounds to nearest. The same rounding for alpha and colour keeps colour <= alpha. */
static void divide_sums(const struct resampler *resampler, uint64_t height, uint32_t *out_row) {
    int64_t begin = axis_at(&resampler->across, 0);
    for (uint32_t x = 0; x < resampler->width; x++) {
        int64_t end = axis_at(&resampler->across, x + 1);
        uint64_t area = (uint64_t)(end - begin) * height;
        const uint64_t *channels = resampler->all_sums[x].channels;
        uint32_t pixel = 0;
        if (channels[3] > 0) { /* premultiplied: without alpha there is no colour either */
            for (int channel = 0; channel < 4; channel++) {
                pixel |= (uint32_t)((channels[channel] + area / 2) / area) << (8 * channel);
            }
        }
        out_row[x] = pixel;
        begin = end;
    }
}

/* Row `y` of the picture; `y0` is the level's row at which the source begins. */
static enum kolam_status resample_row(struct resampler *resampler, struct band *band, int64_t y0,
                                      uint32_t y, uint32_t *out_row) {
    int64_t begin = axis_at(&resampler->down, y), end = axis_at(&resampler->down, y + 1);
    memset(resampler->all_sums, 0, resampler->width * sizeof *resampler->all_sums);
    for (int64_t row = begin >> WEIGHT_SHIFT; row << WEIGHT_SHIFT < end; row++) {
        if (row != resampler->row) { /* two rows of the picture may share one of the source */
            const uint32_t *pixels;
            enum kolam_status status = band_row(band, y0 + row, &pixels);
            if (status != KOLAM_OK) {
                return status;
            }
            sum_row(resampler, pixels);
            resampler->row = row;
        }
        int64_t top = row << WEIGHT_SHIFT, bottom = top + WEIGHT_ONE;
        top = top < begin ? begin : top;
        bottom = bottom > end ? end : bottom;
        add_row_sums(resampler, (uint64_t)(bottom - top));
    }
    divide_sums(resampler, (uint64_t)(end - begin), out_row);
    return KOLAM_OK;
}

/* ---- the picture ---- */

struct picture {
    const struct kolam_export_options *options;
    uint32_t width, height;
    bool is_copied; /* the scale is a power of two */
    int64_t y0;
    struct band band;
    struct resampler resampler;
    uint32_t *row;
};

static enum kolam_status picture_init(struct picture *picture) {
    const struct kolam_region *region = &picture->options->region;
    struct band *band = &picture->band;
    band->level = level_for(region->scale, &picture->is_copied);
    double left = ldexp(region->x, band->level), top = ldexp(region->y, band->level);
    int64_t x0 = (int64_t)floor(left);
    picture->y0 = (int64_t)floor(top);
    uint64_t source_width = picture->width;
    if (!picture->is_copied) {
        struct resampler *resampler = &picture->resampler;
        double step = ldexp(1, band->level) / region->scale;
        resampler->across = (struct axis){left - floor(left), step};
        resampler->down = (struct axis){top - floor(top), step};
        resampler->width = picture->width;
        resampler->row = -1;
        resampler->row_sums = kolam_alloc_array(picture->width, sizeof *resampler->row_sums);
        resampler->all_sums = kolam_alloc_array(picture->width, sizeof *resampler->all_sums);
        if (!resampler->row_sums || !resampler->all_sums) {
            return KOLAM_ERR_NOMEM;
        }
        int64_t end = axis_at(&resampler->across, picture->width);
        source_width = (uint64_t)(end + WEIGHT_ONE - 1) >> WEIGHT_SHIFT;
    }
    picture->row = kolam_alloc_array(picture->width, sizeof *picture->row);
    return picture->row ? band_init(band, x0, source_width) : KOLAM_ERR_NOMEM;
}

static void picture_finish(struct picture *picture) {
    band_finish(&picture->band);
    kolam_free(picture->resampler.row_sums);
    kolam_free(picture->resampler.all_sums);
    kolam_free(picture->row);
}

/* The ink over an opaque ground, rounded as pixman does. */
static void lay_on_ground(uint32_t *row, uint32_t width, uint32_t ground) {
    for (uint32_t x = 0; x < width; x++) {
        uint32_t left = 255 - (row[x] >> 24);
        uint32_t pixel = 0xff000000u;
        for (int shift = 0; shift < 24; shift += 8) {
            uint32_t product = (ground >> shift & 0xff) * left + 0x80;
            uint32_t below = (product + (product >> 8)) >> 8;
            pixel |= ((row[x] >> shift & 0xff) + below) << shift;
        }
        row[x] = pixel;
    }
}

static enum kolam_status picture_row(struct picture *picture, uint32_t y) {
    enum kolam_status status;
    if (picture->is_copied) {
        const uint32_t *source;
        status = band_row(&picture->band, picture->y0 + y, &source);
        if (status == KOLAM_OK) {
            memcpy(picture->row, source, picture->width * sizeof *picture->row);
        }
    } else {
        status = resample_row(&picture->resampler, &picture->band, picture->y0, y, picture->row);
    }
    if (status == KOLAM_OK && picture->options->has_ground) {
        lay_on_ground(picture->row, picture->width, picture->options->ground);
    }
    return status;
}

static enum kolam_status write_rows(struct picture *picture, struct kolam_png_writer *writer) {
    const struct kolam_export_options *options = picture->options;
    for (uint32_t y = 0; y < picture->height; y++) {
        enum kolam_status status = picture_row(picture, y);
        if (status == KOLAM_OK) {
            status = kolam_png_row(writer, picture->row);
        }
        if (status != KOLAM_OK) {
            return status;
        }
        if (options->progress &&
            !options->progress(options->progress_ctx, y + 1, picture->height)) {
            return KOLAM_ERR_CLOSED;
        }
    }
    return KOLAM_OK;
}

/* ---- text chunks ---- */

struct labels {
    char time[40], seq[24];
};

/* Tells the state that is drawn: its seq, and when that op was committed, so that the same state always
 * gives the same bytes. */
static enum kolam_status find_labels(struct kolam_reader *reader, uint64_t at_seq,
                                     struct labels *out_labels) {
    struct kolam_canvas_info info;
    enum kolam_status status = kolam_reader_info(reader, &info);
    if (status != KOLAM_OK) {
        return status;
    }
    uint64_t seq = at_seq < info.last_seq ? at_seq : info.last_seq;
    int64_t time_ms = info.created_ms;
    if (seq > 0) {
        status = kolam_reader_time_of(reader, seq, &time_ms);
        if (status != KOLAM_OK) {
            return status;
        }
    }
    time_t seconds = (time_t)kolam_floor_div(time_ms, 1000);
    struct tm utc;
    if (!gmtime_r(&seconds, &utc) || strftime(out_labels->time, sizeof out_labels->time,
                                              "%a, %d %b %Y %H:%M:%S +0000", &utc) == 0) {
        out_labels->time[0] = '\0';
    }
    snprintf(out_labels->seq, sizeof out_labels->seq, "%llu", (unsigned long long)seq);
    return KOLAM_OK;
}

static enum kolam_status begin_png(const struct picture *picture, const struct labels *labels,
                                   kolam_png_write *write, void *write_ctx,
                                   struct kolam_png_writer **out_writer) {
    struct kolam_png_text texts[4] = {{"Software", "kolam " KOLAM_VERSION},
                                      {"Creation Time", labels->time},
                                      {"kolam:canvas-seq", labels->seq}};
    size_t count = 3;
    if (picture->options->title) {
        texts[count++] = (struct kolam_png_text){"Title", picture->options->title};
    }
    return kolam_png_begin(picture->width, picture->height, picture->options->has_ground, texts,
                           count, write, write_ctx, out_writer);
}

static enum kolam_status export_pinned(struct picture *picture, struct kolam_reader *reader,
                                       kolam_png_write *write, void *write_ctx) {
    struct labels labels;
    enum kolam_status status = find_labels(reader, picture->options->at_seq, &labels);
    if (status != KOLAM_OK) {
        return status;
    }
    status = picture_init(picture);
    struct kolam_png_writer *writer = NULL;
    if (status == KOLAM_OK) {
        status = begin_png(picture, &labels, write, write_ctx, &writer);
    }
    if (status == KOLAM_OK) {
        status = write_rows(picture, writer);
    }
    if (status == KOLAM_OK) {
        status = kolam_png_end(writer);
    } else {
        kolam_png_abort(writer);
    }
    picture_finish(picture);
    return status;
}

int32_t kolam_export_level(double scale) {
    bool is_exact;
    return level_for(scale, &is_exact);
}

enum kolam_status kolam_export_rows(struct kolam_raster *raster,
                                    const struct kolam_export_options *options, uint32_t first_row,
                                    uint32_t end_row, uint32_t *out_pixels) {
    struct picture picture = {
        .options = options,
        .band = {.raster = raster, .at_seq = options->at_seq},
    };
    enum kolam_status status =
        kolam_region_size(&options->region, options->side_max, &picture.width, &picture.height);
    if (status == KOLAM_OK && (first_row > end_row || end_row > picture.height)) {
        status = KOLAM_ERR_INVALID;
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = picture_init(&picture);
    for (uint32_t y = first_row; y < end_row && status == KOLAM_OK; y++) {
        status = picture_row(&picture, y);
        if (status == KOLAM_OK) {
            memcpy(out_pixels + (size_t)(y - first_row) * picture.width, picture.row,
                   picture.width * sizeof *picture.row);
        }
    }
    picture_finish(&picture);
    return status;
}

enum kolam_status kolam_export_png(struct kolam_raster *raster, struct kolam_reader *reader,
                                   const struct kolam_export_options *options,
                                   kolam_png_write *write, void *write_ctx,
                                   struct kolam_error *error) {
    struct picture picture = {
        .options = options,
        .band = {.raster = raster, .at_seq = options->at_seq},
    };
    enum kolam_status status =
        kolam_region_size(&options->region, options->side_max, &picture.width, &picture.height);
    if (status == KOLAM_ERR_FULL) {
        return kolam_fail(error, status,
                          "the picture would be over %u pixels wide or high; use a "
                          "smaller rectangle or scale",
                          options->side_max);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "the rectangle or the scale is outside the world");
    }
    status = kolam_reader_begin(reader);
    if (status == KOLAM_OK) {
        status = export_pinned(&picture, reader, write, write_ctx);
        kolam_reader_end(reader);
    }
    return status == KOLAM_OK
               ? KOLAM_OK
               : kolam_fail(error, status, "drawing the picture: %s", kolam_status_text(status));
}
