/* GET /api/canvas/<canvas>/search: places and artists by name. Artists' names are looked for in an index that a worker makes
 * (name_index.h), which serves until there are new names; what is told of those found is read from the log, bounded. */
#include <stdio.h>
#include <string.h>

#include "history_args.h"
#include "json.h"
#include "kolam/alloc.h"
#include "name_index.h"
#include "place_http.h"
#include "places_http.h"

#define LIMIT_DEFAULT 10
#define COUNTED_MAX 10000 /* ops of an artist */
#define LOOKED_AT_MAX 64  /* ops that may be no strokes, for the newest stroke */
/* So long new names may not be found: the more names, the longer, so that making the index again takes at most some 3% of a
 * core (2.4 us a name). */
#define INDEX_MS_MIN 1000
#define NAMES_PER_MS 10

struct search_question {
    struct kolam_question base;
    struct kolam_places_part part;
    struct kolam_name_index *index; /* a reference; NULL: to be made */
    bool is_made;
    uint32_t noticed; /* what there was to know when it was asked for */
};

static const char *read_search(struct kolam_question *base, const char *query, char *out_key,
                               size_t key_capacity) {
    struct kolam_places_part *part = &((struct search_question *)base)->part;
    struct kolam_args args = {.query = query};
    char text[KOLAM_QUESTION_BYTES];
    int64_t limit = LIMIT_DEFAULT;
    const char *problem = kolam_question_text(query, true, text, &part->question);
    kolam_args_number(&args, "limit", 1, KOLAM_NAMES_FOUND_MAX, &limit, "limit must be 1 to 32");
    part->limit = (uint32_t)limit;
    snprintf(out_key, key_capacity, "%u %d %s", base->canvas->places.generation, (int)limit, text);
    return problem ? problem : args.problem;
}

static bool is_fresh(const struct kolam_canvas *canvas) {
    const int64_t age_ms = kolam_loop_now_ms(canvas->server->loop) - canvas->names_made_ms;
    return age_ms < INDEX_MS_MIN || age_ms < canvas->names->count / NAMES_PER_MS;
}

static enum kolam_status prepare_search(struct kolam_question *base) {
    struct search_question *question = (struct search_question *)base;
    struct kolam_canvas *canvas = base->canvas;
    question->noticed = canvas->names_noticed;
    if (canvas->log && canvas->names && (!canvas->are_names_old || is_fresh(canvas))) {
        question->index = kolam_name_index_ref(canvas->names);
    }
    return kolam_places_part_prepare(&question->part, canvas);
}

static void keep_search(struct kolam_question *base) {
    struct search_question *question = (struct search_question *)base;
    struct kolam_canvas *canvas = base->canvas;
    kolam_places_part_keep(&question->part, canvas);
    if (question->is_made && canvas->log) {
        kolam_name_index_unref(canvas->names);
        canvas->names = kolam_name_index_ref(question->index);
        canvas->names_made_ms = kolam_loop_now_ms(base->server->loop);
        canvas->are_names_old = canvas->names_noticed != question->noticed;
    }
}

static void finish_search(struct kolam_question *base) {
    struct search_question *question = (struct search_question *)base;
    kolam_places_part_finish(&question->part);
    kolam_name_index_unref(question->index);
}

/* ---- a worker's part ---- */

static bool count_seq(void *ctx, uint64_t seq) {
    uint32_t *count = ctx;
    (void)seq;
    return ++*count < COUNTED_MAX;
}

struct newest {
    struct kolam_op_room *room;
    const struct kolam_quiet *quiet;
    bool is_quiet; /* the newest lies where no names are told: nor where it is */
    uint32_t left;
    json_t *last;
};

/* Of a drawing of several parts another may lie there. */
static bool is_nobodys(const struct newest *newest, const struct kolam_stroke *stroke) {
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    uint32_t count;
    return newest->quiet &&
           (stroke->part_count > 1 || kolam_stroke_homes(stroke, homes, &count) != KOLAM_OK ||
            kolam_quiet_has_ink(newest->quiet, homes, count));
}

