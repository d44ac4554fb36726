/* What the past answers. A worker's part: each function fills the job's `json` or `records` within the reader's
 * begin/end. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "history_job.h"
#include "json.h"
#include "kolam/json_text.h"
#include "kolam/alloc.h"
#include "protocol_out.h"

static enum kolam_status take_json(struct kolam_history_job *job, json_t *object) {
    job->json = kolam_json_text(object);
    json_decref(object);
    return job->json ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

static enum kolam_status time_of(struct kolam_reader *reader, uint64_t seq, int64_t *out_time_ms) {
    enum kolam_status status = kolam_reader_time_of(reader, seq, out_time_ms);
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_ERR_CORRUPT : status; /* seqs have no gaps */
}

/* ---- moment ---- */

enum kolam_status kolam_history_answer_moment(struct kolam_history_job *job,
                                              struct kolam_worker_canvas *canvas,
                                              struct kolam_history *history) {
    uint64_t seq;
    int64_t time_ms = 0;
    (void)history;
    enum kolam_status status =
        kolam_moment_resolve(canvas->reader, &job->moment, job->now_ms, &seq, &job->error);
    if (status == KOLAM_OK) {
        status = time_of(canvas->reader, seq, &time_ms);
    }
    return status == KOLAM_OK ? take_json(job, json_pack("{sI sI}", "seq", (json_int_t)seq, "time",
                                                         (json_int_t)time_ms))
                              : status;
}

/* ---- activity ---- */

static json_t *counts_json(const uint32_t *counts, int64_t count) {
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++) {
        json_array_append_new(list, json_integer(counts[i]));
    }
    return list;
}

enum kolam_status kolam_history_answer_activity(struct kolam_history_job *job,
                                                struct kolam_worker_canvas *canvas,
                                                struct kolam_history *history) {
    struct kolam_canvas_info info;
    uint32_t counts[KOLAM_BUCKETS_MAX] = {0};
    int64_t first_ms = job->now_ms;
    enum kolam_status status = kolam_reader_info(canvas->reader, &info);
    if (status == KOLAM_OK && info.last_seq > 0) {
        status = time_of(canvas->reader, info.base_seq > 0 ? info.base_seq : 1, &first_ms);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    int64_t last_ms = info.last_seq > 0 ? info.last_time_ms : job->now_ms;
    int64_t from_ms = job->from >= 0 ? job->from : first_ms;
    int64_t to_ms = job->to >= 0 ? job->to : (last_ms > job->now_ms ? last_ms : job->now_ms) + 1;
    if (from_ms >= to_ms) {
        return kolam_fail(&job->error, KOLAM_ERR_INVALID, "from must be before to");
    }
    status = kolam_history_activity(history, &job->rect, from_ms, to_ms,
                                    (uint32_t)job->bucket_count, counts);
    if (status != KOLAM_OK) {
        return status;
    }
    return take_json(job, json_pack("{sI sI sI sI so}", "from", (json_int_t)from_ms, "to",
                                    (json_int_t)to_ms, "first", (json_int_t)first_ms, "last",
                                    (json_int_t)last_ms, "counts",
                                    counts_json(counts, job->bucket_count)));
}

/* ---- at ---- */

struct blame {
    struct kolam_history_job *job;
    uint32_t count;
    struct kolam_drawing
        found[KOLAM_HISTORY_BLAME_MAX]; /* names are asked of the same reader, after */
};

static bool take_found(void *ctx, const struct kolam_drawing *drawing) {
    struct blame *blame = ctx;
    blame->found[blame->count++] = *drawing;
    return blame->count < KOLAM_HISTORY_BLAME_MAX &&
           !atomic_load_explicit(&blame->job->is_gone, memory_order_relaxed);
}

/* Whether who asks has voted about it; NULL, which is left out, for who is nobody here. */
static json_t *voted_json(const struct kolam_history_job *job, uint64_t stroke_seq) {
    if (job->veil.eyes.own_count == 0) {
        return NULL;
    }
    for (uint32_t i = 0; i < job->voted_count; i++) {
        if (job->voted[i] == stroke_seq) {
            return json_true();
        }
    }
    return json_false();
}

static json_t *found_json(const struct kolam_drawing *found, const char *name, json_t *voted) {
    char color[16];
    snprintf(color, sizeof(color), "#%08" PRIx32, found->color);
    return json_pack(
        "{sI sI sI sI ss ss ss sf si sI sb so* so so}", "seq", (json_int_t)found->seq, "parts",
        (json_int_t)found->part_count, "time", (json_int_t)found->time_ms, "artist",
        (json_int_t)found->artist, "name", name, "tool", kolam_tool_name(found->tool), "color",
        color, "width", (double)found->width / KOLAM_WIDTH_UNIT_PER_PX, "level", found->level,
        "points", (json_int_t)found->point_count, "hidden", found->is_hidden, "voted", voted,
        "drawn",
        found->has_drawn
            ? json_pack("[II]", (json_int_t)found->drawn_from_ms, (json_int_t)found->drawn_to_ms)
            : json_null(),
        "box",
        json_pack("[oooo]", kolam_json_decimal(found->box.x0), kolam_json_decimal(found->box.y0),
                  kolam_json_decimal(found->box.x1), kolam_json_decimal(found->box.y1)));
}

static enum kolam_status name_found(struct kolam_reader *reader, struct blame *blame,
                                    json_t *list) {
    for (uint32_t i = 0; i < blame->count; i++) {
        struct kolam_author author = {.name = ""};
        struct kolam_drawing *found = &blame->found[i];
        found->artist = kolam_veil_artist(&blame->job->veil.eyes, found->artist, found->is_quiet);
        enum kolam_status status = found->artist == KOLAM_NOBODY
                                       ? KOLAM_OK
                                       : kolam_reader_artist(reader, found->artist, &author);
        if (status != KOLAM_OK) {
            return status == KOLAM_ERR_NOT_FOUND ? KOLAM_ERR_CORRUPT : status;
        }
        json_t *voted = voted_json(blame->job, found->first_seq);
        if (json_array_append_new(list, found_json(found, author.name, voted)) != 0) {
            return KOLAM_ERR_NOMEM;
        }
    }
    return KOLAM_OK;
}

enum kolam_status kolam_history_answer_at(struct kolam_history_job *job,
                                          struct kolam_worker_canvas *canvas,
                                          struct kolam_history *history) {
    struct kolam_canvas_info info;
    struct blame *blame = kolam_alloc_zero(1, sizeof(*blame));
    json_t *list = json_array();
    enum kolam_status status = blame && list ? KOLAM_OK : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        blame->job = job;
        status = kolam_history_blame(history, job->level, job->x, job->y, (uint32_t)job->slack,
                                     take_found, blame);
    }
    if (status == KOLAM_OK) {
        status = name_found(canvas->reader, blame, list);
    }
    if (status == KOLAM_OK) {
        status = kolam_reader_info(canvas->reader, &info);
    }
    if (status == KOLAM_OK) {
        status = take_json(job, json_pack("{sO so}", "strokes", list, "base",
                                          kolam_json_base(info.base_seq, info.base_time_ms)));
    }
    json_decref(list);
    kolam_free(blame);
    return status;
}

