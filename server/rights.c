/* The tables of rights; see rights.h. Two of them: the least role that may do something on a canvas of a mode, and the least
 * that may in an area. Both must say yes. Areas say nothing about what does not happen in a place. */
#include "rights.h"

#include <stddef.h>

#define WATCHER KOLAM_ROLE_WATCHER
#define NEWCOMER KOLAM_ROLE_NEWCOMER
#define ARTIST KOLAM_ROLE_ARTIST
#define MENTOR KOLAM_ROLE_MENTOR
#define MODERATOR KOLAM_ROLE_MODERATOR
#define OWNER KOLAM_ROLE_OWNER
#define NOBODY KOLAM_ROLES

/* On an invited canvas what says ARTIST is open to whoever was invited, newcomers too. */
static const struct {
    unsigned char of_mode[KOLAM_MODES]; /* open, newcomers, invited, read-only */
} by_mode[KOLAM_ACTIONS] = {
    [KOLAM_ACTION_LOOK] = {{WATCHER, WATCHER, WATCHER, WATCHER}},
    [KOLAM_ACTION_SEE_NAMES] = {{WATCHER, WATCHER, WATCHER, WATCHER}},
    [KOLAM_ACTION_FOLLOW] = {{WATCHER, WATCHER, WATCHER, WATCHER}},
    [KOLAM_ACTION_POINT] = {{NEWCOMER, NEWCOMER, ARTIST, NEWCOMER}},
    [KOLAM_ACTION_DRAW] = {{NEWCOMER, NEWCOMER, ARTIST, NOBODY}},
    [KOLAM_ACTION_CHANGE_OWN] = {{NEWCOMER, NEWCOMER, NEWCOMER, NOBODY}},
    [KOLAM_ACTION_CHANGE_OTHERS] = {{MODERATOR, MODERATOR, MODERATOR, MODERATOR}},
    [KOLAM_ACTION_NAME_PLACE] = {{NEWCOMER, ARTIST, ARTIST, MODERATOR}},
    [KOLAM_ACTION_REMOVE_PLACE] = {{MENTOR, MENTOR, MENTOR, MODERATOR}},
    [KOLAM_ACTION_RENAME] = {{NEWCOMER, NEWCOMER, NEWCOMER, NEWCOMER}},
    [KOLAM_ACTION_REPORT] = {{WATCHER, WATCHER, WATCHER, WATCHER}},
    [KOLAM_ACTION_INVITE] = {{MENTOR, MENTOR, MENTOR, MENTOR}},
    [KOLAM_ACTION_SLOW] = {{MENTOR, MENTOR, MENTOR, MENTOR}},
    [KOLAM_ACTION_BAN] = {{MODERATOR, MODERATOR, MODERATOR, MODERATOR}},
    [KOLAM_ACTION_FREEZE] = {{MODERATOR, MODERATOR, MODERATOR, MODERATOR}},
    [KOLAM_ACTION_SEE_AUDIT] = {{MODERATOR, MODERATOR, MODERATOR, MODERATOR}},
    [KOLAM_ACTION_WRITE_RECORD] = {{OWNER, OWNER, OWNER, OWNER}},
    [KOLAM_ACTION_DRAW_AS] = {{OWNER, OWNER, OWNER, OWNER}},
    [KOLAM_ACTION_VOTE] = {{ARTIST, ARTIST, ARTIST, NOBODY}},
    [KOLAM_ACTION_UNVOTE] = {{NEWCOMER, NEWCOMER, NEWCOMER, NEWCOMER}},
    [KOLAM_ACTION_CONFIGURE] = {{OWNER, OWNER, OWNER, OWNER}},
};

/* Members of an area may there what they may elsewhere, except that frozen is frozen. Moderators hide in any area. */
static const struct {
    enum kolam_action action;
    unsigned char of_area[KOLAM_AREAS]; /* plain, protected, owned, quiet, frozen */
} by_area[] = {
    {KOLAM_ACTION_SEE_NAMES, {WATCHER, WATCHER, WATCHER, MODERATOR, WATCHER}},
    {KOLAM_ACTION_DRAW, {WATCHER, MENTOR, OWNER, WATCHER, NOBODY}},
    {KOLAM_ACTION_CHANGE_OWN, {WATCHER, WATCHER, WATCHER, WATCHER, NOBODY}},
    {KOLAM_ACTION_NAME_PLACE, {WATCHER, MENTOR, OWNER, WATCHER, MODERATOR}},
    {KOLAM_ACTION_VOTE, {WATCHER, WATCHER, WATCHER, WATCHER, NOBODY}},
};

