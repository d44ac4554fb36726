/* Text messages: JSON objects with a "type". Size and depth are checked before the parser sees them. */
#include <inttypes.h>
#include <string.h>

#include "act_ws.h"
#include "follow.h"
#include "json.h"
#include "moderation_ws.h"
#include "people.h"
#include "places_ws.h"
#include "session.h"

#define TEXT_BYTES_MAX 65536
#define DEPTH_MAX 8

static void on_view(struct kolam_session *session, const json_t *message) {
    struct kolam_view view = {0};
    uint64_t id, width, height, since = 0;
    int64_t level;
    bool has_since = json_object_get(message, "since") != NULL;
    if (!kolam_json_uint(message, "id", UINT32_MAX, &id) ||
        !kolam_json_int(message, "level", &level) || !kolam_json_int(message, "x", &view.x) ||
        !kolam_json_int(message, "y", &view.y) ||
        !kolam_json_uint(message, "width", KOLAM_VIEW_TILES_MAX, &width) ||
        !kolam_json_uint(message, "height", KOLAM_VIEW_TILES_MAX, &height) ||
        (has_since && !kolam_json_uint(message, "since", UINT64_MAX >> 1, &since)) ||
        level < KOLAM_LEVEL_MIN || level > KOLAM_LEVEL_MAX) {
        kolam_session_refuse(session,
                             "view: id, level, x, y, width or height is missing or malformed");
        return;
    }
    view.id = (uint32_t)id;
    view.level = (int32_t)level;
    view.width = (uint32_t)width;
    view.height = (uint32_t)height;
    view.wants_every = json_is_true(json_object_get(message, "every"));
    if (!kolam_view_is_valid(&view)) {
        kolam_session_refuse(session, "view: not 1 to 4,096 tiles inside the world");
        return;
    }
    kolam_session_charge(session, KOLAM_LIMIT_VIEWS, 1 + width * height / 256);
    kolam_view_set(session, &view, has_since, since);
}

static void on_identify(struct kolam_session *session, const json_t *message) {
    (void)message;
    kolam_people_identify(session);
}

/* What may be said once welcomed. */
static const struct {
    const char *type;
    void (*handle)(struct kolam_session *session, const json_t *message);
    bool is_for_watchers;
} handlers[] = {
    {"view", on_view, true},
    {"who", kolam_people_who, true},
    {"mine", kolam_history_mine, true},
    {"follow", kolam_follow_set, true},
    {"camera", kolam_follow_camera, true},
    {"follow_refuse", kolam_follow_refuse, true},
    {"place", kolam_place_name, false},
    {"place_remove", kolam_place_remove, false},
    {"identify", on_identify, false},
    {"rename", kolam_people_rename, false},
    {"act_as", kolam_people_act_as, false},
    {"link", kolam_keys_link, false},
    {"link_use", kolam_keys_link_use, false},
    {"recover", kolam_keys_link_use, false},
    {"recovery", kolam_keys_recovery, false},
    {"devices", kolam_keys_devices, false},
    {"device_end", kolam_keys_device_end, false},
    {"merge", kolam_keys_merge, false},
    {"invite", kolam_invite_make, false},
    {"invitations", kolam_invite_list, false},
    {"invitation_revoke", kolam_invite_revoke, false},
    {"invitation_use", kolam_invite_use, false},
    {"export_me", kolam_export_me, false},
    {"erase_me", kolam_erase_me, false},
    {"rollback", kolam_history_rollback, false},
    {"act", kolam_act_message, false},
    {"report", kolam_report_message, true},
    {"reports", kolam_reports_message, false},
    {"report_close", kolam_report_close_message, false},
    {"sanction", kolam_sanction_message, false},
    {"sanction_end", kolam_sanction_end_message, false},
    {"sanctions", kolam_sanctions_message, false},
    {"whence", kolam_whence_message, false},
    {"audit", kolam_audit_message, false},
    {"undo", kolam_undo_message, false},
};

static void on_message(struct kolam_session *session, const json_t *message) {
    const char *type = json_string_value(json_object_get(message, "type"));
    if (!type) {
        kolam_session_refuse(session, "a message without a type");
        return;
    }
    if (strcmp(type, "hello") == 0) {
        if (session->state != KOLAM_SESSION_NEW) {
            kolam_session_refuse(session, "hello comes once");
            return;
        }
        kolam_join_hello(session, message);
        return;
    }
    if (session->state != KOLAM_SESSION_OPEN) {
        kolam_session_refuse(session, "hello comes first, and welcome answers it");
        return;
    }
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (strcmp(type, handlers[i].type) == 0) {
            if (session->is_watch && !handlers[i].is_for_watchers) {
                break;
            }
            handlers[i].handle(session, message);
            return;
        }
    }
    kolam_session_refuse(session, session->is_watch ? "this session only watches"
                                                    : "an unknown type of message");
}

void kolam_messages_on_text(struct kolam_session *session, const uint8_t *bytes, size_t size) {
    if (size > TEXT_BYTES_MAX || !kolam_json_is_shallow(bytes, size, DEPTH_MAX)) {
        kolam_session_refuse(session, "a message that is too long or too deep");
        return;
    }
    json_error_t error;
    json_t *message = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &error);
    if (!message && json_error_code(&error) == json_error_invalid_utf8) {
        kolam_session_error(session, "invalid", "a text message that is not UTF-8", 1007, true);
    } else if (!json_is_object(message)) {
        kolam_session_refuse(session, "a text message that is no JSON object");
    } else {
        on_message(session, message);
    }
    json_decref(message);
}
