/* Acts as records: JSON with a "kind"; see policy.h and docs/storage.md. */
#include "kolam/json_text.h"
#include "kolam/policy.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "names.h"

/* ---- names ---- */

static const char *const role_names[KOLAM_ROLES + 1] = {
    [KOLAM_ROLE_WATCHER] = "watcher", [KOLAM_ROLE_NEWCOMER] = "newcomer",
    [KOLAM_ROLE_ARTIST] = "artist",   [KOLAM_ROLE_MENTOR] = "mentor",
    [KOLAM_ROLE_OWNER] = "owner",     [KOLAM_ROLE_MODERATOR] = "moderator",
    [KOLAM_ROLE_EARNED] = "earned"};
static const char *const mode_names[KOLAM_MODES] = {[KOLAM_MODE_OPEN] = "open",
                                                    [KOLAM_MODE_NEWCOMERS] = "newcomers",
                                                    [KOLAM_MODE_INVITED] = "invited",
                                                    [KOLAM_MODE_READ_ONLY] = "read-only"};
static const char *const area_names[KOLAM_AREAS] = {
    [KOLAM_AREA_PLAIN] = "plain",   [KOLAM_AREA_PROTECTED] = "protected",
    [KOLAM_AREA_OWNED] = "owned",   [KOLAM_AREA_QUIET] = "quiet",
    [KOLAM_AREA_FROZEN] = "frozen",
};
static const char *const kind_names[] = {
    [KOLAM_ACT_MODE] = "mode",   [KOLAM_ACT_AREA] = "area", [KOLAM_ACT_ROLE] = "role",
    [KOLAM_ACT_VOTES] = "votes", [KOLAM_ACT_VOTE] = "vote", [KOLAM_ACT_UNVOTE] = "unvote",
    [KOLAM_ACT_VOTED] = "voted", [KOLAM_ACT_UNDO] = "undo", [KOLAM_ACT_ROLLBACK] = "rollback",
};
#define KINDS (sizeof kind_names / sizeof kind_names[0])

static const char *name_in(const char *const *names, unsigned count, unsigned value) {
    return value < count ? names[value] : "unknown";
}

/* `count` if it is none of them. */
static unsigned find_in(const char *const *names, unsigned count, const char *name) {
    unsigned at = 0;
    while (at < count && (!name || !names[at] || strcmp(names[at], name) != 0)) {
        at++;
    }
    return at;
}

const char *kolam_role_name(enum kolam_role role) {
    return name_in(role_names, KOLAM_ROLES + 1, role);
}

const char *kolam_mode_name(enum kolam_canvas_mode mode) {
    return name_in(mode_names, KOLAM_MODES, mode);
}

const char *kolam_area_kind_name(enum kolam_area_kind kind) {
    return name_in(area_names, KOLAM_AREAS, kind);
}

bool kolam_role_parse(const char *name, enum kolam_role *out_role) {
    const unsigned role = find_in(role_names, KOLAM_ROLES + 1, name);
    if (role > KOLAM_ROLES || role == KOLAM_ROLE_WATCHER) {
        return false;
    }
    *out_role = (enum kolam_role)role;
    return true;
}

static bool mode_parse(const char *name, enum kolam_canvas_mode *out_mode) {
    const unsigned mode = find_in(mode_names, KOLAM_MODES, name);
    if (mode < KOLAM_MODES) {
        *out_mode = (enum kolam_canvas_mode)mode;
    }
    return mode < KOLAM_MODES;
}

static bool area_kind_parse(const char *name, enum kolam_area_kind *out_kind) {
    const unsigned kind = find_in(area_names, KOLAM_AREAS, name);
    if (kind < KOLAM_AREAS) {
        *out_kind = (enum kolam_area_kind)kind;
    }
    return kind < KOLAM_AREAS;
}

/* ---- what keeps its bounds ---- */

