/* Who may do what, where: (role, action, place) -> verdict, as tables. Pure: who somebody is, and how a canvas and its areas
 * are set up, is found out elsewhere; what a verdict leads to (a NACK, an error, a quieter ink) is the asker's. */
#ifndef KOLAM_SERVER_RIGHTS_H
#define KOLAM_SERVER_RIGHTS_H

#include "kolam/policy.h"

enum kolam_action {
    KOLAM_ACTION_LOOK,          /* tiles, ops, the past */
    KOLAM_ACTION_SEE_NAMES,     /* who drew, who is here */
    KOLAM_ACTION_FOLLOW,        /* somebody's view */
    KOLAM_ACTION_POINT,         /* show one's cursor */
    KOLAM_ACTION_DRAW,          /* strokes and their previews */
    KOLAM_ACTION_CHANGE_OWN,    /* hide, show, edit one's own strokes */
    KOLAM_ACTION_CHANGE_OTHERS, /* the same with others': rollback */
    KOLAM_ACTION_NAME_PLACE,    /* and take away one's own */
    KOLAM_ACTION_REMOVE_PLACE,  /* another's */
    KOLAM_ACTION_RENAME,        /* oneself */
    KOLAM_ACTION_REPORT,        /* a place or an artist to the moderators */
    KOLAM_ACTION_INVITE,        /* newcomers and artists */
    KOLAM_ACTION_SLOW,          /* mute, slow */
    KOLAM_ACTION_BAN,           /* suspend, ban */
    KOLAM_ACTION_FREEZE,        /* an area or the canvas */
    KOLAM_ACTION_SEE_AUDIT,     /* what moderators did */
    KOLAM_ACTION_WRITE_RECORD,  /* a record op of one's own making */
    KOLAM_ACTION_DRAW_AS,       /* in the names of others: imports */
    KOLAM_ACTION_VOTE,          /* to hide a stroke, where the canvas has votes */
    KOLAM_ACTION_UNVOTE,        /* take one's own vote back */
    KOLAM_ACTION_CONFIGURE,     /* mode, areas, roles */
    KOLAM_ACTIONS
};

/* Where, as seen by who asks. */
struct kolam_where {
    enum kolam_canvas_mode mode;
    enum kolam_area_kind area;
    bool is_invited; /* to this canvas; artists of it and above count as such */
    bool is_member;  /* of this area: its owner, or named by them */
};

enum kolam_why {
    KOLAM_WHY_NOT_DENIED,
    KOLAM_WHY_ROLE,      /* a higher role may */
    KOLAM_WHY_INVITE,    /* who is invited may */
    KOLAM_WHY_READ_ONLY, /* the canvas is */
    KOLAM_WHY_AREA,      /* members of the area may */
    KOLAM_WHY_FROZEN,    /* the area is, for now */
    KOLAM_WHY_QUIET,     /* no names are shown there */
    KOLAM_WHY_HIDDEN,    /* somebody else hid it: they, or others with the right, may show it */
    KOLAM_WHYS
};

struct kolam_right {
    bool may;
    bool is_limited;    /* with a newcomer's ink */
    enum kolam_why why; /* if not */
};

/* Of a role, an action, a mode or an area that is none of the above: no, whatever it is. */
struct kolam_right kolam_rights_ask(enum kolam_role role, enum kolam_action action,
                                    const struct kolam_where *where);
/* Somebody's role: what the canvas gave them (EARNED: nothing), else what an invitation brought (-1: none) or what they earned,
 * whichever is more. */
enum kolam_role kolam_rights_role(enum kolam_role given, int invited, enum kolam_role earned);
/* What the canvas gave to two selves of one person, as one: the higher; but who was made a newcomer, as either, is held to it, so that
 * nobody merges out of that. */
enum kolam_role kolam_rights_given(enum kolam_role one, enum kolam_role other);
/* Whether one of a role may judge one of another: who has the admin token anybody, else the lower alone. */
bool kolam_rights_outrank(enum kolam_role role, bool is_admin, enum kolam_role other);
/* Whether one of a role may undo what another did to others, or to the canvas: an equal's deeds as well, never a higher one's. */
bool kolam_rights_undo(enum kolam_role role, enum kolam_role other);
/* A sentence for the person who was told no; static storage. */
const char *kolam_why_text(enum kolam_why why);

#endif
