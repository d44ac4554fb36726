/* place, place_remove: from a message to a record in the log, and back when it is durable. What a canvas holds is looked at
 * before: who may take a place away, and how many there are; a canvas whose places are not in memory yet has a worker read
 * them first. Loop thread but for `run`. */
#include "places_ws.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "json.h"
#include "kolam/alloc.h"
#include "people.h"
#include "session.h"

#define TRIES_MAX 8 /* readings that a commit overtook */

struct placing {
    struct kolam_job job;
    struct kolam_ask ask;
    struct kolam_canvas_wait wait;
    uint64_t nonce;
    struct kolam_place_record record;
    /* Reading the places. */
    struct kolam_places read;
    uint64_t read_seq;
    enum kolam_status status;
    uint32_t tries;
};

static void refuse(struct placing *placing, const char *code, const char *text) {
    kolam_ask_refuse(&placing->ask, code, text);
}

static void finish(struct placing *placing) {
    kolam_ask_end(&placing->ask);
    kolam_places_finish(&placing->read);
    kolam_free(placing);
}

static void fail(struct placing *placing) {
    refuse(placing, "unavailable", "the canvas cannot be read or written now; try again later");
    finish(placing);
}

/* ---- committing ---- */

static void tell(const struct placing *placing, uint64_t seq) {
    const bool is_removal = placing->record.kind == KOLAM_PLACE_REMOVED;
    if (placing->ask.session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(
            placing->ask.session,
            json_pack("{ss sI so}", "type", is_removal ? "place_removed" : "place", "id",
                      (json_int_t)placing->ask.id, "place", kolam_json_decimal((int64_t)seq)));
    }
}

static void on_committed(void *ctx, struct kolam_submission *submission) {
    struct placing *placing = ctx;
    struct kolam_session *session = placing->ask.session;
    const bool is_removal = placing->record.kind == KOLAM_PLACE_REMOVED;
    const uint64_t seq = is_removal ? placing->record.removed_seq : submission->ops[0].seq;
    placing->ask.canvas->places.in_flight--;
    if (submission->status != KOLAM_OK) {
        kolam_submission_destroy(submission);
        fail(placing);
        return;
    }
    if (session->state == KOLAM_SESSION_OPEN && session->artist == 0) {
        kolam_people_set_artist(session, submission->artist);
    }
    tell(placing, seq);
    kolam_submission_destroy(submission);
    finish(placing);
}

/* One op with an id of its own, the same when the client sends it again: the log knows it then. */
static struct kolam_submission *submission_of(struct placing *placing) {
    uint8_t body[KOLAM_PLACE_BODY_BYTES_MAX];
    size_t size;
    struct kolam_submission *submission = kolam_submission_create(1);
    if (!submission || kolam_place_encode(&placing->record, body, &size) != KOLAM_OK) {
        kolam_submission_destroy(submission);
        return NULL;
    }
    struct kolam_log_op *op = &submission->ops[0];
    op->kind = KOLAM_OP_RECORD;
    op->counter = 1;
    op->body = kolam_memdup(body, size);
    op->body_size_bytes = size;
    submission->author = placing->ask.session->author;
    submission->nonce = placing->nonce;
    submission->done = on_committed;
    submission->ctx = placing;
    if (!op->body) {
        kolam_submission_destroy(submission);
        return NULL;
    }
    return submission;
}

/* The level-0 pixel that a coordinate, which is valid, lies in. */
static int64_t pixel_of(const char *text) {
    const char *fraction = strchr(text, '.');
    const bool is_between = fraction && fraction[1 + strspn(fraction + 1, "0")] != '\0';
    return strtoll(text, NULL, 10) - (*text == '-' && is_between);
}

