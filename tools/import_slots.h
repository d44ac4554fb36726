/* The authors of an import and their slots on a connection (act_as). */
#ifndef KOLAM_TOOLS_IMPORT_SLOTS_H
#define KOLAM_TOOLS_IMPORT_SLOTS_H

#include <jansson.h>

#include "ws_client.h"

#define KOLAM_SLOT_COUNT 65536u

struct kolam_slot {
    const char *name; /* the key in `names` */
    bool is_asked, is_acting;
};

struct kolam_slots {
    json_t *names;           /* name -> slot */
    struct kolam_slot *list; /* KOLAM_SLOT_COUNT */
    uint32_t count;
};

KOLAM_MUST_CHECK enum kolam_status kolam_slots_init(struct kolam_slots *slots);
void kolam_slots_finish(struct kolam_slots *slots);

/* The name's slot, a new one if need be; KOLAM_ERR_FULL when all are taken. */
KOLAM_MUST_CHECK enum kolam_status kolam_slots_take(struct kolam_slots *slots, const char *name,
                                                    uint32_t *out_slot);
/* Binds the slot on this connection, if that was not asked for yet. */
KOLAM_MUST_CHECK enum kolam_status kolam_slots_ask(struct kolam_slots *slots, uint32_t slot,
                                                   struct kolam_ws *ws);
/* The server's "acting". */
void kolam_slots_answered(struct kolam_slots *slots, json_int_t slot);
/* A new connection knows no slots. */
void kolam_slots_forget_answers(struct kolam_slots *slots);
/* Frees all slots for other names; none may be in use. */
void kolam_slots_clear(struct kolam_slots *slots);

#endif
