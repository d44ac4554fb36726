/* Sanctions joined; see restraint.h. */
#include "restraint.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WHY_TOLD_BYTES (KOLAM_RESTRAINT_TEXT_BYTES - 128) /* room for the words around it */

/* Whoever is sanctioned by a number of before is meant, too. */
static bool is_person(const uint8_t ident[KOLAM_IDENT_BYTES], const struct kolam_restrained *who) {
    bool is_it = who->ident && memcmp(ident, who->ident, KOLAM_IDENT_BYTES) == 0;
    for (uint32_t i = 0; who->formers && i < who->formers->count; i++) {
        is_it |= memcmp(ident, who->formers->idents[i], KOLAM_IDENT_BYTES) == 0;
    }
    return is_it;
}

static bool means(const struct kolam_sanction *sanction, const struct kolam_restrained *who) {
    if (sanction->canvas[0] != '\0' && strcmp(sanction->canvas, who->canvas) != 0) {
        return false;
    }
    if (sanction->has_ident) {
        return is_person(sanction->ident, who);
    }
    struct kolam_prefix prefix = {.bits = sanction->prefix_bits};
    memcpy(prefix.address.bytes, sanction->prefix, sizeof(prefix.address.bytes));
    return sanction->prefix_bits > 0 && who->address && kolam_prefix_holds(&prefix, who->address);
}

/* Of two the one that ends last is told. */
static void take(bool *flag, uint32_t *kept, const struct kolam_sanction *list, uint32_t place) {
    if (!*flag || list[place].until_ms > list[*kept].until_ms) {
        *kept = place;
    }
    *flag = true;
}

void kolam_restraint_add(struct kolam_restraint *restraint, const struct kolam_sanction *list,
                         uint32_t place, const struct kolam_restrained *who, int64_t now_ms) {
    const struct kolam_sanction *sanction = &list[place];
    if (!kolam_sanction_is_in_force(sanction, now_ms) || !means(sanction, who)) {
        return;
    }
    switch (sanction->kind) {
    case KOLAM_SANCTION_MUTE:
        take(&restraint->is_muted, &restraint->mute, list, place);
        return;
    case KOLAM_SANCTION_SLOW:
        take(&restraint->is_slowed, &restraint->slow, list, place);
        return;
    case KOLAM_SANCTION_SUSPEND:
        take(&restraint->is_suspended, &restraint->suspend, list, place);
        return;
    case KOLAM_SANCTION_BAN:
        if (sanction->is_hidden) {
            restraint->is_withheld = true;
            return;
        }
        take(&restraint->is_banned, &restraint->ban, list, place);
        restraint->is_shut_out |= sanction->bans_watching;
        return;
    case KOLAM_SANCTION_KINDS:
        return;
    }
}

bool kolam_restraint_is_none(const struct kolam_restraint *restraint) {
    return !restraint->is_muted && !restraint->is_slowed && !restraint->is_suspended &&
           !restraint->is_banned && !restraint->is_withheld;
}

bool kolam_restraint_hides(const struct kolam_restraint *restraint) {
    return restraint->is_muted || restraint->is_suspended || restraint->is_banned ||
           restraint->is_withheld;
}

/* What is left to them. Drawing under a hidden ban is not forbidden: it is taken, and hidden. */
static bool is_left_by_mute(enum kolam_action action) {
    return action != KOLAM_ACTION_POINT && action != KOLAM_ACTION_NAME_PLACE &&
           action != KOLAM_ACTION_REMOVE_PLACE && action != KOLAM_ACTION_RENAME &&
           action != KOLAM_ACTION_INVITE;
}

static bool is_left_by_suspend(enum kolam_action action) {
    return action == KOLAM_ACTION_LOOK || action == KOLAM_ACTION_SEE_NAMES ||
           action == KOLAM_ACTION_FOLLOW || action == KOLAM_ACTION_POINT ||
           action == KOLAM_ACTION_RENAME || action == KOLAM_ACTION_REPORT;
}

static bool is_left_by_ban(enum kolam_action action) {
    return action == KOLAM_ACTION_LOOK || action == KOLAM_ACTION_SEE_NAMES;
}

static bool is_left_by_hidden_ban(enum kolam_action action) {
    return is_left_by_ban(action) || action == KOLAM_ACTION_DRAW ||
           action == KOLAM_ACTION_CHANGE_OWN;
}

bool kolam_restraint_forbids(const struct kolam_restraint *restraint, enum kolam_action action,
                             uint32_t *out_place) {
    if (restraint->is_banned && !is_left_by_ban(action)) {
        *out_place = restraint->ban;
        return true;
    }
    if (restraint->is_suspended && !is_left_by_suspend(action)) {
        *out_place = restraint->suspend;
        return true;
    }
    if (restraint->is_muted && !is_left_by_mute(action)) {
        *out_place = restraint->mute;
        return true;
    }
    if (restraint->is_withheld && !is_left_by_hidden_ban(action)) {
        *out_place = KOLAM_RESTRAINT_UNTOLD;
        return true;
    }
    return false;
}

/* ---- words ---- */

static const char *const kind_names[KOLAM_SANCTION_KINDS] = {
    [KOLAM_SANCTION_MUTE] = "mute",
    [KOLAM_SANCTION_SLOW] = "slow",
    [KOLAM_SANCTION_SUSPEND] = "suspend",
    [KOLAM_SANCTION_BAN] = "ban",
};

const char *kolam_sanction_kind_name(enum kolam_sanction_kind kind) {
    return (unsigned)kind < KOLAM_SANCTION_KINDS && kind_names[kind] ? kind_names[kind] : "";
}

bool kolam_sanction_kind_parse(const char *name, enum kolam_sanction_kind *out_kind) {
    for (int kind = KOLAM_SANCTION_MUTE; kind < KOLAM_SANCTION_KINDS; kind++) {
        if (strcmp(name, kind_names[kind]) == 0) {
            *out_kind = (enum kolam_sanction_kind)kind;
            return true;
        }
    }
    return false;
}

void kolam_restraint_text(const struct kolam_sanction *sanction,
                          char out_text[KOLAM_RESTRAINT_TEXT_BYTES]) {
    static const char *const states[KOLAM_SANCTION_KINDS] = {
        [KOLAM_SANCTION_MUTE] = "muted",
        [KOLAM_SANCTION_SLOW] = "slowed down",
        [KOLAM_SANCTION_SUSPEND] = "suspended from drawing",
        [KOLAM_SANCTION_BAN] = "banned",
    };
    char until[48] = "until further notice";
    const time_t seconds = (time_t)(sanction->until_ms / 1000);
    struct tm utc;
    if (sanction->until_ms != KOLAM_NO_END && gmtime_r(&seconds, &utc)) {
        (void)strftime(until, sizeof(until), "until %Y-%m-%d %H:%M UTC", &utc);
    }
    size_t why_size = strlen(sanction->why);
    if (why_size > WHY_TOLD_BYTES) {
        why_size = WHY_TOLD_BYTES;
        while (why_size > 0 && (sanction->why[why_size] & 0xc0) == 0x80) {
            why_size--; /* not within a character */
        }
    }
    (void)snprintf(out_text, KOLAM_RESTRAINT_TEXT_BYTES, "you are %s %s %s%s%.*s",
                   states[sanction->kind], sanction->canvas[0] ? "here" : "on this server", until,
                   why_size > 0 ? ": " : "", (int)why_size, sanction->why);
}