/* ---- strokes ---- */

struct gathered {
    struct kolam_history_job *job;
    uint8_t *bytes;
    size_t used, capacity;
    int64_t count;
    uint64_t last_seq;
    enum kolam_status status;
};

static bool append(struct gathered *gathered, const struct kolam_bytes *record) {
    if (gathered->used + record->size > gathered->capacity) {
        size_t capacity = 2 * (gathered->used + record->size);
        uint8_t *grown = kolam_realloc_array(gathered->bytes, capacity, 1);
        if (!grown) {
            return false;
        }
        gathered->bytes = grown;
        gathered->capacity = capacity;
    }
    memcpy(gathered->bytes + gathered->used, record->data, record->size);
    gathered->used += record->size;
    return true;
}

static struct kolam_bytes *record_of(const struct kolam_server *server,
                                     const struct kolam_selected *selected, uint32_t artist) {
    const struct kolam_log_row *row = selected->row;
    const uint32_t part = selected->stroke->part;
    const bool is_nobodys = artist == KOLAM_NOBODY;
    const struct kolam_out_op_head head = {
        .seq = row->seq,
        .nonce =
            is_nobodys ? kolam_veil_nonce(server, row->nonce, row->counter - part) : row->nonce,
        .replaces = row->replaces,
        .time_ms = row->time_ms,
        .artist = artist,
        .counter = is_nobodys ? part : row->counter,
        .body = row->body,
        .body_size_bytes = row->body_size_bytes};
    return kolam_out_op_head(&head);
}

static bool take_stroke(void *ctx, const struct kolam_selected *selected) {
    struct gathered *gathered = ctx;
    struct kolam_history_job *job = gathered->job;
    const uint32_t artist =
        kolam_veil_artist(&job->veil.eyes, selected->row->artist, selected->is_quiet);
    if ((selected->is_hidden && !job->with_hidden) || (job->artist != 0 && job->artist != artist)) {
        return true;
    }
    if (gathered->count == job->limit || gathered->used >= KOLAM_HISTORY_STROKE_BYTES) {
        job->more_seq = gathered->last_seq;
        return false;
    }
    struct kolam_bytes *record = record_of(job->canvas->server, selected, artist);
    if (!record || !append(gathered, record)) {
        gathered->status = KOLAM_ERR_NOMEM;
    }
    kolam_bytes_unref(record);
    gathered->count++;
    gathered->last_seq = selected->row->seq;
    return gathered->status == KOLAM_OK &&
           !atomic_load_explicit(&job->is_gone, memory_order_relaxed);
}

enum kolam_status kolam_history_answer_strokes(struct kolam_history_job *job,
                                               struct kolam_worker_canvas *canvas,
                                               struct kolam_history *history) {
    struct gathered gathered = {.job = job};
    uint32_t artist = (uint32_t)job->artist;
    struct kolam_selection selection = {
        .area.rect = job->rect,
        .from_seq = (uint64_t)(job->after >= job->from ? job->after + 1 : job->from),
        .to_seq = (uint64_t)job->to,
        .artists = artist != 0 ? &artist : NULL,
        .artist_count = artist != 0 ? 1 : 0,
        .is_paged = true,
    };
    job->base_seq = kolam_reader_base_seq(canvas->reader);
    if (selection.to_seq <= job->base_seq) {
        return kolam_fail(&job->error, KOLAM_ERR_GONE,
                          "those strokes are gone: this canvas's history was flattened up to seq "
                          "%" PRIu64,
                          job->base_seq);
    }
    enum kolam_status status = kolam_history_select(history, &selection, take_stroke, &gathered);
    status = status == KOLAM_OK ? gathered.status : status;
    if (status == KOLAM_OK) {
        job->records = kolam_bytes_copy(gathered.bytes, gathered.used);
        status = job->records ? KOLAM_OK : KOLAM_ERR_NOMEM;
    }
    kolam_free(gathered.bytes);
    return status;
}