static struct kolam_right denied(enum kolam_why why) {
    return (struct kolam_right){.why = why};
}

static enum kolam_why why_of_area(enum kolam_area_kind area) {
    return area == KOLAM_AREA_FROZEN  ? KOLAM_WHY_FROZEN
           : area == KOLAM_AREA_QUIET ? KOLAM_WHY_QUIET
                                      : KOLAM_WHY_AREA;
}

static bool may_by_mode(enum kolam_role role, enum kolam_action action,
                        const struct kolam_where *where) {
    const unsigned least = by_mode[action].of_mode[where->mode];
    if (where->mode == KOLAM_MODE_INVITED && least == ARTIST && role == NEWCOMER) {
        return where->is_invited;
    }
    return role >= least;
}

static bool may_by_area(enum kolam_role role, enum kolam_action action,
                        const struct kolam_where *where) {
    for (size_t i = 0; i < sizeof(by_area) / sizeof(by_area[0]); i++) {
        if (by_area[i].action == action) {
            const bool is_at_home = where->is_member && where->area != KOLAM_AREA_FROZEN &&
                                    where->area != KOLAM_AREA_QUIET;
            return is_at_home || role >= by_area[i].of_area[where->area];
        }
    }
    return true;
}

static enum kolam_why why_of_mode(enum kolam_role role, enum kolam_action action,
                                  const struct kolam_where *where) {
    const unsigned open = by_mode[action].of_mode[KOLAM_MODE_OPEN];
    if (where->mode == KOLAM_MODE_READ_ONLY &&
        by_mode[action].of_mode[KOLAM_MODE_READ_ONLY] > open && role >= open) {
        return KOLAM_WHY_READ_ONLY;
    }
    return where->mode == KOLAM_MODE_INVITED && role == NEWCOMER &&
                   by_mode[action].of_mode[KOLAM_MODE_INVITED] == ARTIST
               ? KOLAM_WHY_INVITE
               : KOLAM_WHY_ROLE;
}

struct kolam_right kolam_rights_ask(enum kolam_role role, enum kolam_action action,
                                    const struct kolam_where *where) {
    if ((unsigned)role >= KOLAM_ROLES || (unsigned)action >= KOLAM_ACTIONS ||
        (unsigned)where->mode >= KOLAM_MODES || (unsigned)where->area >= KOLAM_AREAS) {
        return denied(KOLAM_WHY_ROLE);
    }
    if (!may_by_mode(role, action, where)) {
        return denied(why_of_mode(role, action, where));
    }
    if (!may_by_area(role, action, where)) {
        return denied(why_of_area(where->area));
    }
    return (struct kolam_right){.may = true,
                                .is_limited = action == KOLAM_ACTION_DRAW && role == NEWCOMER &&
                                              where->mode == KOLAM_MODE_NEWCOMERS};
}

enum kolam_role kolam_rights_role(enum kolam_role given, int invited, enum kolam_role earned) {
    if (given != KOLAM_ROLE_EARNED) {
        return given;
    }
    return invited > (int)earned ? (enum kolam_role)invited : earned;
}

enum kolam_role kolam_rights_given(enum kolam_role one, enum kolam_role other) {
    if (one == KOLAM_ROLE_EARNED || other == KOLAM_ROLE_EARNED) {
        return one == KOLAM_ROLE_EARNED ? other : one;
    }
    if (one == KOLAM_ROLE_NEWCOMER || other == KOLAM_ROLE_NEWCOMER) {
        return KOLAM_ROLE_NEWCOMER;
    }
    return one > other ? one : other;
}

bool kolam_rights_outrank(enum kolam_role role, bool is_admin, enum kolam_role other) {
    return is_admin || role > other;
}

bool kolam_rights_undo(enum kolam_role role, enum kolam_role other) {
    return role >= other;
}

const char *kolam_why_text(enum kolam_why why) {
    static const char *const texts[KOLAM_WHYS] = {
        [KOLAM_WHY_NOT_DENIED] = "",
        [KOLAM_WHY_ROLE] = "your role here does not allow that",
        [KOLAM_WHY_INVITE] = "this canvas is for those who are invited; ask somebody for a link",
        [KOLAM_WHY_READ_ONLY] = "this canvas can only be looked at",
        [KOLAM_WHY_AREA] = "this area is for its members",
        [KOLAM_WHY_FROZEN] = "this area rests for a while; draw elsewhere",
        [KOLAM_WHY_QUIET] = "no names are shown in this area",
        [KOLAM_WHY_HIDDEN] = "this was taken off the wall; moderators can bring it back",
    };
    return (unsigned)why < KOLAM_WHYS ? texts[why] : "";
}
