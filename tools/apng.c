/* An animated PNG from still ones. Each frame is encoded as a picture of its own; its IDAT chunks become the first frame's
 * IDAT or a later one's fdAT, which is the same behind a sequence number. All frames share one IHDR, so all are encoded
 * with the same pixel format. Memory is the frame before and the encoded frame. */
#include "apng.h"

#include <string.h>
#include <zlib.h>

#include "kolam/alloc.h"

#define SIGNATURE_BYTES 8
#define CHUNK_OVERHEAD 12
#define TICKS_MAX 65535

struct kolam_apng {
    struct kolam_apng_options options;
    uint32_t frames_done, sequence;
    uint32_t *previous; /* the frame before */
    uint8_t *encoded;   /* one still picture on its way out */
    size_t encoded_bytes, encoded_capacity;
};

enum kolam_status kolam_apng_create(const struct kolam_apng_options *options,
                                    struct kolam_apng **out_apng) {
    if (options->width == 0 || options->height == 0 || options->frame_count == 0 ||
        options->fps == 0 || options->fps > TICKS_MAX) {
        return KOLAM_ERR_INVALID;
    }
    struct kolam_apng *apng = kolam_alloc_zero(1, sizeof *apng);
    if (!apng) {
        return KOLAM_ERR_NOMEM;
    }
    apng->options = *options;
    apng->previous =
        kolam_alloc_array(options->height, (size_t)options->width * sizeof *apng->previous);
    if (!apng->previous) {
        kolam_free(apng);
        return KOLAM_ERR_NOMEM;
    }
    *out_apng = apng;
    return KOLAM_OK;
}

void kolam_apng_destroy(struct kolam_apng *apng) {
    if (apng) {
        kolam_free(apng->previous);
        kolam_free(apng->encoded);
        kolam_free(apng);
    }
}

/* ---- chunks ---- */

