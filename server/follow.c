/* Following; see follow.h. Loop thread. Cameras go as previews do: at most so many a second, the newest counts, and who reads
 * slowly gets the newest alone. One that is replaced before it is passed on costs its reading and no more. */
#include "follow.h"

#include <stdio.h>
#include <string.h>

#include "door.h"
#include "fanout.h"
#include "json.h"
#include "kolam/alloc.h"
#include "veil.h"

#define NAMED_MAX 32  /* followers that are told by name */
#define BEHIND_MS 250 /* until who was behind is looked at again */
#define ARTIST_MAX UINT32_MAX

void kolam_follow_init(struct kolam_follow *follow) {
    kolam_list_init(&follow->link);
    kolam_list_init(&follow->followers);
    kolam_list_init(&follow->due_link);
}

static void make_due(struct kolam_session *session, int64_t at_ms) {
    struct kolam_server *server = session->server;
    if (kolam_list_is_empty(&session->follow.due_link)) {
        kolam_list_append(&server->follows, &session->follow.due_link);
    }
    if (at_ms <= kolam_loop_now_ms(server->loop)) {
        kolam_loop_want_tick(server->loop);
    } else {
        kolam_loop_want_tick_at(server->loop, at_ms);
    }
}

static void make_list_due(struct kolam_session *session) {
    session->follow.is_list_due = true;
    make_due(session, 0);
}

/* ---- joining and leaving ---- */

static void join(struct kolam_session *follower, struct kolam_session *target) {
    follower->follow.target = target;
    follower->follow.is_behind = false;
    kolam_list_append(&target->follow.followers, &follower->follow.link);
    target->follow.follower_count++;
    follower->server->metrics.following++;
    make_list_due(target);
}

static void part(struct kolam_session *follower) {
    struct kolam_session *target = follower->follow.target;
    if (target) {
        follower->follow.target = NULL;
        kolam_list_remove(&follower->follow.link);
        target->follow.follower_count--;
        follower->server->metrics.following--;
        make_list_due(target);
    }
}

static void end_all(struct kolam_session *target, const char *reason) {
    KOLAM_LIST_EACH(&target->follow.followers, struct kolam_session, follow.link, follower) {
        part(follower);
        kolam_session_send_json(follower, json_pack("{ss sI ss}", "type", "unfollowed", "artist",
                                                    (json_int_t)target->artist, "reason", reason));
    }
}

/* Never itself, nor who follows it. */
static bool may_take_over(const struct kolam_session *next, const struct kolam_session *follower) {
    for (const struct kolam_session *at = next; at; at = at->follow.target) {
        if (at == follower) {
            return false;
        }
    }
    return true;
}

static void hand_over(struct kolam_session *session, struct kolam_session *next) {
    KOLAM_LIST_EACH(&session->follow.followers, struct kolam_session, follow.link, follower) {
        if (next->follow.follower_count < KOLAM_FOLLOWERS_MAX && may_take_over(next, follower)) {
            part(follower);
            join(follower, next);
        }
    }
}

void kolam_follow_leave(struct kolam_session *session) {
    struct kolam_session *next = session->follow.follower_count > 0 && session->artist != 0
                                     ? kolam_here_find(session->canvas, session->artist)
                                     : NULL;
    part(session);
    if (next && !next->follow.refuses) {
        hand_over(session, next);
    }
    end_all(session, "left");
    kolam_list_remove(&session->follow.due_link);
    kolam_free(session->follow.camera);
    session->follow.camera = NULL;
}

/* ---- messages ---- */

static const char *why_not(const struct kolam_session *session, const struct kolam_session *target,
                           const char **out_code) {
    uint32_t depth = 0;
    *out_code = "denied";
    if (target->artist == session->artist) {
        return "one cannot follow oneself";
    }
    if (target->follow.refuses) {
        return "they do not want to be followed";
    }
    for (const struct kolam_session *at = target; at; at = at->follow.target) {
        if (at == session) {
            return "they follow you";
        }
        if (++depth > KOLAM_FOLLOW_DEPTH_MAX) {
            *out_code = "limit";
            return "too many follow each other in a row";
        }
    }
    if (target->follow.follower_count >= KOLAM_FOLLOWERS_MAX) {
        *out_code = "limit";
        return "too many follow them already";
    }
    return NULL;
}