static bool rect_is_valid(const struct kolam_rect *rect) {
    if (!kolam_level_is_valid(rect->level)) {
        return false;
    }
    const int64_t low = kolam_tile_coord_min(rect->level) * KOLAM_TILE_PX;
    const int64_t high = (kolam_tile_coord_max(rect->level) + 1) * KOLAM_TILE_PX;
    return rect->x0 >= low && rect->y0 >= low && rect->x0 < rect->x1 && rect->y0 < rect->y1 &&
           rect->x1 <= high && rect->y1 <= high;
}

static bool seq_is_valid(uint64_t seq) {
    return seq >= 1 && seq <= INT64_MAX;
}

static bool text_is_valid(const char *text, uint32_t characters_max) {
    return *text == '\0' || kolam_name_is_plain(text, characters_max);
}

bool kolam_act_why_is_valid(const char *why) {
    return text_is_valid(why, KOLAM_ACT_WHY_CHARACTERS_MAX);
}

static bool area_is_valid(const struct kolam_act *act) {
    if ((unsigned)act->area >= KOLAM_AREAS || act->member_count > KOLAM_AREA_MEMBERS_MAX ||
        (act->of_seq != 0 && !seq_is_valid(act->of_seq)) ||
        !text_is_valid(act->name, KOLAM_AREA_NAME_CHARACTERS_MAX)) {
        return false;
    }
    for (uint32_t i = 0; i < act->member_count; i++) {
        if (act->members[i] == 0) {
            return false;
        }
    }
    return act->area == KOLAM_AREA_PLAIN ? act->of_seq != 0 : rect_is_valid(&act->rect);
}

static bool artists_are_valid(const struct kolam_act *act) {
    for (uint32_t i = 0; i < act->artist_count && i < KOLAM_ACT_ARTISTS_MAX; i++) {
        if (act->artists[i] == 0) {
            return false;
        }
    }
    return act->artist_count <= KOLAM_ACT_ARTISTS_MAX;
}

static bool act_is_valid(const struct kolam_act *act) {
    if (act->until_ms < 0 || act->until_ms > KOLAM_TIME_MS_MAX ||
        !kolam_act_why_is_valid(act->why)) {
        return false;
    }
    switch (act->kind) {
    case KOLAM_ACT_MODE:
        return (unsigned)act->mode < KOLAM_MODES;
    case KOLAM_ACT_AREA:
        return area_is_valid(act);
    case KOLAM_ACT_ROLE:
        return act->artist != 0 && act->role > KOLAM_ROLE_WATCHER &&
               (unsigned)act->role <= KOLAM_ROLES;
    case KOLAM_ACT_VOTES:
        return act->votes == 0 || (act->votes >= KOLAM_VOTES_MIN && act->votes <= KOLAM_VOTES_MAX);
    case KOLAM_ACT_VOTE:
    case KOLAM_ACT_VOTED:
        return seq_is_valid(act->stroke_seq) && act->votes <= KOLAM_VOTES_MAX;
    case KOLAM_ACT_UNVOTE:
        return seq_is_valid(act->stroke_seq) && artists_are_valid(act);
    case KOLAM_ACT_ROLLBACK:
        return artists_are_valid(act);
    case KOLAM_ACT_UNDO:
        return seq_is_valid(act->act_seq);
    default:
        return false;
    }
}

/* ---- reading ---- */

static bool take_text(const json_t *object, const char *key, char *out, size_t capacity) {
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);
    if (!value) {
        return true; /* empty */
    }
    if (!text || strlen(text) >= capacity) {
        return false;
    }
    (void)strcpy(out, text);
    return true;
}

