/* Who is here, kept as it happens, and GET /api/canvas/<canvas>/people. Loop thread. */
#include "here.h"

#include <stdlib.h>

#include "history_args.h"
#include "json.h"
#include "kolam/alloc.h"
#include "place_http.h"
#include "session.h"
#include "veil.h"

#define PEOPLE_MAX 256
#define PEOPLE_DEFAULT 64

void kolam_here_enter(struct kolam_session *session) {
    const struct kolam_clock *clock = &session->server->clock;
    session->here.since_ms = clock->now_ms(clock->ctx);
    session->canvas->client_count++;
}

void kolam_here_leave(struct kolam_session *session) {
    if (session->here.since_ms != 0) {
        session->canvas->client_count--;
    }
    kolam_here_hide(session);
}

void kolam_here_hide(struct kolam_session *session) {
    if (!kolam_list_is_empty(&session->here.link)) {
        kolam_list_remove(&session->here.link);
        session->canvas->here_count--;
    }
    session->here.was_told = false;
}

bool kolam_here_is_quiet(const struct kolam_session *session) {
    const struct kolam_here *here = &session->here;
    const struct kolam_extent place = {here->x, here->y, here->x, here->y, here->level};
    return kolam_veil_is_quiet_at(session->canvas, &place);
}

void kolam_here_move(struct kolam_session *session, const struct kolam_extent *extent) {
    struct kolam_here *here = &session->here;
    if (!session->has_author || session->state != KOLAM_SESSION_OPEN) {
        return;
    }
    here->level = extent->level;
    here->x = extent->x0 + (extent->x1 - extent->x0) / 2;
    here->y = extent->y0 + (extent->y1 - extent->y0) / 2;
    here->moved_ms = kolam_loop_now_ms(session->server->loop);
    here->was_told |= !kolam_veil_is_quiet_at(session->canvas, extent);
    session->canvas->here_count += kolam_list_is_empty(&here->link);
    kolam_list_remove(&here->link);
    kolam_list_append(&session->canvas->here, &here->link);
}

struct kolam_session *kolam_here_find(const struct kolam_canvas *canvas, uint32_t artist) {
    for (struct kolam_list *link = canvas->here.prev; link != &canvas->here; link = link->prev) {
        struct kolam_session *session = KOLAM_CONTAINER(link, struct kolam_session, here.link);
        if (session->artist == artist) {
            return session;
        }
    }
    return NULL;
}

bool kolam_here_is_drawing(const struct kolam_session *session, int64_t now_ms) {
    return session->preview_count > 0 && now_ms - session->here.moved_ms < KOLAM_HERE_DRAWING_MS;
}

/* ---- people ---- */

struct people_question {
    struct kolam_question base;
    int64_t limit;
};

/* Somebody with one session or several. */
struct person {
    const struct kolam_session *newest; /* the one that moved last, of those that are told */
    int64_t since_ms;
    uint32_t order;             /* by when they moved */
    bool is_drawing, has_place; /* where they are is told */
};

struct people {
    struct person list[KOLAM_HERE_WALK_MAX]; /* in the order in which they are told */
    uint32_t count, untold;                  /* sessions that were only where no names are told */
    uint16_t table[KOLAM_HERE_WALK_MAX * 2]; /* by artist: a place in the list, plus one */
};

static int64_t rounded(int64_t limit) {
    return limit <= 1 ? 1 : limit <= 16 ? 16 : limit <= 64 ? 64 : PEOPLE_MAX;
}

static const char *read_people(struct kolam_question *base, const char *query, char *out_key,
                               size_t key_capacity) {
    struct people_question *question = (struct people_question *)base;
    struct kolam_args args = {.query = query};
    question->limit = PEOPLE_DEFAULT;
    kolam_args_number(&args, "limit", 1, PEOPLE_MAX, &question->limit, "limit must be 1 to 256");
    /* The loop itself makes these: so few different ones that asking for all of them all the time costs it little. */
    question->limit = rounded(question->limit);
    snprintf(out_key, key_capacity, "%d", (int)question->limit);
    return args.problem;
}

