/* The authors of an import and their slots on a connection. */
#include "import_slots.h"

#include "client.h"
#include "kolam/alloc.h"

enum kolam_status kolam_slots_init(struct kolam_slots *slots) {
    *slots = (struct kolam_slots){
        .names = json_object(),
        .list = kolam_alloc_zero(KOLAM_SLOT_COUNT, sizeof *slots->list),
    };
    return slots->names && slots->list ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

void kolam_slots_finish(struct kolam_slots *slots) {
    json_decref(slots->names);
    kolam_free(slots->list);
    *slots = (struct kolam_slots){0};
}

enum kolam_status kolam_slots_take(struct kolam_slots *slots, const char *name,
                                   uint32_t *out_slot) {
    const json_t *known = json_object_get(slots->names, name);
    if (known) {
        *out_slot = (uint32_t)json_integer_value(known);
        return KOLAM_OK;
    }
    if (slots->count == KOLAM_SLOT_COUNT) {
        return KOLAM_ERR_FULL;
    }
    if (json_object_set_new(slots->names, name, json_integer(slots->count)) != 0) {
        return KOLAM_ERR_NOMEM;
    }
    /* The object's own copy of the name lives as long as the entry. */
    void *entry = json_object_iter_at(slots->names, name);
    slots->list[slots->count] = (struct kolam_slot){.name = json_object_iter_key(entry)};
    *out_slot = slots->count++;
    return KOLAM_OK;
}

enum kolam_status kolam_slots_ask(struct kolam_slots *slots, uint32_t slot, struct kolam_ws *ws) {
    struct kolam_slot *entry = &slots->list[slot];
    if (entry->is_asked) {
        return KOLAM_OK;
    }
    entry->is_asked = true;
    return kolam_client_send(
        ws, json_pack("{s:s,s:i,s:s}", "type", "act_as", "slot", (int)slot, "name", entry->name));
}

void kolam_slots_answered(struct kolam_slots *slots, json_int_t slot) {
    if (slot >= 0 && slot < (json_int_t)slots->count) {
        slots->list[slot].is_acting = true;
    }
}

void kolam_slots_forget_answers(struct kolam_slots *slots) {
    for (uint32_t i = 0; i < slots->count; i++) {
        slots->list[i].is_asked = false;
        slots->list[i].is_acting = false;
    }
}

void kolam_slots_clear(struct kolam_slots *slots) {
    json_object_clear(slots->names);
    slots->count = 0;
}