/* A number, or decimal text of one: what may pass 2^53 is written so. */
static bool take_number(const json_t *object, const char *key, int64_t min, int64_t max,
                        int64_t *out_number) {
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);
    char *end = NULL;
    errno = 0;
    long long number = text ? strtoll(text, &end, 10) : json_integer_value(value);
    if (text ? errno != 0 || end == text || *end != '\0' || *text == '+' || *text == ' ' ||
                   (*text >= '\t' && *text <= '\r')
             : !json_is_integer(value)) {
        return false;
    }
    if (number < min || number > max) {
        return false;
    }
    *out_number = number;
    return true;
}

static bool take_seq(const json_t *object, const char *key, uint64_t *out_seq) {
    int64_t seq;
    if (!take_number(object, key, 1, INT64_MAX, &seq)) {
        return false;
    }
    *out_seq = (uint64_t)seq;
    return true;
}

static bool take_count(const json_t *object, const char *key, uint32_t min, uint32_t max,
                       uint32_t *out_count) {
    int64_t number;
    if (!take_number(object, key, min, max, &number)) {
        return false;
    }
    *out_count = (uint32_t)number;
    return true;
}

static bool take_artists(const json_t *list, uint32_t max, uint32_t *artists, uint32_t *out_count) {
    const size_t count = json_array_size(list);
    if (!list) {
        return true; /* nobody */
    }
    if (!json_is_array(list) || count > max) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *number = json_array_get(list, i);
        const json_int_t artist = json_integer_value(number);
        if (!json_is_integer(number) || artist < 1 || artist > UINT32_MAX) {
            return false;
        }
        artists[i] = (uint32_t)artist;
    }
    *out_count = (uint32_t)count;
    return true;
}

static bool take_rect(const json_t *object, struct kolam_rect *out_rect) {
    int64_t level, x, y, width, height;
    const int64_t far = INT64_C(1) << 57; /* past the world at every level */
    if (!take_number(object, "level", KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX, &level) ||
        !take_number(object, "x", -far, far, &x) || !take_number(object, "y", -far, far, &y) ||
        !take_number(object, "width", 1, far, &width) ||
        !take_number(object, "height", 1, far, &height)) {
        return false;
    }
    *out_rect = (struct kolam_rect){x, y, x + width, y + height, (int32_t)level};
    return true;
}

static bool take_area(const json_t *object, struct kolam_act *act) {
    if (!area_kind_parse(json_string_value(json_object_get(object, "area")), &act->area) ||
        (json_object_get(object, "of") && !take_seq(object, "of", &act->of_seq))) {
        return false;
    }
    if (act->area == KOLAM_AREA_PLAIN) {
        return true; /* of what it takes away it says nothing */
    }
    return take_rect(object, &act->rect) &&
           take_text(object, "name", act->name, sizeof act->name) &&
           (!json_object_get(object, "owner") ||
            take_count(object, "owner", 1, UINT32_MAX, &act->owner)) &&
           take_artists(json_object_get(object, "members"), KOLAM_AREA_MEMBERS_MAX, act->members,
                        &act->member_count);
}

static bool take_act(const json_t *object, struct kolam_act *act) {
    switch (act->kind) {
    case KOLAM_ACT_MODE:
        return mode_parse(json_string_value(json_object_get(object, "mode")), &act->mode);
    case KOLAM_ACT_AREA:
        return take_area(object, act);
    case KOLAM_ACT_ROLE:
        return take_count(object, "artist", 1, UINT32_MAX, &act->artist) &&
               kolam_role_parse(json_string_value(json_object_get(object, "role")), &act->role);
    case KOLAM_ACT_VOTES:
        return take_count(object, "hide", 0, KOLAM_VOTES_MAX, &act->votes);
    case KOLAM_ACT_VOTE:
        return take_seq(object, "stroke", &act->stroke_seq);
    case KOLAM_ACT_UNVOTE:
        return take_seq(object, "stroke", &act->stroke_seq) &&
               take_artists(json_object_get(object, "artists"), KOLAM_ACT_ARTISTS_MAX, act->artists,
                            &act->artist_count);
    case KOLAM_ACT_VOTED:
        return take_seq(object, "stroke", &act->stroke_seq) &&
               take_count(object, "votes", 0, KOLAM_VOTES_MAX, &act->votes);
    case KOLAM_ACT_ROLLBACK:
        return take_count(object, "strokes", 0, UINT32_MAX, &act->strokes) &&
               take_artists(json_object_get(object, "artists"), KOLAM_ACT_ARTISTS_MAX, act->artists,
                            &act->artist_count);
    default:
        return take_seq(object, "act", &act->act_seq);
    }
}