/* NULL without memory. */
static struct kolam_bytes *camera_text(const struct kolam_session *session) {
    const struct kolam_camera *camera = session->follow.camera;
    return kolam_session_text(json_pack("{ss sI ss ss sf}", "type", "camera", "artist",
                                        (json_int_t)session->artist, "x", camera->x, "y", camera->y,
                                        "zoom", camera->zoom));
}

/* A screen reaches that far from its middle. */
#define CAMERA_REACH_PX 1024

/* Where somebody looks at a quiet area, following them would tell whose strokes appear there. */
static bool may_see_camera(const struct kolam_session *follower,
                           const struct kolam_session *target) {
    const struct kolam_camera *camera = target->follow.camera;
    return !target->canvas->quiet || kolam_veil_sees(follower) ||
           !kolam_veil_is_quiet_view(target->canvas->quiet, camera->x, camera->y, camera->zoom,
                                     CAMERA_REACH_PX);
}

/* They are not told as being here to who does not see names, if they were only where none are told. */
static bool is_found(const struct kolam_session *session, const struct kolam_session *target) {
    return target && (target->here.was_told || kolam_veil_sees(session));
}

static void send_camera(struct kolam_session *follower, struct kolam_bytes *text) {
    const struct kolam_out_item item = {
        .bytes = text, .class = KOLAM_OUT_PREVIEW, .form = KOLAM_OUT_TEXT};
    follower->server->metrics.cameras_sent++;
    kolam_session_queue(follower, &item);
}

static void answer(struct kolam_session *session, uint64_t id) {
    const struct kolam_session *target = session->follow.target;
    json_t *message = json_pack("{ss sI so}", "type", "following", "id", (json_int_t)id, "artist",
                                target ? json_integer((json_int_t)target->artist) : json_null());
    if (message && target) {
        json_object_set_new(message, "name", json_string(target->author.name));
    }
    kolam_session_send_json(session, message);
}

static void follow_artist(struct kolam_session *session, uint64_t id, uint32_t artist) {
    struct kolam_session *target = kolam_here_find(session->canvas, artist);
    const char *code = "not_found";
    target = is_found(session, target) ? target : NULL;
    const char *problem =
        target ? why_not(session, target, &code) : "they are not here, or have not drawn yet";
    if (target && target == session->follow.target) {
        problem = NULL;
    }
    if (problem) {
        kolam_ask_error(session, id, code, problem);
        return;
    }
    if (target != session->follow.target) {
        part(session);
        join(session, target);
    }
    answer(session, id);
    if (target->follow.camera && may_see_camera(session, target)) {
        struct kolam_bytes *text = camera_text(target);
        send_camera(session, text);
        kolam_bytes_unref(text);
    }
}

void kolam_follow_set(struct kolam_session *session, const json_t *message) {
    const json_t *artist = json_object_get(message, "artist");
    uint64_t id, number = 0;
    if (!kolam_json_uint(message, "id", UINT32_MAX, &id)) {
        kolam_session_refuse(session, "follow: id is missing or malformed");
    } else if (!kolam_ask_is_within_budget(session)) {
        kolam_ask_error(session, id, "limit", "too many questions; try again in a moment");
    } else if (json_is_null(artist)) {
        part(session);
        answer(session, id);
    } else if (!kolam_door_lets(session, KOLAM_ACTION_FOLLOW, id)) {
        return;
    } else if (!kolam_json_uint(message, "artist", ARTIST_MAX, &number) || number == 0) {
        kolam_ask_error(session, id, "invalid", "artist must be a number, or null for nobody");
    } else {
        follow_artist(session, id, (uint32_t)number);
    }
}

