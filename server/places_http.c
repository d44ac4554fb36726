/* GET /api/canvas/<canvas>/places, and the part that search shares with it. The loop finds the places, where it has them in
 * memory; a worker reads them otherwise, and the names of those who named them. */
#include "places_http.h"

#include <stdio.h>
#include <string.h>

#include "history_args.h"
#include "http_route.h"
#include "json.h"
#include "kolam/alloc.h"
#include "place_http.h"

#define LIMIT_DEFAULT 64

const char *kolam_question_text(const char *query, bool is_needed,
                                char out_text[KOLAM_QUESTION_BYTES], char **out_folded) {
    static const char problem[] = "q must be 1 to 80 characters of text";
    char any[2];
    const bool is_given = kolam_query_get(query, "q", any, sizeof(any)) ||
                          strncmp(query, "q=", 2) == 0 || strstr(query, "&q=");
    out_text[0] = '\0';
    *out_folded = NULL;
    if (!is_given) {
        return is_needed ? problem : NULL;
    }
    if (!kolam_query_get(query, "q", out_text, KOLAM_QUESTION_BYTES)) {
        return problem;
    }
    for (char *at = out_text; *at; at++) {
        *at = *at == KOLAM_QUERY_AMPERSAND ? '&' : *at;
    }
    if (!is_needed && out_text[0] == '\0') {
        return NULL;
    }
    if (!kolam_place_name_is_valid(out_text)) {
        return problem;
    }
    *out_folded = kolam_fold(out_text);
    return *out_folded && **out_folded ? NULL : problem;
}

/* ---- the part ---- */

static enum kolam_status take_found(struct kolam_places_part *part,
                                    const struct kolam_places *places) {
    const struct kolam_named_place *found[KOLAM_PLACES_FOUND_MAX];
    const uint32_t count = kolam_places_search(places, part->question ? part->question : "",
                                               part->limit, found, &part->count);
    for (uint32_t i = 0; i < count; i++) {
        part->found[i] = kolam_named_place_copy(found[i]);
        if (!part->found[i]) {
            return KOLAM_ERR_NOMEM;
        }
        part->found_count++;
    }
    return KOLAM_OK;
}

enum kolam_status kolam_places_part_prepare(struct kolam_places_part *part,
                                            const struct kolam_canvas *canvas) {
    part->must_read = !canvas->log || !canvas->places.is_loaded;
    return part->must_read ? KOLAM_OK : take_found(part, &canvas->places);
}

static json_t *place_json(struct kolam_reader *reader, const struct kolam_veil *veil,
                          const struct kolam_named_place *place) {
    struct kolam_author author;
    const bool is_quiet = kolam_veil_is_quiet_view(veil->quiet, place->x, place->y, place->zoom, 0);
    const uint32_t artist = kolam_veil_artist(&veil->eyes, place->artist, is_quiet);
    const bool is_known =
        artist != KOLAM_NOBODY && kolam_reader_artist(reader, artist, &author) == KOLAM_OK;
    return json_pack("{so ss ss ss sf sI ss sI}", "place", kolam_json_decimal((int64_t)place->seq),
                     "name", place->name, "x", place->x, "y", place->y, "zoom", place->zoom,
                     "artist", (json_int_t)artist, "by", is_known ? author.name : "", "time",
                     (json_int_t)place->time_ms);
}

enum kolam_status kolam_places_part_build(struct kolam_places_part *part,
                                          struct kolam_reader *reader,
                                          const struct kolam_veil *veil, json_t **out_list) {
    enum kolam_status status = KOLAM_OK;
    if (part->must_read) {
        struct kolam_canvas_info info;
        status = kolam_reader_info(reader, &info);
        if (status == KOLAM_OK) {
            part->read_seq = info.last_seq;
            status = kolam_places_read(reader, &part->read);
        }
        if (status == KOLAM_OK) {
            status = take_found(part, &part->read);
        }
    }
    if (status != KOLAM_OK) {
        return status;
    }
    *out_list = json_array();
    for (uint32_t i = 0; i < part->found_count; i++) {
        json_array_append_new(*out_list, place_json(reader, veil, part->found[i]));
    }
    return *out_list ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

void kolam_places_part_keep(struct kolam_places_part *part, struct kolam_canvas *canvas) {
    if (part->must_read && canvas->log) {
        (void)kolam_places_take(&canvas->places, &part->read, part->read_seq);
    }
}

void kolam_places_part_finish(struct kolam_places_part *part) {
    for (uint32_t i = 0; i < part->found_count; i++) {
        kolam_free(part->found[i]);
    }
    kolam_places_finish(&part->read);
    kolam_free(part->question);
}

/* ---- places ---- */

struct places_question {
    struct kolam_question base;
    struct kolam_places_part part;
};

static const char *read_places(struct kolam_question *base, const char *query, char *out_key,
                               size_t key_capacity) {
    struct kolam_places_part *part = &((struct places_question *)base)->part;
    struct kolam_args args = {.query = query};
    char text[KOLAM_QUESTION_BYTES];
    int64_t limit = LIMIT_DEFAULT;
    const char *problem = kolam_question_text(query, false, text, &part->question);
    kolam_args_number(&args, "limit", 1, KOLAM_PLACES_FOUND_MAX, &limit, "limit must be 1 to 256");
    part->limit = (uint32_t)limit;
    snprintf(out_key, key_capacity, "%u %d %s", base->canvas->places.generation, (int)limit, text);
    return problem ? problem : args.problem;
}

static enum kolam_status prepare_places(struct kolam_question *base) {
    return kolam_places_part_prepare(&((struct places_question *)base)->part, base->canvas);
}

static enum kolam_status build_places(struct kolam_question *base, struct kolam_worker *worker) {
    struct kolam_places_part *part = &((struct places_question *)base)->part;
    struct kolam_reader *reader;
    json_t *list = NULL;
    enum kolam_status status = kolam_question_reader(base, worker, &reader);
    if (status == KOLAM_OK) {
        status = kolam_reader_begin(reader);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_places_part_build(part, reader, &base->veil, &list);
    kolam_reader_end(reader);
    return status == KOLAM_OK
               ? kolam_question_take_json(
                     base, json_pack("{sI so}", "count", (json_int_t)part->count, "places", list))
               : status;
}

static void keep_places(struct kolam_question *base) {
    kolam_places_part_keep(&((struct places_question *)base)->part, base->canvas);
}

static void finish_places(struct kolam_question *base) {
    kolam_places_part_finish(&((struct places_question *)base)->part);
}

const struct kolam_question_kind kolam_places_kind = {
    .number = KOLAM_QUESTION_PLACES,
    .name = "places",
    .fresh_ms = 1000,
    .size = sizeof(struct places_question),
    .read = read_places,
    .prepare = prepare_places,
    .build = build_places,
    .keep = keep_places,
    .finish = finish_places,
};