static bool has_until(enum kolam_act_kind kind) {
    return kind == KOLAM_ACT_MODE || kind == KOLAM_ACT_AREA;
}

static enum kolam_status decode_object(const json_t *object, struct kolam_act *act) {
    const char *kind = json_string_value(json_object_get(object, "kind"));
    const unsigned found = find_in(kind_names, KINDS, kind);
    if (found == KINDS) {
        return KOLAM_OK;
    }
    act->kind = (enum kolam_act_kind)found;
    act->is_operators = json_is_true(json_object_get(object, "token"));
    const bool is_read = take_act(object, act) &&
                         take_text(object, "why", act->why, sizeof act->why) &&
                         (!has_until(act->kind) || !json_object_get(object, "until") ||
                          take_number(object, "until", 1, KOLAM_TIME_MS_MAX, &act->until_ms));
    return is_read && act_is_valid(act) ? KOLAM_OK : KOLAM_ERR_INVALID;
}

enum kolam_status kolam_act_decode(const uint8_t *json, size_t size_bytes,
                                   struct kolam_act *out_act) {
    enum kolam_status status = KOLAM_OK;
    memset(out_act, 0, sizeof *out_act);
    if (size_bytes <= KOLAM_ACT_RECORD_BYTES_MAX) { /* a longer one is of another kind */
        json_error_t error;
        json_t *object = json_loadb((const char *)json, size_bytes, JSON_REJECT_DUPLICATES, &error);
        const bool is_lost = !object && json_error_code(&error) == json_error_out_of_memory;
        status = is_lost ? KOLAM_ERR_NOMEM : decode_object(object, out_act);
        json_decref(object);
    }
    return status;
}

/* ---- writing ---- */

static json_t *seq_json(uint64_t seq) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, seq);
    return json_string(text);
}

