/* GET /api/canvas/<canvas>/heat: how much was drawn where; a worker counts (kolam/heat.h). */
#include <stdio.h>
#include <string.h>

#include "history_args.h"
#include "kolam/heat.h"
#include "place_http.h"

#define TIME_MS_MAX (INT64_C(1) << 53)

struct heat_question {
    struct kolam_question base;
    struct kolam_heat_question heat;
};

static const char bad_rect[] =
    "level, x, y, width and height must be tiles of that level, at most 64 x 64, inside the world";

static bool read_time(struct kolam_args *args, const char *name, int64_t *out_ms,
                      const char *problem) {
    int64_t time_ms = -1;
    kolam_args_number(args, name, 0, TIME_MS_MAX, &time_ms, problem);
    *out_ms = time_ms >= 0 ? time_ms : 0;
    return time_ms >= 0;
}

static const char *read_heat(struct kolam_question *base, const char *query, char *out_key,
                             size_t key_capacity) {
    struct kolam_heat_question *heat = &((struct heat_question *)base)->heat;
    struct kolam_args args = {.query = query};
    int64_t level, width, height, artist = 0;
    kolam_args_need(&args, "level", KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX, &level, bad_rect);
    kolam_args_need(&args, "x", INT64_MIN, INT64_MAX, &heat->corner.x, bad_rect);
    kolam_args_need(&args, "y", INT64_MIN, INT64_MAX, &heat->corner.y, bad_rect);
    kolam_args_need(&args, "width", 1, KOLAM_HEAT_SIDE_MAX, &width, bad_rect);
    kolam_args_need(&args, "height", 1, KOLAM_HEAT_SIDE_MAX, &height, bad_rect);
    heat->has_from = read_time(&args, "from", &heat->from_ms, "from must be a time in Unix ms");
    heat->has_to = read_time(&args, "to", &heat->to_ms, "to must be a time in Unix ms");
    kolam_args_number(&args, "artist", 1, UINT32_MAX, &artist, "artist must be a number");
    heat->corner.level = (int32_t)level;
    heat->width = (uint32_t)width;
    heat->height = (uint32_t)height;
    heat->artist = (uint32_t)artist;
    snprintf(out_key, key_capacity, "%d %lld %lld %u %u %d %lld %d %lld %u", (int)level,
             (long long)heat->corner.x, (long long)heat->corner.y, heat->width, heat->height,
             heat->has_from, (long long)heat->from_ms, heat->has_to, (long long)heat->to_ms,
             heat->artist);
    if (!args.problem && !kolam_heat_question_is_valid(heat)) {
        return bad_rect;
    }
    return args.problem || !heat->has_from || !heat->has_to || heat->from_ms < heat->to_ms
               ? args.problem
               : "from must be before to";
}

static json_t *counts_json(const struct kolam_heat *heat, uint32_t count) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_array_append_new(list, json_integer(heat->counts[i]));
    }
    return list;
}

static enum kolam_status build_heat(struct kolam_question *base, struct kolam_worker *worker) {
    struct kolam_heat_question *asked = &((struct heat_question *)base)->heat;
    struct kolam_heat heat;
    struct kolam_reader *reader;
    enum kolam_status status = kolam_question_reader(base, worker, &reader);
    if (status == KOLAM_OK) {
        asked->quiet = base->veil.quiet;
        status = kolam_heat_find(reader, asked, &heat);
    }
    if (status == KOLAM_ERR_FULL) {
        return kolam_fail(&base->error, status,
                          "this artist drew more than can be counted; ask for a shorter span");
    }
    if (status != KOLAM_OK) {
        return status;
    }
    return kolam_question_take_json(
        base, json_pack("{si sI sI sI sI sI so}", "level", asked->corner.level, "x",
                        (json_int_t)asked->corner.x, "y", (json_int_t)asked->corner.y, "width",
                        (json_int_t)asked->width, "height", (json_int_t)asked->height, "every",
                        (json_int_t)heat.every, "counts",
                        counts_json(&heat, asked->width * asked->height)));
}

const struct kolam_question_kind kolam_heat_kind = {
    .number = KOLAM_QUESTION_HEAT,
    .name = "heat",
    .fresh_ms = 5000,
    .size = sizeof(struct heat_question),
    .read = read_heat,
    .build = build_heat,
};
