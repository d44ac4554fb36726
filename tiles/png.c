/* PNG out, through libpng: a tile at once for HTTP, a picture of any size row by row for exports.
 *
 * libpng reports failure by longjmp. So every call into it goes through `guarded`, the only place
 * with a setjmp, and everything that must survive the jump lives in the writer. Filters are off:
 * on drawings they cost four times the time and make the files larger. */
#include "kolam/png.h"

#include <png.h>
#include <string.h>
#include <zlib.h>

#include "kolam/alloc.h"
#include "kolam/geometry.h"
#include "kolam/ink.h"

#define PALETTE_MAX 256
#define PALETTE_SLOTS 1024 /* a power of two, four times the colours: short probes */
/* Deflate levels. On 654 tiles of the development corpus, levels -8 to 0, nine in ten of them with more than
 * 256 colours: level 1 makes 26.6 KB in 1.96 ms, 2 25.5 KB in 1.99 ms, 3 24.3 KB in 2.45 ms, 6 22.0 KB in 4.77 ms. */
#define TILE_DEFLATE_LEVEL 2
#define PICTURE_DEFLATE_LEVEL 3
/* libpng makes an IDAT chunk of each full buffer. */
#define IDAT_BYTES 32768
#define KEY_BYTES_MAX 79

struct kolam_png_writer {
    png_structp png;
    png_infop info;
    kolam_png_write *write;
    void *ctx;
    enum kolam_status status; /* the first failure; nothing is written after it */
    uint32_t width, height, rows_done;
    bool is_opaque;
    uint8_t *rgba; /* one row on its way out */
};

/* ---- libpng's callbacks ---- */

static void on_error(png_structp png, png_const_charp message) {
    (void)message;
    struct kolam_png_writer *writer = png_get_error_ptr(png);
    if (writer->status == KOLAM_OK) {
        writer->status = KOLAM_ERR_INVALID;
    }
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static png_voidp on_malloc(png_structp png, png_alloc_size_t size_bytes) {
    void *block = kolam_alloc(size_bytes);
    if (!block) {
        struct kolam_png_writer *writer = png_get_mem_ptr(png);
        writer->status = KOLAM_ERR_NOMEM;
    }
    return block;
}

static void on_free(png_structp png, png_voidp block) {
    (void)png;
    kolam_free(block);
}

static void on_write(png_structp png, png_bytep bytes, size_t size_bytes) {
    struct kolam_png_writer *writer = png_get_io_ptr(png);
    if (!writer->write(writer->ctx, bytes, size_bytes)) {
        writer->status = KOLAM_ERR_IO;
        png_error(png, "write refused");
    }
}

static void on_flush(png_structp png) {
    (void)png; /* the receiver knows when it has to */
}

/* ---- the writer, shared by both uses ---- */

static enum kolam_status guarded(struct kolam_png_writer *writer,
                                 void (*step)(struct kolam_png_writer *writer, const void *arg),
                                 const void *arg) {
    if (writer->status != KOLAM_OK) {
        return writer->status;
    }
    if (setjmp(png_jmpbuf(writer->png))) {
        return writer->status;
    }
    step(writer, arg);
    return KOLAM_OK;
}

static enum kolam_status writer_init(struct kolam_png_writer *writer, kolam_png_write *write,
                                     void *ctx) {
    *writer = (struct kolam_png_writer){.write = write, .ctx = ctx};
    writer->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, writer, on_error, on_warning,
                                            writer, on_malloc, on_free);
    if (!writer->png) {
        return KOLAM_ERR_NOMEM;
    }
    writer->info = png_create_info_struct(writer->png);
    if (!writer->info) {
        png_destroy_write_struct(&writer->png, NULL);
        return KOLAM_ERR_NOMEM;
    }
    return KOLAM_OK;
}

static void writer_finish(struct kolam_png_writer *writer) {
    if (writer->png) {
        png_destroy_write_struct(&writer->png, &writer->info);
    }
    kolam_free(writer->rgba);
    writer->rgba = NULL;
}

