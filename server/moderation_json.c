/* Moderation's JSON; see moderation_json.h. */
#include "moderation_json.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "kolam/identity.h"
#include "kolam/place.h"
#include "peer.h"
#include "restraint.h"
#include "session.h"

static const char operator_name[] = "Operator";

struct kolam_moderator kolam_moderator_of(const struct kolam_session *session) {
    struct kolam_moderator who = {.has_ident = session->has_author};
    if (session->has_author) {
        memcpy(who.ident, session->author.ident, sizeof(who.ident));
        strcpy(who.name, session->author.name);
    } else if (session->is_admin) {
        strcpy(who.name, operator_name);
    }
    return who;
}

struct kolam_moderator kolam_decider_of(const struct kolam_session *session) {
    struct kolam_moderator who = {.has_ident = false};
    if (!session->is_admin) {
        return kolam_moderator_of(session);
    }
    strcpy(who.name, operator_name);
    return who;
}

static bool is_plain(const char *text) {
    size_t characters = 0;
    for (const char *at = text; *at; at++) {
        const unsigned char byte = (unsigned char)*at;
        if (byte < 0x20 || byte == 0x7f) {
            return false;
        }
        characters += (byte & 0xc0) != 0x80;
    }
    return characters <= KOLAM_MODERATION_TEXT_CHARACTERS_MAX;
}

bool kolam_moderation_read_text(const json_t *message, const char *key, bool is_needed,
                                char out_text[KOLAM_MODERATION_TEXT_BYTES_MAX + 1]) {
    const json_t *value = json_object_get(message, key);
    const char *text = json_string_value(value);
    out_text[0] = '\0';
    if (!value || json_is_null(value)) {
        return !is_needed;
    }
    if (!text || strlen(text) > KOLAM_MODERATION_TEXT_BYTES_MAX || !is_plain(text) ||
        (is_needed && text[strspn(text, " ")] == '\0')) {
        return false;
    }
    strcpy(out_text, text);
    return true;
}

/* Who was erased left a row that holds, and no name. */
static const char *name_now(bool has_ident, const char *name) {
    return has_ident && *name == '\0' ? KOLAM_FORMER_NAME : name;
}

const char *kolam_moderator_name(const struct kolam_moderator *moderator) {
    return name_now(moderator->has_ident, moderator->name);
}

/* ---- sanctions ---- */

static json_t *time_or_null(int64_t time_ms) {
    return time_ms == 0 || time_ms == KOLAM_NO_END ? json_null() : json_integer(time_ms);
}

static json_t *prefix_or_null(const struct kolam_sanction *sanction) {
    struct kolam_prefix prefix = {.bits = sanction->prefix_bits};
    char text[KOLAM_PREFIX_TEXT_MAX];
    if (sanction->prefix_bits == 0) {
        return json_null();
    }
    memcpy(prefix.address.bytes, sanction->prefix, sizeof(prefix.address.bytes));
    kolam_prefix_text(&prefix, text);
    return json_string(text);
}

json_t *kolam_sanction_json(const struct kolam_sanction *sanction, const char *canvas,
                            bool tells_prefix) {
    const bool is_number_of_here = strcmp(sanction->decided_on, canvas) == 0;
    json_t *object = json_pack(
        "{sI ss sb sb sb sI ss so ss ss so so}", "sanction", (json_int_t)sanction->id, "kind",
        kolam_sanction_kind_name(sanction->kind), "hidden", sanction->is_hidden, "ban_watching",
        sanction->bans_watching, "everywhere", sanction->canvas[0] == '\0', "from",
        (json_int_t)sanction->from_ms, "name", name_now(sanction->has_ident, sanction->name),
        "until", time_or_null(sanction->until_ms), "why", sanction->why, "by",
        kolam_moderator_name(&sanction->by), "ended", time_or_null(sanction->ended_ms), "prefix",
        tells_prefix ? prefix_or_null(sanction) : json_null());
    json_object_set_new(object, "artist",
                        is_number_of_here && sanction->artist != 0 ? json_integer(sanction->artist)
                                                                   : json_null());
    json_object_set_new(object, "of", json_string(sanction->has_ident ? "artist" : "prefix"));
    if (sanction->ended_ms != 0) {
        json_object_set_new(object, "ended_by",
                            json_string(kolam_moderator_name(&sanction->ended_by)));
    }
    return object;
}

/* ---- reports ---- */

static const char *const report_kinds[] = {"", "place", "artist", "stroke"};

static json_t *place_or_null(const struct kolam_report *report) {
    return report->width > 0
               ? json_pack("{si so so sI sI}", "level", report->level, "x",
                           kolam_json_decimal(report->x), "y", kolam_json_decimal(report->y),
                           "width", (json_int_t)report->width, "height", (json_int_t)report->height)
               : json_null();
}

json_t *kolam_report_json(const struct kolam_report *report) {
    json_t *object =
        json_pack("{sI sI ss ss ss so so}", "report", (json_int_t)report->id, "time",
                  (json_int_t)report->made_ms, "kind", report_kinds[report->kind & 3], "by",
                  report->by.name, "text", report->text, "place", place_or_null(report), "stroke",
                  report->stroke ? kolam_json_decimal((int64_t)report->stroke) : json_null());
    json_object_set_new(object, "artist",
                        report->artist ? json_integer(report->artist) : json_null());
    json_object_set_new(object, "name", json_string(report->name));
    if (report->closed_ms != 0) {
        json_object_set_new(object, "closed", json_integer(report->closed_ms));
        json_object_set_new(object, "closed_by",
                            json_string(kolam_moderator_name(&report->closed_by)));
        json_object_set_new(object, "outcome", json_string(report->outcome));
    }
    return object;
}
