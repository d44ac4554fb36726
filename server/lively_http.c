/* GET /api/canvas/<canvas>/lively: the loop copies what its ring holds, and what is under the pen now; a worker finds
 * the places and reads the names. When a canvas was opened the ring is empty: whoever asks first has the worker read the
 * newest strokes of the log, a bounded number, and the ring keeps them. */
#include <string.h>

#include "history_args.h"
#include "json.h"
#include "kolam/alloc.h"
#include "lively.h"
#include "place_http.h"
#include "preview.h"

#define MINUTE_MS 60000
#define MINUTES_DEFAULT 10
#define LIMIT_DEFAULT 16
#define ROOM (KOLAM_LIVELY_STROKES_MAX * 2 + KOLAM_LIVELY_DRAWINGS_MAX)

struct lively_question {
    struct kolam_question base;
    int64_t minutes, limit;
    struct kolam_lively_stroke *strokes; /* ROOM */
    uint32_t count;
    /* To be read from the log: strokes up to this seq. */
    bool must_load;
    uint64_t until_seq;
    struct kolam_lively older;
};

static const char *read_lively(struct kolam_question *base, const char *query, char *out_key,
                               size_t key_capacity) {
    struct lively_question *question = (struct lively_question *)base;
    struct kolam_args args = {.query = query};
    question->minutes = MINUTES_DEFAULT;
    question->limit = LIMIT_DEFAULT;
    kolam_args_number(&args, "minutes", 1, KOLAM_LIVELY_MINUTES_MAX, &question->minutes,
                      "minutes must be 1 to 1440");
    kolam_args_number(&args, "limit", 1, KOLAM_LIVELY_PLACES_MAX, &question->limit,
                      "limit must be 1 to 64");
    snprintf(out_key, key_capacity, "%d %d", (int)question->minutes, (int)question->limit);
    return args.problem;
}

/* ---- the loop's part ---- */

/* The last point under a pen, as large as the pen. */
static struct kolam_extent tip_of(const struct kolam_stroke *stroke) {
    const struct kolam_point *point = &stroke->points[stroke->point_count - 1];
    const int64_t x = stroke->origin.x * KOLAM_TILE_PX + (point->x >> KOLAM_SUB_SHIFT);
    const int64_t y = stroke->origin.y * KOLAM_TILE_PX + (point->y >> KOLAM_SUB_SHIFT);
    const int64_t reach = stroke->width / KOLAM_WIDTH_UNIT_PER_PX / 2 + 1;
    return (struct kolam_extent){x - reach, y - reach, x + reach, y + reach, stroke->origin.level};
}

static void copy_drawings(struct lively_question *question) {
    const struct kolam_canvas *canvas = question->base.canvas;
    const int64_t now_ms = kolam_loop_now_ms(question->base.server->loop);
    uint32_t left = KOLAM_HERE_WALK_MAX, room = KOLAM_LIVELY_DRAWINGS_MAX;
    for (struct kolam_list *link = canvas->here.prev; link != &canvas->here && left > 0;
         link = link->prev, left--) {
        struct kolam_session *session = KOLAM_CONTAINER(link, struct kolam_session, here.link);
        if (now_ms - session->here.moved_ms >= KOLAM_HERE_DRAWING_MS) {
            return; /* the others moved earlier */
        }
        KOLAM_LIST_EACH(&session->previews, struct kolam_preview, link, preview) {
            if (preview->stroke.point_count > 0 && room > 0 && session->artist != 0) {
                question->strokes[question->count++] =
                    (struct kolam_lively_stroke){.time_ms = question->base.now_ms,
                                                 .artist = session->artist,
                                                 .is_drawing = true,
                                                 .extent = tip_of(&preview->stroke)};
                room--;
            }
        }
    }
}

static enum kolam_status prepare_lively(struct kolam_question *base) {
    struct lively_question *question = (struct lively_question *)base;
    const struct kolam_canvas *canvas = base->canvas;
    question->must_load = !canvas->log || !canvas->lively.is_loaded;
    question->until_seq = canvas->log ? canvas->lively.since_seq : UINT64_MAX;
    question->strokes = kolam_alloc_array(ROOM, sizeof(*question->strokes));
    if (!question->strokes) {
        return KOLAM_ERR_NOMEM;
    }
    question->count = kolam_lively_copy(
        &canvas->lively, base->now_ms - question->minutes * MINUTE_MS, question->strokes);
    copy_drawings(question);
    return KOLAM_OK;
}

static void keep_lively(struct kolam_question *base) {
    const struct lively_question *question = (struct lively_question *)base;
    struct kolam_lively *lively = &base->canvas->lively;
    if (question->must_load && base->canvas->log && !lively->is_loaded &&
        lively->since_seq == question->until_seq) {
        kolam_lively_load(lively, &question->older);
    }
}

static void finish_lively(struct kolam_question *base) {
    struct lively_question *question = (struct lively_question *)base;
    kolam_free(question->strokes);
    kolam_lively_finish(&question->older);
}

/* ---- a worker's part ---- */

struct load {
    struct lively_question *question;
    struct kolam_op_room *room;
    struct kolam_home *homes;
};

