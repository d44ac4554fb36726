/* Frames from a server: a snapshot for each state, the strokes of the region for which states there are. */
#include <inttypes.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"
#include "timelapse.h"
#include "wire.h"

#define STROKES_BYTES_MAX ((size_t)256 << 20)
#define STROKES_AT_ONCE 1000

struct server_source {
    struct kolam_frame_source base;
    const struct kolam_timelapse *timelapse;
    uint8_t *rgba;
};

static struct server_source *source_of(struct kolam_frame_source *source) {
    return (struct server_source *)source;
}

/* ---- moments and strokes ---- */

static enum kolam_status ask_moment(const struct server_source *source, const char *text,
                                    struct kolam_frame_moment *out_moment,
                                    struct kolam_error *error) {
    const struct kolam_wall *wall = &source->timelapse->wall;
    char target[KOLAM_WALL_TARGET_MAX], escaped[256];
    json_t *answer;
    if (!kolam_wall_escape(text, escaped, sizeof escaped)) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "a moment is too long");
    }
    snprintf(target, sizeof target, "/api/canvas/%s/moment?at=%s", wall->canvas, escaped);
    enum kolam_status status = kolam_wall_get_json(wall->server, target, &answer, error);
    if (status == KOLAM_OK) {
        out_moment->seq = (uint64_t)json_integer_value(json_object_get(answer, "seq"));
        out_moment->time_ms = json_integer_value(json_object_get(answer, "time"));
        json_decref(answer);
    }
    return status;
}

static enum kolam_status server_resolve(struct kolam_frame_source *base, const char *option,
                                        const char *text, struct kolam_frame_moment *out_moment,
                                        struct kolam_error *error) {
    const struct server_source *source = source_of(base);
    struct kolam_error reason;
    char target[128], seq[24];
    json_t *canvas;
    bool is_first = text && strcmp(text, KOLAM_FRAME_FIRST) == 0;
    if (text && !is_first) {
        enum kolam_status status = ask_moment(source, text, out_moment, &reason);
        return status == KOLAM_OK
                   ? KOLAM_OK
                   : kolam_fail(error, status, "%s %s: %s", option, text, reason.text);
    }
    snprintf(target, sizeof target, "/api/canvas/%s", source->timelapse->wall.canvas);
    enum kolam_status status =
        kolam_wall_get_json(source->timelapse->wall.server, target, &canvas, error);
    if (status != KOLAM_OK) {
        return status;
    }
    json_int_t last_seq = json_integer_value(json_object_get(canvas, "seq"));
    json_int_t base_seq =
        json_integer_value(json_object_get(json_object_get(canvas, "base"), "seq"));
    json_decref(canvas);
    if (last_seq < 1) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "nothing was drawn on %s yet",
                          source->timelapse->wall.canvas);
    }
    snprintf(seq, sizeof seq, "%" JSON_INTEGER_FORMAT,
             is_first ? (base_seq > 0 ? base_seq : 1) : last_seq);
    return ask_moment(source, seq, out_moment, error);
}

struct seq_list {
    uint64_t *seqs; /* rising */
    size_t count, capacity;
};

static enum kolam_status malformed(struct kolam_error *error) {
    return kolam_fail(error, KOLAM_ERR_INVALID, "the server's answer is malformed");
}

/* Of strokes after seq `after`, up to `to`. */
static enum kolam_status add_records(struct seq_list *list, uint64_t after, uint64_t to,
                                     const uint8_t *bytes, size_t size_bytes,
                                     struct kolam_error *error) {
    struct kolam_wire_reader frame = {bytes, bytes + size_bytes, false}, record;
    struct kolam_wire_op op;
    uint8_t type;
    while (size_bytes > 0 && kolam_wire_record(&frame, &type, &record)) {
        if (type != KOLAM_WIRE_OP || kolam_wire_read_op(record, &op) != KOLAM_OK) {
            continue;
        }
        /* What does not rise, or was not asked for, would be asked for without end. */
        if (op.seq <= (list->count > 0 ? list->seqs[list->count - 1] : after) || op.seq > to) {
            return malformed(error);
        }
        if (list->count == list->capacity) {
            size_t capacity = list->capacity > 0 ? list->capacity * 2 : 1024;
            uint64_t *grown = kolam_realloc_array(list->seqs, capacity, sizeof *grown);
            if (!grown) {
                return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
            }
            list->seqs = grown;
            list->capacity = capacity;
        }
        list->seqs[list->count++] = op.seq;
    }
    return size_bytes > 0 && frame.has_failed ? malformed(error) : KOLAM_OK;
}

