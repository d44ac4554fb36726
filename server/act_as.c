/* act_as: an importer with the admin token draws in the names of others, each bound to a slot of its connection. */
#include <string.h>

#include "door.h"
#include "json.h"
#include "kolam/alloc.h"
#include "numbering.h"
#include "people.h"

static bool has_slot(struct kolam_session *session, uint32_t slot) {
    if (slot < session->slot_count) {
        return true;
    }
    uint32_t count = slot + 1;
    if (count < 2 * session->slot_count) {
        count = 2 * session->slot_count;
    }
    struct kolam_slot **grown = kolam_realloc_array(session->slots, count, sizeof(*grown));
    if (!grown) {
        return false;
    }
    memset(grown + session->slot_count, 0, (count - session->slot_count) * sizeof(*grown));
    session->slots = grown;
    session->slot_count = count;
    return true;
}

static void tell_acting(struct kolam_session *session, uint32_t slot, uint32_t artist) {
    kolam_session_send_json(session, json_pack("{ss sI sI}", "type", "acting", "slot",
                                               (json_int_t)slot, "artist", (json_int_t)artist));
}

static void on_numbered(struct kolam_session *session, void *ctx, enum kolam_status status,
                        uint32_t artist) {
    const uint32_t slot = (uint32_t)(uintptr_t)ctx;
    if (session->state != KOLAM_SESSION_OPEN) {
        return;
    }
    if (status == KOLAM_OK) {
        session->slots[slot]->artist = artist;
        tell_acting(session, slot, artist);
    } else {
        kolam_session_error(session, "unavailable", "the canvas cannot be written; try again later",
                            0, false);
    }
}

static void on_import_author(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (session->state == KOLAM_SESSION_OPEN) {
        struct kolam_slot *slot = kolam_alloc_zero(1, sizeof(*slot));
        if (slot && has_slot(session, request->slot)) {
            slot->author = request->author;
            kolam_free(session->slots[request->slot]);
            session->slots[request->slot] = slot;
            /* An import is about to draw: the canvas is made if it does not exist. */
            kolam_number_author(session, &slot->author, true, on_numbered,
                                (void *)(uintptr_t)request->slot);
        } else {
            kolam_free(slot);
            kolam_session_close(session, 1013, "out of memory");
        }
    }
    kolam_people_finish(request);
}

void kolam_people_act_as(struct kolam_session *session, const json_t *message) {
    uint64_t slot;
    const char *name = json_string_value(json_object_get(message, "name"));
    if (!kolam_door_lets_plain(session, KOLAM_ACTION_DRAW_AS)) {
        return;
    }
    if (!kolam_json_uint(message, "slot", KOLAM_SLOTS_MAX - 1, &slot) || !name ||
        strlen(name) > KOLAM_NAME_BYTES_MAX || !kolam_name_is_valid(name)) {
        kolam_session_refuse(session, "act_as: slot must be 0 to 65,535, name 1 to 40 characters");
        return;
    }
    struct kolam_identity_request *request =
        kolam_people_request(session, KOLAM_IDENTITY_IMPORT, on_import_author);
    if (request) {
        request->slot = (uint32_t)slot;
        strcpy(request->author.name, name);
        kolam_identity_submit(session->server->identity, request);
    }
}