static void set_up(struct kolam_png_writer *writer, int deflate_level, int bit_depth,
                   int color_type) {
    png_set_write_fn(writer->png, writer, on_write, on_flush);
    png_set_user_limits(writer->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_filter(writer->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_compression_level(writer->png, deflate_level);
    png_set_compression_strategy(writer->png, Z_DEFAULT_STRATEGY);
    png_set_compression_buffer_size(writer->png, IDAT_BYTES);
    png_set_IHDR(writer->png, writer->info, writer->width, writer->height, bit_depth, color_type,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    /* Said once, so that viewers need not guess: the pixels are sRGB. */
    png_set_sRGB(writer->png, writer->info, PNG_sRGB_INTENT_PERCEPTUAL);
}

/* ---- a tile at once ---- */

struct bytes {
    uint8_t *data;
    size_t size_bytes, capacity_bytes;
};

static bool append_bytes(void *ctx, const uint8_t *data, size_t size_bytes) {
    struct bytes *bytes = ctx;
    size_t needed = bytes->size_bytes + size_bytes;
    if (needed > bytes->capacity_bytes) {
        size_t capacity = bytes->capacity_bytes > 0 ? bytes->capacity_bytes : 4096;
        while (capacity < needed) {
            capacity *= 2;
        }
        uint8_t *grown = kolam_realloc_array(bytes->data, capacity, 1);
        if (!grown) {
            return false;
        }
        bytes->data = grown;
        bytes->capacity_bytes = capacity;
    }
    memcpy(bytes->data + bytes->size_bytes, data, size_bytes);
    bytes->size_bytes = needed;
    return true;
}

/* A tile as palette and indices; `slots` is a small open hash from colour to index + 1. */
struct palette {
    uint32_t colors[PALETTE_MAX]; /* premultiplied */
    uint32_t count;
    uint32_t slot_colors[PALETTE_SLOTS];
    uint16_t slots[PALETTE_SLOTS];
    uint8_t indices[KOLAM_TILE_PIXELS];
};

/* The colour's index, or -1 when it would be the 257th. */
static int palette_index(struct palette *palette, uint32_t color) {
    uint32_t slot = (color * 2654435761u) >> 22;
    while (palette->slots[slot] != 0) {
        if (palette->slot_colors[slot] == color) {
            return palette->slots[slot] - 1;
        }
        slot = (slot + 1) % PALETTE_SLOTS;
    }
    if (palette->count == PALETTE_MAX) {
        return -1;
    }
    palette->colors[palette->count++] = color;
    palette->slot_colors[slot] = color;
    palette->slots[slot] = (uint16_t)palette->count;
    return (int)palette->count - 1;
}

/* False when the tile has too many colours. */
static bool palette_build(struct palette *palette, const uint32_t *pixels) {
    palette->count = 0;
    memset(palette->slots, 0, sizeof palette->slots);
    uint32_t last = ~pixels[0];
    int index = 0;
    for (uint32_t i = 0; i < KOLAM_TILE_PIXELS; i++) {
        if (pixels[i] != last) { /* long runs of one colour are the rule */
            last = pixels[i];
            index = palette_index(palette, last);
            if (index < 0) {
                return false;
            }
        }
        palette->indices[i] = (uint8_t)index;
    }
    return true;
}

static int palette_bit_depth(uint32_t count) {
    return count <= 2 ? 1 : count <= 4 ? 2 : count <= 16 ? 4 : 8;
}

static void set_palette(struct kolam_png_writer *writer, const struct palette *palette) {
    uint8_t rgba[PALETTE_MAX * 4];
    kolam_ink_to_rgba(palette->colors, palette->count, rgba);
    png_color colors[PALETTE_MAX];
    png_byte alphas[PALETTE_MAX];
    int alpha_count = 0;
    for (uint32_t i = 0; i < palette->count; i++) {
        colors[i] = (png_color){rgba[4 * i], rgba[4 * i + 1], rgba[4 * i + 2]};
        alphas[i] = rgba[4 * i + 3];
        if (alphas[i] != 255) {
            alpha_count = (int)i + 1; /* later ones are opaque without being listed */
        }
    }
    png_set_PLTE(writer->png, writer->info, colors, (int)palette->count);
    if (alpha_count > 0) {
        png_set_tRNS(writer->png, writer->info, alphas, alpha_count, NULL);
    }
}

static void write_palette_tile(struct kolam_png_writer *writer, const void *arg) {
    const struct palette *palette = arg;
    set_up(writer, TILE_DEFLATE_LEVEL, palette_bit_depth(palette->count), PNG_COLOR_TYPE_PALETTE);
    set_palette(writer, palette);
    png_write_info(writer->png, writer->info);
    png_set_packing(writer->png);
    for (uint32_t y = 0; y < KOLAM_TILE_PX; y++) {
        png_write_row(writer->png, palette->indices + y * KOLAM_TILE_PX);
    }
    png_write_end(writer->png, NULL);
}

static void write_rgba_tile(struct kolam_png_writer *writer, const void *arg) {
    const uint32_t *pixels = arg;
    uint8_t rgba[KOLAM_TILE_PX * 4];
    set_up(writer, TILE_DEFLATE_LEVEL, 8, PNG_COLOR_TYPE_RGB_ALPHA);
    png_write_info(writer->png, writer->info);
    for (uint32_t y = 0; y < KOLAM_TILE_PX; y++) {
        kolam_ink_to_rgba(pixels + y * KOLAM_TILE_PX, KOLAM_TILE_PX, rgba);
        png_write_row(writer->png, rgba);
    }
    png_write_end(writer->png, NULL);
}

enum kolam_status kolam_png_encode_tile(const uint32_t *pixels, uint8_t **out_bytes,
                                        size_t *out_size_bytes) {
    struct palette *palette = kolam_alloc(sizeof *palette);
    if (!palette) {
        return KOLAM_ERR_NOMEM;
    }
    struct bytes bytes = {0};
    struct kolam_png_writer writer;
    enum kolam_status status = writer_init(&writer, append_bytes, &bytes);
    if (status == KOLAM_OK) {
        writer.width = KOLAM_TILE_PX;
        writer.height = KOLAM_TILE_PX;
        status = palette_build(palette, pixels) ? guarded(&writer, write_palette_tile, palette)
                                                : guarded(&writer, write_rgba_tile, pixels);
        writer_finish(&writer);
    }
    kolam_free(palette);
    if (status != KOLAM_OK) {
        kolam_free(bytes.data);
        /* A refused write is append_bytes without memory. */
        return status == KOLAM_ERR_IO ? KOLAM_ERR_NOMEM : status;
    }
    *out_bytes = bytes.data;
    *out_size_bytes = bytes.size_bytes;
    return KOLAM_OK;
}

/* ---- a picture row by row ---- */

struct begin_args {
    const struct kolam_png_text *texts;
    size_t text_count;
};

static bool is_ascii(const char *text) {
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80) {
            return false;
        }
    }
    return true;
}

static void write_begin(struct kolam_png_writer *writer, const void *arg) {
    const struct begin_args *args = arg;
    set_up(writer, PICTURE_DEFLATE_LEVEL, 8,
           writer->is_opaque ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA);
    for (size_t i = 0; i < args->text_count; i++) {
        /* tEXt is Latin-1: what goes beyond ASCII travels as iTXt, which is UTF-8. libpng copies. */
        png_text text = {
            .compression = is_ascii(args->texts[i].value) ? PNG_TEXT_COMPRESSION_NONE
                                                          : PNG_ITXT_COMPRESSION_NONE,
            .key = (png_charp)(uintptr_t)args->texts[i].key,
            .text = (png_charp)(uintptr_t)args->texts[i].value,
        };
        png_set_text(writer->png, writer->info, &text, 1);
    }
    png_write_info(writer->png, writer->info);
}

enum kolam_status kolam_png_begin(uint32_t width, uint32_t height, bool is_opaque,
                                  const struct kolam_png_text *texts, size_t text_count,
                                  kolam_png_write *write, void *ctx,
                                  struct kolam_png_writer **out_writer) {
    if (width == 0 || height == 0 || width > PNG_UINT_31_MAX || height > PNG_UINT_31_MAX) {
        return KOLAM_ERR_INVALID;
    }
    for (size_t i = 0; i < text_count; i++) {
        size_t key_bytes = strlen(texts[i].key);
        if (key_bytes == 0 || key_bytes > KEY_BYTES_MAX) {
            return KOLAM_ERR_INVALID;
        }
    }
    struct kolam_png_writer *writer = kolam_alloc(sizeof *writer);
    if (!writer) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = writer_init(writer, write, ctx);
    if (status != KOLAM_OK) {
        kolam_free(writer);
        return status;
    }
    writer->width = width;
    writer->height = height;
    writer->is_opaque = is_opaque;
    writer->rgba = kolam_alloc_array(width, 4);
    struct begin_args args = {texts, text_count};
    status = writer->rgba ? guarded(writer, write_begin, &args) : KOLAM_ERR_NOMEM;
    if (status != KOLAM_OK) {
        kolam_png_abort(writer);
        return status;
    }
    *out_writer = writer;
    return KOLAM_OK;
}

static void write_row(struct kolam_png_writer *writer, const void *arg) {
    kolam_ink_to_rgba(arg, writer->width, writer->rgba);
    if (writer->is_opaque) {
        for (size_t i = 0; i < writer->width; i++) {
            memmove(writer->rgba + 3 * i, writer->rgba + 4 * i, 3);
        }
    }
    png_write_row(writer->png, writer->rgba);
}

enum kolam_status kolam_png_row(struct kolam_png_writer *writer, const uint32_t *row) {
    if (writer->rows_done == writer->height) {
        return KOLAM_ERR_INVALID;
    }
    writer->rows_done++;
    return guarded(writer, write_row, row);
}

static void write_end(struct kolam_png_writer *writer, const void *arg) {
    (void)arg;
    png_write_end(writer->png, writer->info);
}

enum kolam_status kolam_png_end(struct kolam_png_writer *writer) {
    enum kolam_status status =
        writer->rows_done == writer->height ? guarded(writer, write_end, NULL) : KOLAM_ERR_INVALID;
    kolam_png_abort(writer);
    return status;
}

void kolam_png_abort(struct kolam_png_writer *writer) {
    if (writer) {
        writer_finish(writer);
        kolam_free(writer);
    }
}