void kolam_follow_refuse(struct kolam_session *session, const json_t *message) {
    const json_t *refuse = json_object_get(message, "refuse");
    if (!json_is_boolean(refuse)) {
        kolam_session_refuse(session, "follow_refuse: refuse must be true or false");
        return;
    }
    session->follow.refuses = json_is_true(refuse);
    if (session->follow.refuses) {
        end_all(session, "refused");
    }
}

void kolam_follow_camera(struct kolam_session *session, const json_t *message) {
    const char *x = json_string_value(json_object_get(message, "x"));
    const char *y = json_string_value(json_object_get(message, "y"));
    const json_t *zoom = json_object_get(message, "zoom");
    struct kolam_follow *follow = &session->follow;
    if (!x || !y || !kolam_place_coordinate_is_valid(x) || !kolam_place_coordinate_is_valid(y) ||
        !json_is_number(zoom) || !kolam_place_zoom_is_valid(json_number_value(zoom))) {
        kolam_session_refuse(session, "camera: x and y are decimal numbers as text, inside the "
                                      "world; zoom is -24 to 24");
        return;
    }
    if (follow->follower_count == 0 || session->artist == 0) {
        return; /* the last of them may just have left */
    }
    if (!follow->camera && !(follow->camera = kolam_alloc(sizeof(*follow->camera)))) {
        return; /* the next one may find memory */
    }
    strcpy(follow->camera->x, x); /* valid ones are shorter */
    strcpy(follow->camera->y, y);
    follow->camera->zoom = json_number_value(zoom);
    follow->is_camera_due = true;
    make_due(session, follow->camera_ms + KOLAM_CAMERA_MS);
}

/* ---- the tick ---- */

static void send_list(struct kolam_session *session) {
    json_t *list = json_array();
    KOLAM_LIST_EACH(&session->follow.followers, struct kolam_session, follow.link, follower) {
        if (follower->has_author && follower->artist != 0 && json_array_size(list) < NAMED_MAX) {
            json_array_append_new(list, json_pack("{sI ss}", "artist", (json_int_t)follower->artist,
                                                  "name", follower->author.name));
        }
    }
    session->follow.is_list_due = false;
    kolam_session_send_json(session,
                            json_pack("{ss so sI}", "type", "followers", "list", list, "count",
                                      (json_int_t)session->follow.follower_count));
}

/* To all, or to those who are behind. */
static void pass_camera_on(struct kolam_session *session, bool is_new) {
    struct kolam_follow *follow = &session->follow;
    struct kolam_bytes *text = camera_text(session);
    follow->has_behind = false;
    KOLAM_LIST_EACH(&follow->followers, struct kolam_session, follow.link, follower) {
        if ((!is_new && !follower->follow.is_behind) || !may_see_camera(follower, session)) {
            follower->follow.is_behind = false;
            continue;
        }
        follower->follow.is_behind = kolam_socket_is_congested(follower->ws);
        if (follower->follow.is_behind) {
            follow->has_behind = true;
        } else {
            send_camera(follower, text);
        }
    }
    kolam_bytes_unref(text);
}

static void pass_on(struct kolam_session *session, int64_t now_ms) {
    struct kolam_follow *follow = &session->follow;
    if (follow->is_list_due) {
        send_list(session);
    }
    const int64_t due_ms =
        follow->camera_ms + (follow->is_camera_due ? KOLAM_CAMERA_MS : BEHIND_MS);
    if ((follow->is_camera_due || follow->has_behind) && now_ms >= due_ms) {
        pass_camera_on(session, follow->is_camera_due);
        follow->is_camera_due = false;
        follow->camera_ms = now_ms;
    }
    if (follow->is_camera_due || follow->has_behind) {
        kolam_loop_want_tick_at(session->server->loop,
                                follow->camera_ms +
                                    (follow->is_camera_due ? KOLAM_CAMERA_MS : BEHIND_MS));
    } else {
        kolam_list_remove(&follow->due_link);
    }
}

void kolam_follow_tick(struct kolam_server *server) {
    const int64_t now_ms = kolam_loop_now_ms(server->loop);
    KOLAM_LIST_EACH(&server->follows, struct kolam_session, follow.due_link, session) {
        pass_on(session, now_ms);
    }
}