/* Why not; NULL: they may. */
static const char *ask_door(const struct placing *placing, enum kolam_action action,
                            bool is_in_place, const char **out_code) {
    const struct kolam_place *place = &placing->record.place;
    const int64_t x = is_in_place ? pixel_of(place->x) : 0,
                  y = is_in_place ? pixel_of(place->y) : 0;
    const struct kolam_extent extent = {x, y, x, y, 0};
    const struct kolam_petition petition = {.action = action,
                                            .extent = is_in_place ? &extent : NULL};
    const struct kolam_verdict verdict = kolam_door_ask(placing->ask.session, &petition);
    *out_code = kolam_nack_name(verdict.code);
    return verdict.is_refused ? verdict.reason : NULL;
}

/* Those of a person, under however many numbers they named them. */
static uint32_t count_own(const struct kolam_places *places, const struct kolam_session *session) {
    const struct kolam_formers *formers = session->formers;
    uint32_t count = session->artist != 0 ? kolam_places_of(places, session->artist) : 0;
    for (uint32_t i = 0; formers && i < formers->selves.count; i++) {
        count += formers->artists[i] != 0 ? kolam_places_of(places, formers->artists[i]) : 0;
    }
    return count;
}

/* Why not; NULL: it may be. */
static const char *judge_name(const struct placing *placing, const char **out_code) {
    const struct kolam_places *places = &placing->ask.canvas->places;
    const char *problem = ask_door(placing, KOLAM_ACTION_NAME_PLACE, true, out_code);
    if (problem) {
        return problem;
    }
    *out_code = "limit";
    if (places->count + places->in_flight >= KOLAM_PLACES_MAX) {
        return "this canvas has as many named places as there may be";
    }
    if (count_own(places, placing->ask.session) >= KOLAM_PLACES_OF_ARTIST_MAX) {
        return "one may name 64 places; take one away first";
    }
    return NULL;
}

static const char *judge_removal(const struct placing *placing, const char **out_code) {
    const struct kolam_named_place *place =
        kolam_places_find(&placing->ask.canvas->places, placing->record.removed_seq);
    const struct kolam_session *session = placing->ask.session;
    *out_code = "not_found";
    if (!place) {
        return "there is no such place";
    }
    if (kolam_people_is_own(session, place->artist)) {
        return ask_door(placing, KOLAM_ACTION_NAME_PLACE, false, out_code);
    }
    return ask_door(placing, KOLAM_ACTION_REMOVE_PLACE, false, out_code)
               ? "another artist named this place"
               : NULL;
}

/* The seq of what is asked for, if it is there already: sent again, perhaps when no more may be named. */
static uint64_t seq_of_same(const struct placing *placing) {
    const struct kolam_places *places = &placing->ask.canvas->places;
    const struct kolam_place *place = &placing->record.place;
    for (uint32_t i = 0; placing->record.kind == KOLAM_PLACE_NAMED && i < places->count; i++) {
        const struct kolam_named_place *other = places->list[i];
        if (other->artist == placing->ask.session->artist && other->artist != 0 &&
            fabs(other->zoom - place->zoom) < 1e-9 && strcmp(other->name, place->name) == 0 &&
            strcmp(other->x, place->x) == 0 && strcmp(other->y, place->y) == 0) {
            return other->seq;
        }
    }
    return 0;
}

static void commit(struct placing *placing) {
    if (placing->ask.session->state != KOLAM_SESSION_OPEN) {
        finish(
            placing); /* who left while the places were read has no standing any more to be judged by */
        return;
    }
    const uint64_t same = seq_of_same(placing);
    if (same != 0) {
        tell(placing, same);
        finish(placing);
        return;
    }
    const char *code;
    const char *problem = placing->record.kind == KOLAM_PLACE_NAMED ? judge_name(placing, &code)
                                                                    : judge_removal(placing, &code);
    if (problem) {
        refuse(placing, code, problem);
        finish(placing);
        return;
    }
    struct kolam_submission *submission = submission_of(placing);
    if (!submission) {
        fail(placing);
        return;
    }
    placing->ask.canvas->places.in_flight++;
    kolam_log_submit(placing->ask.canvas->log, submission);
}