static json_t *artists_json(const uint32_t *artists, uint32_t count) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < count && list; i++) {
        if (json_array_append_new(list, json_integer(artists[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

/* False without memory: what lacks something would say something else, for good. */
static bool put_area(json_t *object, const struct kolam_act *act) {
    bool is_whole = true;
    const struct kolam_rect *rect = &act->rect;
    char x[24], y[24];
    is_whole &=
        json_object_set_new(object, "area", json_string(kolam_area_kind_name(act->area))) == 0;
    if (act->of_seq != 0) {
        is_whole &= json_object_set_new(object, "of", seq_json(act->of_seq)) == 0;
    }
    if (act->area == KOLAM_AREA_PLAIN) {
        return is_whole;
    }
    (void)snprintf(x, sizeof x, "%" PRId64, rect->x0);
    (void)snprintf(y, sizeof y, "%" PRId64, rect->y0);
    if (*act->name) {
        is_whole &= json_object_set_new(object, "name", json_string(act->name)) == 0;
    }
    is_whole &= json_object_set_new(object, "level", json_integer(rect->level)) == 0;
    is_whole &= json_object_set_new(object, "x", json_string(x)) == 0;
    is_whole &= json_object_set_new(object, "y", json_string(y)) == 0;
    is_whole &= json_object_set_new(object, "width", json_integer(rect->x1 - rect->x0)) == 0;
    is_whole &= json_object_set_new(object, "height", json_integer(rect->y1 - rect->y0)) == 0;
    if (act->owner != 0) {
        is_whole &= json_object_set_new(object, "owner", json_integer(act->owner)) == 0;
    }
    if (act->member_count > 0) {
        is_whole &= json_object_set_new(object, "members",
                                        artists_json(act->members, act->member_count)) == 0;
    }
    return is_whole;
}

static bool put_act(json_t *object, const struct kolam_act *act) {
    bool is_whole = true;
    switch (act->kind) {
    case KOLAM_ACT_MODE:
        is_whole &=
            json_object_set_new(object, "mode", json_string(kolam_mode_name(act->mode))) == 0;
        break;
    case KOLAM_ACT_AREA:
        is_whole = put_area(object, act);
        break;
    case KOLAM_ACT_ROLE:
        is_whole &= json_object_set_new(object, "artist", json_integer(act->artist)) == 0;
        is_whole &=
            json_object_set_new(object, "role", json_string(kolam_role_name(act->role))) == 0;
        break;
    case KOLAM_ACT_VOTES:
        is_whole &= json_object_set_new(object, "hide", json_integer(act->votes)) == 0;
        break;
    case KOLAM_ACT_VOTED:
        is_whole &= json_object_set_new(object, "votes", json_integer(act->votes)) == 0;
        is_whole &= json_object_set_new(object, "stroke", seq_json(act->stroke_seq)) == 0;
        break;
    case KOLAM_ACT_VOTE:
        is_whole &= json_object_set_new(object, "stroke", seq_json(act->stroke_seq)) == 0;
        break;
    case KOLAM_ACT_UNVOTE:
        is_whole &= json_object_set_new(object, "stroke", seq_json(act->stroke_seq)) == 0;
        is_whole &= json_object_set_new(object, "artists",
                                        artists_json(act->artists, act->artist_count)) == 0;
        break;
    case KOLAM_ACT_ROLLBACK:
        is_whole &= json_object_set_new(object, "strokes", json_integer(act->strokes)) == 0;
        is_whole &= json_object_set_new(object, "artists",
                                        artists_json(act->artists, act->artist_count)) == 0;
        break;
    default:
        is_whole &= json_object_set_new(object, "act", seq_json(act->act_seq)) == 0;
        break;
    }
    if (has_until(act->kind) && act->until_ms != 0) {
        is_whole &= json_object_set_new(object, "until", json_integer(act->until_ms)) == 0;
    }
    if (act->is_operators) {
        is_whole &= json_object_set_new(object, "token", json_true()) == 0;
    }
    if (*act->why) {
        is_whole &= json_object_set_new(object, "why", json_string(act->why)) == 0;
    }
    return is_whole;
}

enum kolam_status kolam_act_encode(const struct kolam_act *act, uint8_t **out_body,
                                   size_t *out_size_bytes) {
    if (act->kind <= KOLAM_ACT_OTHER || (unsigned)act->kind >= KINDS || !act_is_valid(act)) {
        return KOLAM_ERR_INVALID;
    }
    json_t *object = json_pack("{ss}", "kind", kind_names[act->kind]);
    char *text = object && put_act(object, act) ? kolam_json_text(object) : NULL;
    uint8_t *body = kolam_alloc(KOLAM_ACT_RECORD_BYTES_MAX + 16);
    enum kolam_status status = text && body ? KOLAM_OK : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        const size_t size = strlen(text);
        const struct kolam_op op = {.kind = KOLAM_OP_RECORD,
                                    .record = (const uint8_t *)text,
                                    .record_size_bytes = (uint32_t)size};
        status = size <= KOLAM_ACT_RECORD_BYTES_MAX
                     ? kolam_op_encode(&op, body, KOLAM_ACT_RECORD_BYTES_MAX + 16, out_size_bytes)
                     : KOLAM_ERR_INVALID;
    }
    kolam_free(text);
    json_decref(object);
    if (status != KOLAM_OK) {
        kolam_free(body);
        return status;
    }
    *out_body = body;
    return KOLAM_OK;
}