static bool look_at(void *ctx, const struct kolam_log_row *row) {
    struct newest *newest = ctx;
    struct kolam_op op;
    if (row->kind == KOLAM_OP_STROKE &&
        kolam_op_decode(row->body, row->body_size_bytes, newest->room, &op) == KOLAM_OK) {
        if (is_nobodys(newest, &op.stroke)) {
            newest->is_quiet = true;
            return false;
        }
        const struct kolam_tile_id tile = op.stroke.origin;
        const struct kolam_point *point = &op.stroke.points[0];
        newest->last = json_pack(
            "{si so so sI}", "level", tile.level, "x",
            kolam_json_decimal(tile.x * KOLAM_TILE_PX + (point->x >> KOLAM_SUB_SHIFT)), "y",
            kolam_json_decimal(tile.y * KOLAM_TILE_PX + (point->y >> KOLAM_SUB_SHIFT)), "time",
            (json_int_t)row->time_ms);
    }
    return !newest->last && --newest->left > 0;
}

static json_t *artist_json(struct kolam_reader *reader, const struct kolam_quiet *quiet,
                           struct kolam_op_room *room, uint32_t artist) {
    struct kolam_author author;
    struct newest newest = {.room = room, .quiet = quiet, .left = LOOKED_AT_MAX};
    uint32_t count = 0;
    if (kolam_reader_artist(reader, artist, &author) != KOLAM_OK ||
        kolam_reader_artist_seqs(reader, artist, 0, UINT64_MAX, count_seq, &count) != KOLAM_OK ||
        kolam_reader_artist_ops(reader, artist, UINT64_MAX, look_at, &newest) != KOLAM_OK) {
        json_decref(newest.last);
        return NULL;
    }
    return json_pack("{sI ss sI so}", "artist", (json_int_t)artist, "name", author.name, "strokes",
                     (json_int_t)count, "last", newest.last ? newest.last : json_null());
}

static json_t *artists_json(struct search_question *question, struct kolam_reader *reader) {
    uint32_t artists[KOLAM_NAMES_FOUND_MAX];
    const uint32_t count = kolam_name_index_search(question->index, question->part.question,
                                                   question->part.limit, artists);
    struct kolam_op_room *room = kolam_alloc(sizeof(*room));
    json_t *list = room ? json_array() : NULL;
    for (uint32_t i = 0; i < count && list; i++) {
        json_array_append_new(list,
                              artist_json(reader, question->base.veil.quiet, room, artists[i]));
    }
    kolam_free(room);
    return list;
}

static enum kolam_status answer(struct search_question *question, struct kolam_reader *reader) {
    json_t *places = NULL;
    if (!question->index) {
        question->index = kolam_name_index_create(reader);
        question->is_made = question->index != NULL;
    }
    if (!question->index) {
        return KOLAM_ERR_IO;
    }
    const enum kolam_status status =
        kolam_places_part_build(&question->part, reader, &question->base.veil, &places);
    if (status != KOLAM_OK) {
        return status;
    }
    return kolam_question_take_json(
        &question->base,
        json_pack("{so so}", "places", places, "artists", artists_json(question, reader)));
}

static enum kolam_status build_search(struct kolam_question *base, struct kolam_worker *worker) {
    struct kolam_reader *reader;
    enum kolam_status status = kolam_question_reader(base, worker, &reader);
    if (status == KOLAM_OK) {
        status = kolam_reader_begin(reader);
    }
    if (status == KOLAM_OK) {
        status = answer((struct search_question *)base, reader);
        kolam_reader_end(reader);
    }
    return status;
}

const struct kolam_question_kind kolam_search_kind = {
    .number = KOLAM_QUESTION_SEARCH,
    .name = "search",
    .fresh_ms = 2000,
    .size = sizeof(struct search_question),
    .read = read_search,
    .prepare = prepare_search,
    .build = build_search,
    .keep = keep_search,
    .finish = finish_search,
};