/* An answer is bounded by strokes and by bytes, so asking ends only when one brings none. */
static enum kolam_status server_strokes(struct kolam_frame_source *base, uint64_t after_seq,
                                        uint64_t to_seq, uint64_t **out_seqs, size_t *out_count,
                                        struct kolam_error *error) {
    const struct server_source *source = source_of(base);
    const struct kolam_rect rect = kolam_timelapse_rect(source->timelapse);
    struct seq_list list = {0};
    enum kolam_status status = KOLAM_OK;
    uint64_t after = after_seq;
    for (bool is_over = false; !is_over && status == KOLAM_OK;) {
        char target[KOLAM_WALL_TARGET_MAX];
        uint8_t *bytes = NULL;
        size_t size_bytes = 0, count_before = list.count;
        snprintf(target, sizeof target,
                 "/api/canvas/%s/strokes?level=%d&x=%" PRId64 "&y=%" PRId64 "&width=%" PRId64
                 "&height=%" PRId64 "&from=%" PRIu64 "&to=%" PRIu64 "&after=%" PRIu64 "&limit=%d",
                 source->timelapse->wall.canvas, (int)rect.level, rect.x0, rect.y0,
                 rect.x1 - rect.x0, rect.y1 - rect.y0, after_seq + 1, to_seq, after,
                 STROKES_AT_ONCE);
        status = kolam_wall_get_bytes(source->timelapse->wall.server, target, STROKES_BYTES_MAX,
                                      &bytes, &size_bytes, error);
        if (status == KOLAM_OK) {
            status = add_records(&list, after, to_seq, bytes, size_bytes, error);
        }
        kolam_free(bytes);
        is_over = list.count == count_before || list.seqs[list.count - 1] >= to_seq;
        after = list.count > 0 ? list.seqs[list.count - 1] : after;
    }
    if (status != KOLAM_OK) {
        kolam_free(list.seqs);
        return status;
    }
    *out_seqs = list.seqs;
    *out_count = list.count;
    return KOLAM_OK;
}

static enum kolam_status server_seq_at(struct kolam_frame_source *base, int64_t time_ms,
                                       uint64_t *out_seq, struct kolam_error *error) {
    char text[32];
    struct kolam_frame_moment moment;
    kolam_wall_time_text(time_ms, text);
    enum kolam_status status = ask_moment(source_of(base), text, &moment, error);
    if (status == KOLAM_OK) {
        *out_seq = moment.seq;
    }
    return status;
}

/* ---- drawing ---- */

static enum kolam_status decode(struct server_source *source, const uint8_t *bytes,
                                size_t size_bytes, uint32_t *pixels, struct kolam_error *error) {
    const struct kolam_timelapse *timelapse = source->timelapse;
    png_image image = {.version = PNG_IMAGE_VERSION};
    bool is_fine = png_image_begin_read_from_memory(&image, bytes, size_bytes) &&
                   image.width == timelapse->width && image.height == timelapse->height;
    if (is_fine) {
        image.format = PNG_FORMAT_RGBA;
        is_fine = png_image_finish_read(&image, NULL, source->rgba, 0, NULL) != 0;
    }
    png_image_free(&image);
    if (!is_fine) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "the server's picture is not what was asked for");
    }
    kolam_ink_from_rgba(source->rgba, timelapse->width * timelapse->height, pixels);
    return KOLAM_OK;
}

static enum kolam_status server_draw(struct kolam_frame_source *base, uint64_t seq,
                                     uint32_t *pixels, struct kolam_error *error) {
    struct server_source *source = source_of(base);
    const struct kolam_timelapse *timelapse = source->timelapse;
    const struct kolam_region *region = &timelapse->region;
    char target[KOLAM_WALL_TARGET_MAX], rect[KOLAM_WALL_RECT_MAX], ground[32] = "";
    size_t size_max = (size_t)timelapse->width * timelapse->height * 5 + 65536;
    uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    if (timelapse->has_ground) {
        snprintf(ground, sizeof ground, "&ground=%06" PRIx32, timelapse->ground);
    }
    snprintf(target, sizeof target, "/snapshot.png?canvas=%s&rect=%s&scale=%.17g%s&at=%" PRIu64,
             timelapse->wall.canvas, kolam_wall_rect_text(region, rect), region->scale, ground,
             seq);
    enum kolam_status status =
        kolam_wall_get_bytes(timelapse->wall.server, target, size_max, &bytes, &size_bytes, error);
    if (status == KOLAM_OK) {
        status = decode(source, bytes, size_bytes, pixels, error);
    }
    kolam_free(bytes);
    return status;
}

static void server_destroy(struct kolam_frame_source *base) {
    struct server_source *source = source_of(base);
    kolam_free(source->rgba);
    kolam_free(source);
}

enum kolam_status kolam_frame_source_server(const struct kolam_timelapse *timelapse,
                                            struct kolam_frame_source **out_source,
                                            struct kolam_error *error) {
    static const struct kolam_frame_source_ops ops = {.destroy = server_destroy,
                                                      .resolve = server_resolve,
                                                      .strokes = server_strokes,
                                                      .seq_at = server_seq_at,
                                                      .draw = server_draw};
    struct server_source *source = kolam_alloc_zero(1, sizeof *source);
    if (!source) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    source->base.ops = &ops;
    source->timelapse = timelapse;
    source->rgba = kolam_alloc_array(timelapse->height, (size_t)timelapse->width * 4);
    if (!source->rgba) {
        kolam_free(source);
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    *out_source = &source->base;
    return KOLAM_OK;
}
