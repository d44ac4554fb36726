/* Following somebody: their view becomes one's own. Each session follows one other at most, and nobody who follows it,
 * also through others, so that what a camera sets in motion comes to an end. */
#ifndef KOLAM_SERVER_FOLLOW_H
#define KOLAM_SERVER_FOLLOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "kolam/place.h"
#include "list.h"

struct kolam_server;
struct kolam_session;

#define KOLAM_FOLLOWERS_MAX 256   /* of one session */
#define KOLAM_FOLLOW_DEPTH_MAX 64 /* who follows one who follows ... */
#define KOLAM_CAMERA_MS 50        /* between two cameras that are passed on */

/* Where somebody looks, as they said it. */
struct kolam_camera {
    char x[KOLAM_PLACE_COORDINATE_BYTES_MAX], y[KOLAM_PLACE_COORDINATE_BYTES_MAX];
    double zoom;
};

struct kolam_follow {
    struct kolam_session *target; /* whom it follows, or NULL */
    struct kolam_list link;       /* among the target's followers */
    bool is_behind;               /* it did not get the newest camera: its socket was full */

    /* As one who is followed. */
    struct kolam_list followers;
    uint32_t follower_count;
    bool refuses;
    struct kolam_camera *camera; /* the newest, or NULL; its own */
    int64_t camera_ms;           /* when it was passed on */
    struct kolam_list due_link;  /* in the server's list while something is to be passed on: */
    bool is_list_due, is_camera_due, has_behind;
};

void kolam_follow_init(struct kolam_follow *follow);
/* The session is gone (and no longer among those here): whoever followed it follows another one of the same person, if
 * there is one, or is told. */
void kolam_follow_leave(struct kolam_session *session);
/* Passes on what has become due. */
void kolam_follow_tick(struct kolam_server *server);

/* Messages. */
void kolam_follow_set(struct kolam_session *session, const json_t *message);
void kolam_follow_refuse(struct kolam_session *session, const json_t *message);
void kolam_follow_camera(struct kolam_session *session, const json_t *message);

#endif