static void put_u32(uint8_t *out, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint32_t get_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static enum kolam_status put(struct kolam_apng *apng, const void *bytes, size_t size_bytes) {
    return apng->options.write(apng->options.ctx, bytes, size_bytes) ? KOLAM_OK : KOLAM_ERR_IO;
}

/* A chunk whose data are `first` and then `rest`. */
static enum kolam_status put_chunk(struct kolam_apng *apng, const char type[4],
                                   const uint8_t *first, size_t first_bytes, const uint8_t *rest,
                                   size_t rest_bytes) {
    uint8_t head[8], tail[4];
    put_u32(head, (uint32_t)(first_bytes + rest_bytes));
    memcpy(head + 4, type, 4);
    uLong crc = crc32(0, head + 4, 4);
    if (first_bytes > 0) {
        crc = crc32(crc, first, (uInt)first_bytes);
    }
    if (rest_bytes > 0) {
        crc = crc32(crc, rest, (uInt)rest_bytes);
    }
    put_u32(tail, (uint32_t)crc);
    enum kolam_status status = put(apng, head, sizeof head);
    if (status == KOLAM_OK && first_bytes > 0) {
        status = put(apng, first, first_bytes);
    }
    if (status == KOLAM_OK && rest_bytes > 0) {
        status = put(apng, rest, rest_bytes);
    }
    return status == KOLAM_OK ? put(apng, tail, sizeof tail) : status;
}

struct frame_rect {
    uint32_t x0, y0, x1, y1; /* half-open */
};

/* How many frames there are; 0: they are played again and again. */
static enum kolam_status put_animation_control(struct kolam_apng *apng) {
    uint8_t data[8] = {0};
    put_u32(data, apng->options.frame_count);
    return put_chunk(apng, "acTL", data, sizeof data, NULL, 0);
}

/* Dispose 0: what is shown stays; blend 0: the rectangle replaces what was there, its transparency too. */
static enum kolam_status put_frame_control(struct kolam_apng *apng, struct frame_rect rect,
                                           uint32_t ticks) {
    uint8_t data[26] = {0};
    put_u32(data, apng->sequence++);
    put_u32(data + 4, rect.x1 - rect.x0);
    put_u32(data + 8, rect.y1 - rect.y0);
    put_u32(data + 12, rect.x0);
    put_u32(data + 16, rect.y0);
    data[20] = (uint8_t)(ticks >> 8);
    data[21] = (uint8_t)ticks;
    data[22] = (uint8_t)(apng->options.fps >> 8);
    data[23] = (uint8_t)apng->options.fps;
    return put_chunk(apng, "fcTL", data, sizeof data, NULL, 0);
}

static enum kolam_status put_frame_data(struct kolam_apng *apng, const uint8_t *data,
                                        size_t size_bytes) {
    uint8_t sequence[4];
    if (apng->frames_done == 0) {
        return put_chunk(apng, "IDAT", data, size_bytes, NULL, 0);
    }
    put_u32(sequence, apng->sequence++);
    return put_chunk(apng, "fdAT", sequence, sizeof sequence, data, size_bytes);
}

/* ---- a frame ---- */

static bool append(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct kolam_apng *apng = ctx;
    size_t needed = apng->encoded_bytes + size_bytes;
    if (needed > apng->encoded_capacity) {
        size_t capacity = needed < 65536 ? 65536 : needed + needed / 2;
        uint8_t *grown = kolam_realloc_array(apng->encoded, capacity, 1);
        if (!grown) {
            return false;
        }
        apng->encoded = grown;
        apng->encoded_capacity = capacity;
    }
    memcpy(apng->encoded + apng->encoded_bytes, bytes, size_bytes);
    apng->encoded_bytes = needed;
    return true;
}

static enum kolam_status encode(struct kolam_apng *apng, const uint32_t *pixels,
                                struct frame_rect rect) {
    const struct kolam_apng_options *options = &apng->options;
    struct kolam_png_writer *writer;
    bool is_first = apng->frames_done == 0;
    apng->encoded_bytes = 0;
    enum kolam_status status = kolam_png_begin(
        rect.x1 - rect.x0, rect.y1 - rect.y0, options->is_opaque, is_first ? options->texts : NULL,
        is_first ? options->text_count : 0, append, apng, &writer);
    if (status != KOLAM_OK) {
        return status;
    }
    for (uint32_t y = rect.y0; y < rect.y1 && status == KOLAM_OK; y++) {
        status = kolam_png_row(writer, pixels + (size_t)y * options->width + rect.x0);
    }
    if (status != KOLAM_OK) {
        kolam_png_abort(writer);
    } else {
        status = kolam_png_end(writer);
    }
    return status == KOLAM_ERR_IO ? KOLAM_ERR_NOMEM : status; /* `append` refused */
}

/* Passes on one chunk of the encoded picture. Of later frames only the data are wanted. */
static enum kolam_status pass_on(struct kolam_apng *apng, const uint8_t *chunk, uint32_t size_bytes,
                                 struct frame_rect rect, uint32_t ticks, bool *has_data) {
    const char *type = (const char *)chunk + 4;
    bool is_first = apng->frames_done == 0;
    enum kolam_status status = KOLAM_OK;
    if (memcmp(type, "IDAT", 4) == 0) {
        if (!*has_data) {
            *has_data = true;
            status = put_frame_control(apng, rect, ticks);
        }
        return status == KOLAM_OK ? put_frame_data(apng, chunk + 8, size_bytes) : status;
    }
    if (!is_first || memcmp(type, "IEND", 4) == 0) {
        return KOLAM_OK;
    }
    status = put(apng, chunk, (size_t)size_bytes + CHUNK_OVERHEAD);
    return status == KOLAM_OK && memcmp(type, "IHDR", 4) == 0 ? put_animation_control(apng)
                                                              : status;
}

/* The smallest rectangle that holds all that is different; one pixel if nothing is. */
static struct frame_rect changed_rect(const struct kolam_apng *apng, const uint32_t *pixels) {
    uint32_t width = apng->options.width, height = apng->options.height;
    struct frame_rect rect = {width, height, 0, 0};
    for (uint32_t y = 0; y < height; y++) {
        const uint32_t *now = pixels + (size_t)y * width;
        const uint32_t *before = apng->previous + (size_t)y * width;
        if (memcmp(now, before, width * sizeof *now) == 0) {
            continue;
        }
        uint32_t x0 = 0, x1 = width;
        while (now[x0] == before[x0]) {
            x0++;
        }
        while (now[x1 - 1] == before[x1 - 1]) {
            x1--;
        }
        rect.x0 = x0 < rect.x0 ? x0 : rect.x0;
        rect.x1 = x1 > rect.x1 ? x1 : rect.x1;
        rect.y0 = y < rect.y0 ? y : rect.y0;
        rect.y1 = y + 1;
    }
    return rect.y1 > 0 ? rect : (struct frame_rect){0, 0, 1, 1};
}

enum kolam_status kolam_apng_frame(struct kolam_apng *apng, const uint32_t *pixels,
                                   uint32_t ticks) {
    struct frame_rect rect = {0, 0, apng->options.width, apng->options.height};
    bool has_data = false;
    if (apng->frames_done == apng->options.frame_count || ticks == 0 || ticks > TICKS_MAX) {
        return KOLAM_ERR_INVALID;
    }
    if (apng->frames_done > 0) {
        rect = changed_rect(apng, pixels);
    }
    enum kolam_status status = encode(apng, pixels, rect);
    if (status == KOLAM_OK && apng->frames_done == 0) {
        status = put(apng, apng->encoded, SIGNATURE_BYTES);
    }
    for (size_t at = SIGNATURE_BYTES; at < apng->encoded_bytes && status == KOLAM_OK;) {
        uint32_t size_bytes = get_u32(apng->encoded + at);
        status = pass_on(apng, apng->encoded + at, size_bytes, rect, ticks, &has_data);
        at += (size_t)size_bytes + CHUNK_OVERHEAD;
    }
    memcpy(apng->previous, pixels,
           (size_t)apng->options.width * apng->options.height * sizeof *pixels);
    apng->frames_done++;
    return status;
}

enum kolam_status kolam_apng_end(struct kolam_apng *apng) {
    return apng->frames_done == apng->options.frame_count
               ? put_chunk(apng, "IEND", NULL, 0, NULL, 0)
               : KOLAM_ERR_INVALID;
}