static struct person *obtain(struct people *people, const struct kolam_session *session) {
    const uint32_t mask = KOLAM_HERE_WALK_MAX * 2 - 1;
    uint32_t at = session->artist * 0x9e3779b9u >> 16 & mask;
    while (people->table[at] != 0) {
        struct person *known = &people->list[people->table[at] - 1];
        if (known->newest->artist == session->artist) {
            return known;
        }
        at = (at + 1) & mask;
    }
    struct person *person = &people->list[people->count++];
    people->table[at] = (uint16_t)people->count;
    *person = (struct person){
        .newest = session, .since_ms = session->here.since_ms, .order = people->count};
    return person;
}

/* Who has no number on this canvas yet, because the first stroke is still on its way, is told with it. */
static void list_people(struct people *people, const struct kolam_canvas *canvas, int64_t now_ms) {
    uint32_t left = KOLAM_HERE_WALK_MAX;
    for (struct kolam_list *link = canvas->here.prev; link != &canvas->here && left > 0;
         link = link->prev, left--) {
        const struct kolam_session *session =
            KOLAM_CONTAINER(link, struct kolam_session, here.link);
        if (session->artist == 0 || !session->here.was_told) {
            people->untold += session->artist != 0;
            continue;
        }
        struct person *person = obtain(people, session);
        const bool is_quiet = kolam_here_is_quiet(session);
        if (person->newest == session) {
            person->has_place = !is_quiet && now_ms - session->here.moved_ms <= KOLAM_HERE_PLACE_MS;
        }
        if (session->here.since_ms < person->since_ms) {
            person->since_ms = session->here.since_ms;
        }
        person->is_drawing |= !is_quiet && kolam_here_is_drawing(session, now_ms);
    }
}

/* Who moved last is first; who has no place to tell comes after those who have, by when they came: when they moved is not told,
 * either. */
static int compare_people(const void *a, const void *b) {
    const struct person *left = a, *right = b;
    if (left->has_place != right->has_place) {
        return left->has_place ? -1 : 1;
    }
    const int64_t left_ms = left->has_place ? left->newest->here.moved_ms : left->since_ms;
    const int64_t right_ms = left->has_place ? right->newest->here.moved_ms : right->since_ms;
    if (left_ms != right_ms) {
        return left_ms > right_ms ? -1 : 1;
    }
    return left->newest->artist < right->newest->artist ? -1 : 1;
}

static json_t *place_json(const struct person *person) {
    const struct kolam_here *here = &person->newest->here;
    return !person->has_place
               ? json_null()
               : json_pack("{si so so}", "level", here->level, "x", kolam_json_decimal(here->x),
                           "y", kolam_json_decimal(here->y));
}

static json_t *people_json(const struct people *people, int64_t limit) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < people->count && i < limit; i++) {
        const struct person *person = &people->list[i];
        json_array_append_new(list, json_pack("{sI ss sI sb so}", "artist",
                                              (json_int_t)person->newest->artist, "name",
                                              person->newest->author.name, "since",
                                              (json_int_t)person->since_ms, "drawing",
                                              person->is_drawing, "place", place_json(person)));
    }
    return list;
}

static enum kolam_status prepare_people(struct kolam_question *base) {
    const struct kolam_canvas *canvas = base->canvas;
    const int64_t now_ms = kolam_loop_now_ms(base->server->loop);
    struct people *people = kolam_alloc_zero(1, sizeof(*people));
    if (!people) {
        return KOLAM_ERR_NOMEM;
    }
    list_people(people, canvas, now_ms);
    qsort(people->list, people->count, sizeof(people->list[0]), compare_people);
    const enum kolam_status status = kolam_question_take_json(
        base, json_pack("{sI sI sI so}", "now", (json_int_t)base->now_ms, "watching",
                        (json_int_t)(canvas->client_count - canvas->here_count + people->untold),
                        "count", (json_int_t)people->count, "people",
                        people_json(people, ((struct people_question *)base)->limit)));
    kolam_free(people);
    return status;
}

const struct kolam_question_kind kolam_people_kind = {
    .number = KOLAM_QUESTION_PEOPLE,
    .name = "people",
    .fresh_ms = 1000,
    .size = sizeof(struct people_question),
    .read = read_people,
    .prepare = prepare_people,
};