/* ---- reading ---- */

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct placing *placing = (struct placing *)base;
    struct kolam_worker_canvas *view;
    struct kolam_canvas_info info;
    placing->status = kolam_worker_canvas(worker, placing->ask.canvas->log_path,
                                          placing->ask.canvas->tiles_path, false, &view, NULL);
    if (placing->status == KOLAM_OK) {
        placing->status = kolam_reader_begin(view->reader);
    }
    if (placing->status != KOLAM_OK) {
        return;
    }
    placing->status = kolam_reader_info(view->reader, &info);
    if (placing->status == KOLAM_OK) {
        placing->read_seq = info.last_seq;
        placing->status = kolam_places_read(view->reader, &placing->read);
    }
    kolam_reader_end(view->reader);
}

static void go_on(struct placing *placing);

static void done(struct kolam_job *base) {
    struct placing *placing = (struct placing *)base;
    if (placing->status != KOLAM_OK || kolam_pool_is_closing(placing->ask.session->server->pool) ||
        !placing->ask.canvas->log) {
        fail(placing);
        return;
    }
    (void)kolam_places_take(&placing->ask.canvas->places, &placing->read, placing->read_seq);
    kolam_places_finish(&placing->read);
    go_on(placing);
}

static void go_on(struct placing *placing) {
    if (placing->ask.canvas->places.is_loaded) {
        commit(placing);
    } else if (++placing->tries > TRIES_MAX) {
        fail(placing);
    } else {
        placing->status = KOLAM_ERR_CLOSED; /* unless it runs */
        placing->job =
            (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_INTERACTIVE};
        kolam_pool_submit(placing->ask.session->server->pool, &placing->job);
    }
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct placing *placing = KOLAM_CONTAINER(wait, struct placing, wait);
    if (status == KOLAM_OK) {
        go_on(placing);
    } else if (status == KOLAM_ERR_FULL) {
        refuse(placing, "limit", "this server may hold no more canvases");
        finish(placing);
    } else if (status == KOLAM_ERR_NOT_FOUND) {
        refuse(placing, "not_found", "there is no such place");
        finish(placing);
    } else {
        fail(placing);
    }
}

/* ---- messages ---- */

/* `nonce` 0: of our own. */
static void begin(struct kolam_session *session, uint64_t id, uint64_t nonce,
                  const struct kolam_place_record *record) {
    if (record->kind == KOLAM_PLACE_NAMED && !kolam_session_may_create(session)) {
        kolam_ask_error(session, id, "limit", "too many new canvases; try again later");
        return;
    }
    struct placing *placing = kolam_ask_alloc(session, id, sizeof(*placing));
    if (!placing) {
        return;
    }
    kolam_ask_begin(&placing->ask, session, id);
    placing->nonce = nonce;
    if (nonce == 0) {
        kolam_random_bytes(&placing->nonce, sizeof(placing->nonce));
    }
    placing->record = *record;
    placing->wait.done = on_canvas;
    kolam_canvas_when_open(placing->ask.canvas, record->kind == KOLAM_PLACE_NAMED, &placing->wait);
}

/* What both have in common; false if it was answered. */
static bool may_ask(struct kolam_session *session, const json_t *message, uint64_t *out_id) {
    if (!kolam_json_uint(message, "id", UINT32_MAX, out_id)) {
        kolam_session_refuse(session, "place: id is missing or malformed");
        return false;
    }
    if (!kolam_ask_is_within_budget(session)) {
        kolam_ask_error(session, *out_id, "limit", "too many questions; try again in a moment");
        return false;
    }
    if (!session->has_author && !session->is_admin) {
        kolam_ask_error(session, *out_id, "denied", "identify before naming places");
        return false;
    }
    return true;
}