/* What the ring sees of a commit, made of a row: strokes up to where it began by itself, and what hid them since. */
static bool load_op(void *ctx, const struct kolam_log_row *row) {
    struct load *load = ctx;
    struct lively_question *question = load->question;
    struct kolam_log_op op = {.kind = row->kind,
                              .seq = row->seq,
                              .time_ms = row->time_ms,
                              .replaces = row->replaces,
                              .body = (uint8_t *)(uintptr_t)row->body,
                              .body_size_bytes = row->body_size_bytes,
                              .homes = load->homes};
    struct kolam_op decoded;
    if (row->kind == KOLAM_OP_STROKE &&
        (row->seq > question->until_seq ||
         kolam_op_decode(row->body, row->body_size_bytes, load->room, &decoded) != KOLAM_OK ||
         decoded.kind != KOLAM_OP_STROKE ||
         kolam_stroke_homes(&decoded.stroke, load->homes, &op.home_count) != KOLAM_OK)) {
        return true;
    }
    kolam_lively_commit(&question->older, row->artist, &op, load->room);
    return true;
}

static enum kolam_status load_range(struct load *load, struct kolam_reader *reader) {
    const struct lively_question *question = load->question;
    struct kolam_canvas_info info;
    uint64_t before_seq;
    enum kolam_status status = kolam_reader_info(reader, &info);
    if (status == KOLAM_OK) {
        status = kolam_reader_seq_at(
            reader, question->base.now_ms - KOLAM_LIVELY_MINUTES_MAX * MINUTE_MS, &before_seq);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    const uint64_t until =
        info.last_seq < question->until_seq ? info.last_seq : question->until_seq;
    const uint64_t room = KOLAM_LIVELY_STROKES_MAX;
    const uint64_t from = until > room && until - room > before_seq ? until - room : before_seq;
    const uint64_t to = info.last_seq - until > room ? until + room : info.last_seq;
    return kolam_reader_range(reader, from + 1, to, load_op, load);
}

static enum kolam_status load_older(struct lively_question *question, struct kolam_reader *reader) {
    struct load load = {question, kolam_alloc(sizeof(*load.room)),
                        kolam_alloc_array(KOLAM_STROKE_HOMES_MAX, sizeof(*load.homes))};
    const enum kolam_status status =
        load.room && load.homes ? load_range(&load, reader) : KOLAM_ERR_NOMEM;
    kolam_free(load.room);
    kolam_free(load.homes);
    return status;
}

/* Of what was loaded, that of the time asked for; the order does not matter. */
static void add_older(struct lively_question *question) {
    question->count +=
        kolam_lively_copy(&question->older, question->base.now_ms - question->minutes * MINUTE_MS,
                          question->strokes + question->count);
}

static json_t *artists_json(struct kolam_reader *reader, const struct kolam_lively_place *place) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < place->named_count; i++) {
        struct kolam_author author;
        if (kolam_reader_artist(reader, place->artists[i], &author) == KOLAM_OK) {
            json_array_append_new(
                list,
                json_pack("{sI ss}", "artist", (json_int_t)place->artists[i], "name", author.name));
        }
    }
    return list;
}

static json_t *place_json(struct kolam_reader *reader, const struct kolam_lively_place *place) {
    const struct kolam_extent *box = &place->box;
    return json_pack(
        "{si so so sI sI sI sI sI so sI}", "level", box->level, "x", kolam_json_decimal(box->x0),
        "y", kolam_json_decimal(box->y0), "width", (json_int_t)(box->x1 - box->x0 + 1), "height",
        (json_int_t)(box->y1 - box->y0 + 1), "strokes", (json_int_t)place->strokes, "drawing",
        (json_int_t)place->drawing, "last", (json_int_t)place->last_ms, "artists",
        artists_json(reader, place), "count", (json_int_t)place->artist_count);
}

static void make_nobodys(struct lively_question *question) {
    const struct kolam_veil *veil = &question->base.veil;
    for (uint32_t i = 0; veil->quiet && i < question->count; i++) {
        struct kolam_lively_stroke *stroke = &question->strokes[i];
        const struct kolam_rect rect = kolam_extent_rect(&stroke->extent);
        stroke->artist =
            kolam_veil_artist(&veil->eyes, stroke->artist, kolam_quiet_has(veil->quiet, &rect));
    }
}

static enum kolam_status answer(struct lively_question *question, struct kolam_reader *reader) {
    struct kolam_lively_place places[KOLAM_LIVELY_PLACES_MAX];
    uint32_t count = 0;
    make_nobodys(question);
    enum kolam_status status =
        kolam_lively_find(question->strokes, question->count, question->base.now_ms,
                          question->minutes * MINUTE_MS, (uint32_t)question->limit, places, &count);
    if (status != KOLAM_OK) {
        return status;
    }
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_array_append_new(list, place_json(reader, &places[i]));
    }
    return kolam_question_take_json(
        &question->base,
        json_pack("{sI so}", "now", (json_int_t)question->base.now_ms, "places", list));
}

static enum kolam_status build_lively(struct kolam_question *base, struct kolam_worker *worker) {
    struct lively_question *question = (struct lively_question *)base;
    struct kolam_reader *reader;
    enum kolam_status status = kolam_question_reader(base, worker, &reader);
    if (status == KOLAM_OK) {
        status = kolam_reader_begin(reader);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    if (question->must_load) {
        status = load_older(question, reader);
        add_older(question);
    }
    if (status == KOLAM_OK) {
        status = answer(question, reader);
    }
    kolam_reader_end(reader);
    return status;
}

const struct kolam_question_kind kolam_lively_kind = {
    .number = KOLAM_QUESTION_LIVELY,
    .name = "lively",
    .fresh_ms = 1000,
    .size = sizeof(struct lively_question),
    .read = read_lively,
    .prepare = prepare_lively,
    .build = build_lively,
    .keep = keep_lively,
    .finish = finish_lively,
};
