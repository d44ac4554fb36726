/* Where the crowd looks. Spread: most at 1:1 around an artist, many around few (Zipf), following when the drawing moves
 * on; some from far out, where strokes are specks; some pan and zoom all the time. Or all at the one place, with the same view
 * or each with another. */
#include <math.h>
#include <string.h>

#include "load_crowd.h"

#define VIEW_EVERY_US 16667     /* while panning */
#define FOLLOW_EVERY_US 3000000 /* still watchers look around, with as much again at random */
#define BURST_US 2000000        /* of panning or zooming; about as much rest, twice */
#define FAR_LEVEL (-5)          /* from here on out one does not follow a pen */

/* What people look at it with, in tiles that cover the screen. */
static const struct {
    uint32_t width, height;
} screens[] = {{9, 6}, {9, 6}, {7, 5}, {7, 5}, {5, 4}, {3, 5}};

static const struct {
    int32_t level;
    double share;
} levels[] = {{0, 0.52},  {1, 0.08},  {-1, 0.14}, {-2, 0.10},
              {-3, 0.06}, {-5, 0.05}, {-8, 0.03}, {-12, 0.02}};

/* The view that all have, around the place where all draw. */
static const struct kolam_load_view one_place = {
    .x = -4, .y = -3, .level = 0, .width = 8, .height = 6};

/* ---- all at one place ---- */

#define OVERLAPS_ACROSS 9 /* last columns -2..6 */
#define OVERLAPS_DOWN 7   /* last rows -2..4 */
#define OVERLAP_WIDTHS 6  /* 4..9 tiles */
#define OVERLAP_HEIGHTS 5 /* 3..7 tiles */
#define OVERLAPS (OVERLAPS_ACROSS * OVERLAPS_DOWN * OVERLAP_WIDTHS * OVERLAP_HEIGHTS)

/* 1,890 different views, all of which hold some of the place; 997 and 1,890 have no common divisor. */
static struct kolam_load_view overlapping(uint32_t number) {
    uint32_t place = (uint32_t)((uint64_t)number * 997 % OVERLAPS);
    struct kolam_load_view view = {.x = (int64_t)(place % OVERLAPS_ACROSS) - 2};
    place /= OVERLAPS_ACROSS;
    view.y = (int64_t)(place % OVERLAPS_DOWN) - 2;
    place /= OVERLAPS_DOWN;
    view.width = 4 + place % OVERLAP_WIDTHS;
    view.height = 3 + place / OVERLAP_WIDTHS;
    view.x -= view.width - 1;
    view.y -= view.height - 1;
    return view;
}

/* ---- spread ---- */

/* Rank r of `count` with weight 1 / (r + 1). */
static uint32_t zipf(struct kolam_load_random *random, uint32_t count) {
    double all = log((double)count + 1), at = kolam_load_share(random) * all;
    uint32_t rank = (uint32_t)(exp(at) - 1);
    return rank < count ? rank : count - 1;
}

static void place_of(const struct kolam_load *load, uint32_t artist, double *out_x, double *out_y) {
    *out_x = *out_y = 0;
    if (artist >= load->options.artists) {
        return;
    }
    const struct kolam_load_hand *hand = load->clients[artist].hand;
    const struct kolam_load_score *score = &load->plan.scores[artist];
    if (score->count > 0) {
        const struct kolam_load_stroke *stroke = &score->strokes[hand->at];
        *out_x = stroke->x;
        *out_y = stroke->y;
    }
}

static void follow(struct kolam_load *load, struct kolam_load_eye *eye) {
    uint32_t artists = load->options.artists;
    eye->artist = artists > 0 ? zipf(&load->random, artists) : 0;
    place_of(load, eye->artist, &eye->x, &eye->y);
    double off_px = ldexp(400, -eye->level);
    eye->x += kolam_load_between(&load->random, -off_px, off_px);
    eye->y += kolam_load_between(&load->random, -off_px, off_px);
}

static int32_t pick_level(struct kolam_load_random *random) {
    double at = kolam_load_share(random);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        at -= levels[i].share;
        if (at < 0) {
            return levels[i].level;
        }
    }
    return 0;
}

static struct kolam_load_view view_of(const struct kolam_load_eye *eye) {
    return kolam_load_view_around(eye->x, eye->y, eye->level, eye->width, eye->height);
}

static void init_spread(struct kolam_load *load, struct kolam_load_client *client) {
    struct kolam_load_eye *eye = &client->eye;
    uint32_t screen = kolam_load_below(&load->random, sizeof screens / sizeof screens[0]);
    eye->width = screens[screen].width;
    eye->height = screens[screen].height;
    eye->level = client->kind == KOLAM_LOAD_ARTIST ? 0 : pick_level(&load->random);
    eye->is_far = eye->level <= FAR_LEVEL;
    eye->is_mover = client->kind == KOLAM_LOAD_WATCHER && !eye->is_far &&
                    kolam_load_share(&load->random) < load->options.pan;
    if (client->kind == KOLAM_LOAD_ARTIST) {
        eye->artist = client->conn.index;
        place_of(load, eye->artist, &eye->x, &eye->y);
    } else {
        follow(load, eye);
    }
    client->first_view = view_of(eye);
}

