/* What the sanctions in force come to for somebody: pure, from a list of them. */
#ifndef KOLAM_SERVER_RESTRAINT_H
#define KOLAM_SERVER_RESTRAINT_H

#include "kolam/identity.h"
#include "kolam/moderation.h"
#include "peer.h"
#include "rights.h"

#define KOLAM_RESTRAINT_TEXT_BYTES 512

/* All false: nobody keeps them from anything. The places are of the list: the sanction that holds longest of those of its
 * kind, where the flag is set. */
struct kolam_restraint {
    bool is_muted, is_slowed, is_suspended, is_banned;
    bool is_withheld; /* a hidden ban: what they draw is taken, and hidden */
    bool is_shut_out; /* may not even look */
    uint32_t mute, slow, suspend, ban;
};

/* Somebody on a canvas; `ident` NULL: who has none. */
struct kolam_restrained {
    const char *canvas;
    const uint8_t *ident;                /* or NULL */
    const struct kolam_selves *formers;  /* who they were before, or NULL */
    const struct kolam_address *address; /* or NULL: of sanctions of persons alone it is asked */
};

/* Takes in one sanction of the list, if it is in force and means them. */
void kolam_restraint_add(struct kolam_restraint *restraint, const struct kolam_sanction *list,
                         uint32_t place, const struct kolam_restrained *who, int64_t now_ms);
bool kolam_restraint_is_none(const struct kolam_restraint *restraint);
/* What others see of them now is to go: the pen, the strokes under it. */
bool kolam_restraint_hides(const struct kolam_restraint *restraint);

/* Does it keep from that? *out_place: the sanction that does, KOLAM_RESTRAINT_UNTOLD if that is not told. */
#define KOLAM_RESTRAINT_UNTOLD UINT32_MAX
bool kolam_restraint_forbids(const struct kolam_restraint *restraint, enum kolam_action action,
                             uint32_t *out_place);

/* "you are suspended here until 2026-11-22 18:00 UTC: why" */
void kolam_restraint_text(const struct kolam_sanction *sanction,
                          char out_text[KOLAM_RESTRAINT_TEXT_BYTES]);
const char *kolam_sanction_kind_name(enum kolam_sanction_kind kind);
bool kolam_sanction_kind_parse(const char *name, enum kolam_sanction_kind *out_kind);

#endif