static bool take_text(const json_t *message, const char *key, char *out, size_t capacity) {
    const char *text = json_string_value(json_object_get(message, key));
    if (!text || strlen(text) >= capacity) {
        return false;
    }
    strcpy(out, text);
    return true;
}

void kolam_place_name(struct kolam_session *session, const json_t *message) {
    struct kolam_place_record record = {.kind = KOLAM_PLACE_NAMED};
    struct kolam_place *place = &record.place;
    const json_t *zoom = json_object_get(message, "zoom");
    const bool has_nonce = json_object_get(message, "nonce") != NULL;
    uint64_t id, nonce = 0;
    if (!may_ask(session, message, &id)) {
        return;
    }
    place->zoom = json_number_value(zoom);
    if (!session->has_author) {
        kolam_ask_error(session, id, "denied", "identify before naming places");
    } else if (!take_text(message, "name", place->name, sizeof(place->name)) ||
               !kolam_place_name_is_valid(place->name)) {
        kolam_ask_error(session, id, "invalid",
                        "a name is 1 to 80 characters without control characters");
    } else if (!take_text(message, "x", place->x, sizeof(place->x)) ||
               !take_text(message, "y", place->y, sizeof(place->y)) || !json_is_number(zoom) ||
               !kolam_place_coordinate_is_valid(place->x) ||
               !kolam_place_coordinate_is_valid(place->y) ||
               !kolam_place_zoom_is_valid(place->zoom)) {
        kolam_ask_error(session, id, "invalid",
                        "x and y are decimal numbers as text, inside the world; zoom is -24 "
                        "to 24");
    } else if (has_nonce && !kolam_json_nonce(message, "nonce", &nonce)) {
        kolam_ask_error(session, id, "invalid", "nonce must be 16 hex digits");
    } else {
        begin(session, id, nonce, &record);
    }
}

void kolam_place_remove(struct kolam_session *session, const json_t *message) {
    struct kolam_place_record record = {.kind = KOLAM_PLACE_REMOVED};
    uint64_t id;
    if (!may_ask(session, message, &id)) {
        return;
    }
    if (!kolam_json_uint(message, "place", INT64_MAX, &record.removed_seq) ||
        record.removed_seq == 0) {
        kolam_ask_error(session, id, "invalid", "place must be the number of a place");
    } else if (!session->has_author) {
        kolam_ask_error(session, id, "denied", "identify before taking places away");
    } else {
        begin(session, id, 0, &record);
    }
}

/* ---- what was committed ---- */

void kolam_places_commit(struct kolam_canvas *canvas, uint32_t artist,
                         const struct kolam_log_op *op) {
    struct kolam_places *places = &canvas->places;
    struct kolam_op decoded;
    if (op->kind != KOLAM_OP_RECORD) {
        return;
    }
    places->known_seq = op->seq;
    places->generation++;
    canvas->places_changed_seq = op->seq;
    if (!places->is_loaded || kolam_op_decode(op->body, op->body_size_bytes, canvas->server->room,
                                              &decoded) != KOLAM_OK) {
        return;
    }
    if (!kolam_places_apply(places, op->seq, op->time_ms, artist, decoded.record,
                            decoded.record_size_bytes)) {
        const struct kolam_places empty = {.known_seq = places->known_seq,
                                           .generation = places->generation,
                                           .in_flight = places->in_flight};
        kolam_places_finish(places); /* out of memory: read again when it is asked for */
        *places = empty;
    }
}

void kolam_places_sweep(struct kolam_canvas *canvas) {
    if (canvas->places_changed_seq == 0) {
        return;
    }
    struct kolam_bytes *text =
        kolam_session_text(json_pack("{ss so}", "type", "places_changed", "seq",
                                     kolam_json_decimal((int64_t)canvas->places_changed_seq)));
    canvas->places_changed_seq = 0;
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        kolam_session_send_text(session, text);
    }
    kolam_bytes_unref(text);
}