void kolam_load_eye_init(struct kolam_load *load, struct kolam_load_client *client) {
    if (load->options.mode == KOLAM_LOAD_SPREAD) {
        init_spread(load, client);
        return;
    }
    bool is_own = load->options.mode == KOLAM_LOAD_OVERLAP && client->kind != KOLAM_LOAD_ARTIST;
    client->first_view =
        is_own ? overlapping(client->conn.index - load->options.artists) : one_place;
    client->eye.is_mover =
        client->kind == KOLAM_LOAD_WATCHER && kolam_load_share(&load->random) < load->options.pan;
    client->eye.width = client->first_view.width;
    client->eye.height = client->first_view.height;
}

void kolam_load_eyes_init(struct kolam_load *load) {
    for (uint32_t i = 0; i < load->client_count; i++) {
        kolam_load_eye_init(load, &load->clients[i]);
    }
}

/* ---- looking on ---- */

static void wake(struct kolam_load *load, const struct kolam_load_client *client, int64_t at_us) {
    if (at_us < load->end_us &&
        !kolam_load_timers_add(&load->timers, at_us, client->conn.index | KOLAM_LOAD_TIMER_LOOK)) {
        kolam_load_give_up(load, "out of memory");
    }
}

static int64_t pause_us(struct kolam_load *load, int64_t about_us) {
    return about_us + (int64_t)(kolam_load_share(&load->random) * (double)about_us);
}

/* Stalled ones, and those who share a place and do not pan, look where they look. */
void kolam_load_eye_begin(struct kolam_load *load, struct kolam_load_client *client) {
    client->eye.is_idle = false;
    if (client->kind == KOLAM_LOAD_STALLED) {
        return;
    }
    if (client->eye.is_mover || (load->options.mode == KOLAM_LOAD_SPREAD && !client->eye.is_far &&
                                 client->kind != KOLAM_LOAD_JOINER)) {
        wake(load, client,
             load->begin_us + pause_us(load, FOLLOW_EVERY_US) -
                 (int64_t)(kolam_load_share(&load->random) * FOLLOW_EVERY_US));
    }
}

static void look(struct kolam_load *load, struct kolam_load_client *client) {
    const struct kolam_load_watch *watch = &client->watch;
    struct kolam_load_view view = view_of(&client->eye);
    const struct kolam_load_view *last =
        watch->asked_count > 0 ? &watch->asked[watch->asked_count - 1].view : &watch->now.view;
    if (!kolam_load_view_equal(&view, last)) {
        (void)kolam_load_client_look(load, client, &view);
    }
}

/* Is the pen that is followed still within the view? */
static bool has_left(const struct kolam_load *load, const struct kolam_load_client *client) {
    double x, y;
    place_of(load, client->eye.artist, &x, &y);
    double half_x = ldexp(client->eye.width * KOLAM_TILE_PX / 2.0, -client->eye.level);
    double half_y = ldexp(client->eye.height * KOLAM_TILE_PX / 2.0, -client->eye.level);
    return fabs(x - client->eye.x) > half_x || fabs(y - client->eye.y) > half_y;
}

static void begin_burst(struct kolam_load *load, struct kolam_load_client *client, int64_t now_us) {
    struct kolam_load_eye *eye = &client->eye;
    double angle = kolam_load_between(&load->random, 0, 6.2832);
    double speed = kolam_load_between(&load->random, 300, 6000); /* a slow pan to a fling */
    eye->burst_ends_us = now_us + pause_us(load, BURST_US / 2);
    eye->speed_x = speed * cos(angle);
    eye->speed_y = speed * sin(angle);
    if (load->options.mode == KOLAM_LOAD_SPREAD) {
        eye->level = pick_level(&load->random);
        eye->level = eye->level <= FAR_LEVEL ? -2 : eye->level;
        follow(load, eye);
    } else {
        eye->x = eye->y = 0;
    }
}

/* A frame of panning; now and then a level in or out. */
static void pan(struct kolam_load *load, struct kolam_load_client *client, int64_t due_us) {
    struct kolam_load_eye *eye = &client->eye;
    eye->x += ldexp(eye->speed_x * VIEW_EVERY_US / 1e6, -eye->level);
    eye->y += ldexp(eye->speed_y * VIEW_EVERY_US / 1e6, -eye->level);
    if (kolam_load_below(&load->random, 12) == 0) {
        eye->level += kolam_load_below(&load->random, 2) ? 1 : -1;
        eye->level = eye->level > 3 ? 3 : (eye->level < -6 ? -6 : eye->level);
    }
    look(load, client);
    wake(load, client, due_us + VIEW_EVERY_US);
}

void kolam_load_eye_due(struct kolam_load *load, struct kolam_load_client *client, int64_t due_us) {
    struct kolam_load_eye *eye = &client->eye;
    eye->is_idle = client->state != KOLAM_LOAD_HERE;
    if (eye->is_idle) {
        return;
    }
    if (eye->is_mover && due_us < eye->burst_ends_us) {
        pan(load, client, due_us);
        return;
    }
    if (eye->is_mover && eye->burst_ends_us > 0) {
        eye->burst_ends_us = 0; /* and rests */
        wake(load, client, due_us + pause_us(load, BURST_US * 2));
        return;
    }
    if (eye->is_mover) {
        begin_burst(load, client, due_us);
        pan(load, client, due_us);
        return;
    }
    if (has_left(load, client)) {
        if (client->kind == KOLAM_LOAD_ARTIST) {
            place_of(load, eye->artist, &eye->x, &eye->y);
        } else {
            follow(load, eye);
        }
        look(load, client);
    }
    wake(load, client, due_us + pause_us(load, FOLLOW_EVERY_US));
}
