/* Who may do what, where: (role, action, place) -> verdict, as tables. Pure: who somebody is, and how a canvas and its areas
 * are set up, is found out elsewhere; what a verdict leads to (a NACK, an error, a quieter ink) is the asker's. Until canvases have roles, modes and areas, verdict.c
 * judges by identity and admin token alone, which is the first column of the open canvas and the last. */
#ifndef KOLAM_SERVER_RIGHTS_H
#define KOLAM_SERVER_RIGHTS_H

#include <stdbool.h>

/* From least to most; a table names the least that may. */
enum kolam_role {
    KOLAM_ROLE_WATCHER,   /* looks on; may have no identity */
    KOLAM_ROLE_NEWCOMER,  /* has an identity, and little or nothing that was left standing yet */
    KOLAM_ROLE_ARTIST,    /* has drawn here for a while */
    KOLAM_ROLE_MENTOR,    /* a steward: helps, invites, tidies up names of places */
    KOLAM_ROLE_MODERATOR, /* undoes what others did, and keeps people out */
    KOLAM_ROLE_OWNER,     /* sets the canvas up */
    KOLAM_ROLES
};

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
    KOLAM_ACTION_CONFIGURE,     /* mode, areas, roles */
    KOLAM_ACTIONS
};

enum kolam_canvas_mode {
    KOLAM_MODE_OPEN,      /* anyone draws */
    KOLAM_MODE_NEWCOMERS, /* newcomers draw with little ink at first */
    KOLAM_MODE_INVITED,   /* only who was invited draws */
    KOLAM_MODE_READ_ONLY,
    KOLAM_MODES
};

enum kolam_area_kind {
    KOLAM_AREA_PLAIN,
    KOLAM_AREA_PROTECTED, /* its members draw there, and mentors */
    KOLAM_AREA_OWNED,     /* its members alone draw there */
    KOLAM_AREA_QUIET,     /* no names are shown */
    KOLAM_AREA_FROZEN,    /* nobody draws there for now */
    KOLAM_AREAS
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
/* A sentence for the person who was told no; static storage. */
const char *kolam_why_text(enum kolam_why why);

#endif
