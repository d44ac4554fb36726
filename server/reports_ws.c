/* report, reports, report_close; and who hears of them: moderators that some wait, whoever made one that it was seen. Loop thread
 * but for `run...` and `perform...`. */
#include <string.h>

#include "door.h"
#include "history_args.h"
#include "json.h"
#include "kolam/alloc.h"
#include "kolam/history.h"
#include "moderation_json.h"
#include "moderation_ws.h"
#include "report_room.h"
#include "sanctions.h"
#include "session.h"

#define LISTED_MAX 100

/* ---- who hears of it ---- */

static bool sees_reports(struct kolam_session *session) {
    const struct kolam_petition petition = {.action = KOLAM_ACTION_SEE_AUDIT};
    return session->state == KOLAM_SESSION_OPEN && !kolam_door_ask(session, &petition).is_refused;
}

static json_t *waiting_json(uint32_t count) {
    return json_pack("{ss sI}", "type", "reports_waiting", "count", (json_int_t)count);
}

static void tell_moderators(struct kolam_canvas *canvas, uint32_t open_count) {
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        if (sees_reports(session)) {
            kolam_session_send_json(session, waiting_json(open_count));
        }
    }
}

struct telling {
    struct kolam_moderation_request base;
    struct kolam_session *session; /* an ask of it */
    char canvas[KOLAM_CANVAS_NAME_MAX + 1];
    bool counts, tells;
    uint8_t ident[KOLAM_IDENT_BYTES];
    uint32_t open_count;
    json_t *told; /* reports that were looked at */
};

static bool take_told(void *ctx, const struct kolam_report *report) {
    struct telling *telling = ctx;
    return json_array_append_new(telling->told,
                                 json_pack("{sI sI ss ss}", "report", (json_int_t)report->id,
                                           "time", (json_int_t)report->made_ms, "text",
                                           report->text, "outcome", report->outcome)) == 0;
}

static enum kolam_status perform_telling(struct kolam_moderation_db *db,
                                         struct kolam_moderation_request *base) {
    struct telling *telling = (struct telling *)base;
    enum kolam_status status = KOLAM_OK;
    if (telling->tells) {
        status = kolam_reports_tell(db, telling->canvas, telling->ident, take_told, telling);
    }
    if (telling->counts && status == KOLAM_OK) {
        status = kolam_reports_open_count(db, telling->canvas, &telling->open_count);
    }
    return status;
}

/* It is no answer to anything: what cannot be read now is told another time. */
static void done_telling(struct kolam_moderation_request *base) {
    struct telling *telling = (struct telling *)base;
    struct kolam_session *session = telling->session;
    if (base->status == KOLAM_OK && session->state == KOLAM_SESSION_OPEN) {
        if (json_array_size(telling->told) > 0) {
            kolam_session_send_json(
                session, json_pack("{ss sO}", "type", "report_seen", "reports", telling->told));
        }
        if (telling->counts && telling->open_count > 0) {
            kolam_session_send_json(session, waiting_json(telling->open_count));
        }
    }
    kolam_session_end_ask(session);
    json_decref(telling->told);
    kolam_free(telling);
}

void kolam_reports_welcomed(struct kolam_session *session) {
    const bool counts = sees_reports(session);
    if (!session->has_author && !counts) {
        return;
    }
    struct telling *telling = kolam_alloc_zero(1, sizeof(*telling));
    if (!telling) {
        return;
    }
    telling->session = session;
    telling->counts = counts;
    telling->tells = session->has_author && !session->is_watch;
    telling->told = json_array();
    strcpy(telling->canvas, session->canvas->name);
    memcpy(telling->ident, session->author.ident, KOLAM_IDENT_BYTES);
    telling->base.perform = perform_telling;
    telling->base.done = done_telling;
    kolam_session_begin_ask(session);
    kolam_moderation_submit(kolam_sanctions_thread(session->server), &telling->base);
}

/* ---- report ---- */

struct reporting {
    struct kolam_moderation_request base;
    struct kolam_job job;
    struct kolam_ask ask;
    struct kolam_report report;
    uint32_t open_count;
    enum kolam_status found;
};

static void finish(struct reporting *work) {
    kolam_ask_end(&work->ask);
    kolam_free(work);
}

static void refuse(struct reporting *work, const char *code, const char *text) {
    kolam_ask_refuse(&work->ask, code, text);
    finish(work);
}

static enum kolam_status perform_report(struct kolam_moderation_db *db,
                                        struct kolam_moderation_request *base) {
    struct reporting *work = (struct reporting *)base;
    uint32_t all = 0;
    enum kolam_status status = kolam_reports_open_count(db, NULL, &all);
    if (status == KOLAM_OK && all >= KOLAM_REPORTS_OPEN_MAX) {
        return KOLAM_ERR_EXISTS; /* told apart from a full disk */
    }
    if (status == KOLAM_OK) {
        status = kolam_report_add(db, &work->report);
    }
    return status == KOLAM_OK ? kolam_reports_open_count(db, work->report.canvas, &work->open_count)
                              : status;
}

static void done_report(struct kolam_moderation_request *base) {
    struct reporting *work = (struct reporting *)base;
    struct kolam_session *session = work->ask.session;
    if (base->status == KOLAM_ERR_EXISTS) {
        refuse(work, "limit", "too many reports wait to be looked at; try again later");
        return;
    }
    if (base->status != KOLAM_OK) {
        kolam_moderation_failed(session, work->ask.id);
        finish(work);
        return;
    }
    kolam_logfmt(&session->server->logfmt, KOLAM_LOG_INFO, "reported",
                 "session=%u canvas=%s report=%llu", session->number, work->ask.canvas->name,
                 (unsigned long long)work->report.id);
    if (session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(session, json_pack("{ss sI sI}", "type", "reported", "id",
                                                   (json_int_t)work->ask.id, "report",
                                                   (json_int_t)work->report.id));
    }
    tell_moderators(work->ask.canvas, work->open_count);
    finish(work);
}

static void keep(struct reporting *work) {
    work->base.perform = perform_report;
    work->base.done = done_report;
    kolam_moderation_submit(kolam_sanctions_thread(work->ask.session->server), &work->base);
}

/* A stroke's artist, an artist's name. */
static void run(struct kolam_job *job, struct kolam_worker *worker) {
    struct reporting *work = KOLAM_CONTAINER(job, struct reporting, job);
    struct kolam_report *report = &work->report;
    struct kolam_worker_canvas *view;
    struct kolam_log_row row;
    struct kolam_author author;
    work->found = kolam_worker_canvas(worker, work->ask.canvas->log_path,
                                      work->ask.canvas->tiles_path, false, &view, NULL);
    if (work->found == KOLAM_OK && report->kind == KOLAM_REPORT_STROKE) {
        work->found = kolam_reader_op(view->reader, report->stroke, &row);
        if (work->found == KOLAM_OK && row.kind != KOLAM_OP_STROKE) {
            work->found = KOLAM_ERR_NOT_FOUND;
        }
        report->artist = work->found == KOLAM_OK ? row.artist : 0;
    }
    if (work->found == KOLAM_OK) {
        work->found = kolam_reader_artist(view->reader, report->artist, &author);
    }
    if (work->found == KOLAM_OK) {
        strcpy(report->name, author.name);
    }
}

static void done_finding(struct kolam_job *job) {
    struct reporting *work = KOLAM_CONTAINER(job, struct reporting, job);
    if (work->found == KOLAM_OK) {
        keep(work);
    } else if (work->found == KOLAM_ERR_NOT_FOUND || work->found == KOLAM_ERR_GONE) {
        refuse(work, "not_found", "there is no such stroke or artist here");
    } else {
        refuse(work, "unavailable", "the canvas cannot be read now; try again later");
    }
}

static bool read_place(const json_t *place, struct kolam_report *report) {
    struct kolam_rect rect;
    int64_t level;
    if (!place || json_is_null(place)) {
        return true;
    }
    if (!json_is_object(place) || !kolam_json_int(place, "level", &level) ||
        !kolam_json_int(place, "x", &report->x) || !kolam_json_int(place, "y", &report->y) ||
        !kolam_json_int(place, "width", &report->width) ||
        !kolam_json_int(place, "height", &report->height) ||
        !kolam_rect_make(level, report->x, report->y, report->width, report->height, &rect)) {
        return false;
    }
    report->level = (int32_t)level;
    return true;
}

/* What is wrong with the message, or NULL. */
static const char *read_report(const struct kolam_session *session, const json_t *message,
                               struct kolam_report *report) {
    uint64_t artist = 0;
    const bool has_stroke = json_object_get(message, "stroke") != NULL;
    const bool has_artist = json_object_get(message, "artist") != NULL;
    report->made_ms = kolam_sanctions_now_ms(session->server);
    report->by = kolam_moderator_of(session);
    report->by_artist = session->artist;
    strcpy(report->canvas, session->canvas->name);
    if (!read_place(json_object_get(message, "place"), report)) {
        return "place is a rectangle inside the world: level, x, y, width, height";
    }
    if ((has_stroke && (!kolam_json_uint(message, "stroke", INT64_MAX, &report->stroke) ||
                        report->stroke == 0)) ||
        (has_artist && (!kolam_json_uint(message, "artist", UINT32_MAX, &artist) || artist == 0)) ||
        (has_stroke && has_artist)) {
        return "stroke is a seq, artist a number; at most one of the two";
    }
    report->artist = (uint32_t)artist;
    report->kind = has_stroke   ? KOLAM_REPORT_STROKE
                   : has_artist ? KOLAM_REPORT_ARTIST
                                : KOLAM_REPORT_PLACE;
    if (report->kind == KOLAM_REPORT_PLACE && report->width == 0) {
        return "a report is of a place, a stroke or an artist";
    }
    return kolam_moderation_read_text(message, "text", false, report->text)
               ? NULL
               : "text is at most 400 characters without control characters";
}

static bool has_room(struct kolam_session *session) {
    struct kolam_server *server = session->server;
    const int64_t now_ms = kolam_loop_now_ms(server->loop);
    const uint32_t burst =
        kolam_sanctions_of(session)->is_muted ? KOLAM_REPORTS_OF_MUTED : KOLAM_REPORTS_OF_SESSION;
    if (session->is_admin) {
        return true;
    }
    const bool has_own =
        session->has_author
            ? kolam_report_room_take_of(server->report_room, session->author.ident, burst, now_ms)
            : kolam_budget_take(&session->reports_budget, now_ms / KOLAM_REPORT_OF_SESSION_EVERY_S,
                                1, burst);
    return has_own && kolam_report_room_take(server->report_room, &session->address, now_ms);
}

void kolam_report_message(struct kolam_session *session, const json_t *message) {
    uint64_t id;
    struct kolam_report report = {0};
    if (!kolam_moderation_may(session, message, "report", KOLAM_ACTION_REPORT, &id)) {
        return;
    }
    const char *problem = read_report(session, message, &report);
    if (problem) {
        kolam_ask_error(session, id, "invalid", problem);
        return;
    }
    if (!has_room(session)) {
        kolam_ask_error(session, id, "limit",
                        "that is many reports at once; try again in some minutes");
        return;
    }
    struct reporting *work = kolam_ask_alloc(session, id, sizeof(*work));
    if (!work) {
        return;
    }
    kolam_ask_begin(&work->ask, session, id);
    work->report = report;
    work->found = KOLAM_ERR_CLOSED; /* unless it runs */
    work->job =
        (struct kolam_job){.run = run, .done = done_finding, .priority = KOLAM_JOB_INTERACTIVE};
    if (report.kind == KOLAM_REPORT_PLACE) {
        keep(work);
    } else if (work->ask.canvas->state == KOLAM_CANVAS_ABSENT) {
        work->found = KOLAM_ERR_NOT_FOUND;
        done_finding(&work->job);
    } else {
        kolam_pool_submit(session->server->pool, &work->job);
    }
}

/* ---- reports, report_close ---- */

struct looking {
    struct kolam_moderation_request base;
    struct kolam_job job;
    struct kolam_ask ask;
    uint64_t before, number;
    bool is_open, has_more;
    json_t *list;
    int64_t now_ms;
    struct kolam_moderator by;
    struct kolam_report closed;
    uint32_t open_count;
    char outcome[KOLAM_MODERATION_TEXT_BYTES_MAX + 1];
};

static void end_looking(struct looking *work) {
    kolam_ask_end(&work->ask);
    json_decref(work->list);
    kolam_free(work);
}

static bool take_report(void *ctx, const struct kolam_report *report) {
    struct looking *work = ctx;
    if (json_array_size(work->list) == LISTED_MAX) {
        work->has_more = true;
        return false;
    }
    return json_array_append_new(work->list, kolam_report_json(report)) == 0;
}

static enum kolam_status perform_list(struct kolam_moderation_db *db,
                                      struct kolam_moderation_request *base) {
    struct looking *work = (struct looking *)base;
    enum kolam_status status = kolam_reports_list(db, work->ask.canvas->name, work->is_open,
                                                  work->before, take_report, work);
    return status == KOLAM_OK
               ? kolam_reports_open_count(db, work->ask.canvas->name, &work->open_count)
               : status;
}

static void answer_list(struct looking *work) {
    if (work->ask.session->state == KOLAM_SESSION_OPEN && work->closed.id != 0) {
        kolam_session_send_json(work->ask.session,
                                json_pack("{ss sI sO}", "type", "report_closed", "id",
                                          (json_int_t)work->ask.id, "report",
                                          json_array_get(work->list, 0)));
    } else if (work->ask.session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(
            work->ask.session,
            json_pack("{ss sI sI sO sb}", "type", "reports", "id", (json_int_t)work->ask.id, "open",
                      (json_int_t)work->open_count, "reports", work->list, "more", work->has_more));
    }
    end_looking(work);
}

void kolam_moderation_name_now(struct kolam_reader *reader, json_t *object) {
    const json_int_t artist = json_integer_value(json_object_get(object, "artist"));
    struct kolam_author author;
    if (artist >= 1 && artist <= UINT32_MAX &&
        kolam_reader_artist(reader, (uint32_t)artist, &author) == KOLAM_OK) {
        json_object_set_new(object, "name", json_string(author.name));
    }
}

/* Where the canvas cannot be read, they are called as they were then. */
static void run_names(struct kolam_job *job, struct kolam_worker *worker) {
    struct looking *work = KOLAM_CONTAINER(job, struct looking, job);
    const struct kolam_canvas *canvas = work->ask.canvas;
    struct kolam_worker_canvas *view;
    if (kolam_worker_canvas(worker, canvas->log_path, canvas->tiles_path, false, &view, NULL) !=
        KOLAM_OK) {
        return;
    }
    for (size_t i = 0; i < json_array_size(work->list); i++) {
        kolam_moderation_name_now(view->reader, json_array_get(work->list, i));
    }
}

static void done_names(struct kolam_job *job) {
    answer_list(KOLAM_CONTAINER(job, struct looking, job));
}

/* As people are called by now. */
static void tell_list(struct looking *work) {
    const struct kolam_canvas *canvas = work->ask.canvas;
    if (json_array_size(work->list) == 0 || canvas->state == KOLAM_CANVAS_ABSENT ||
        work->ask.session->state != KOLAM_SESSION_OPEN) { /* at the end without workers */
        answer_list(work);
        return;
    }
    work->job =
        (struct kolam_job){.run = run_names, .done = done_names, .priority = KOLAM_JOB_INTERACTIVE};
    kolam_pool_submit(canvas->server->pool, &work->job);
}

static void done_list(struct kolam_moderation_request *base) {
    struct looking *work = (struct looking *)base;
    if (base->status != KOLAM_OK) {
        kolam_moderation_failed(work->ask.session, work->ask.id);
        end_looking(work);
    } else {
        tell_list(work);
    }
}

static enum kolam_status perform_close(struct kolam_moderation_db *db,
                                       struct kolam_moderation_request *base) {
    struct looking *work = (struct looking *)base;
    const char *canvas = work->ask.canvas->name;
    enum kolam_status status = kolam_report_close(db, canvas, work->number, &work->by,
                                                  work->outcome, work->now_ms, &work->closed);
    return status == KOLAM_OK ? kolam_reports_open_count(db, canvas, &work->open_count) : status;
}

static void tell_reporter(struct kolam_canvas *canvas, const struct kolam_report *report) {
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        if (report->by.has_ident && session->has_author && !session->is_watch &&
            memcmp(session->author.ident, report->by.ident, KOLAM_IDENT_BYTES) == 0) {
            kolam_reports_welcomed(session);
            return; /* told once */
        }
    }
}

static void done_close(struct kolam_moderation_request *base) {
    struct looking *work = (struct looking *)base;
    if (base->status == KOLAM_OK &&
        json_array_append_new(work->list, kolam_report_json(&work->closed)) == 0) {
        tell_moderators(work->ask.canvas, work->open_count);
        tell_reporter(work->ask.canvas, &work->closed);
        tell_list(work);
        return;
    }
    if (base->status == KOLAM_ERR_NOT_FOUND || base->status == KOLAM_ERR_EXISTS) {
        kolam_ask_refuse(&work->ask, "not_found", "there is no such report, or it was closed");
    } else {
        kolam_moderation_failed(work->ask.session, work->ask.id);
    }
    end_looking(work);
}

static struct looking *begin_looking(struct kolam_session *session, uint64_t id) {
    struct looking *work = kolam_ask_alloc(session, id, sizeof(*work));
    if (!work) {
        return NULL;
    }
    kolam_ask_begin(&work->ask, session, id);
    work->now_ms = kolam_sanctions_now_ms(session->server);
    work->by = kolam_moderator_of(session);
    work->list = json_array();
    return work;
}

void kolam_reports_message(struct kolam_session *session, const json_t *message) {
    uint64_t id, before = INT64_MAX;
    const json_t *state = json_object_get(message, "state");
    const char *text = state ? json_string_value(state) : "open";
    if (!kolam_moderation_may(session, message, "reports", KOLAM_ACTION_SEE_AUDIT, &id)) {
        return;
    }
    if (!text || (strcmp(text, "open") != 0 && strcmp(text, "closed") != 0) ||
        (json_object_get(message, "before") &&
         !kolam_json_uint(message, "before", INT64_MAX, &before))) {
        kolam_ask_error(session, id, "invalid",
                        "state is open or closed, before the number of a report");
        return;
    }
    struct looking *work = begin_looking(session, id);
    if (work) {
        work->is_open = strcmp(text, "open") == 0;
        work->before = before;
        work->base.perform = perform_list;
        work->base.done = done_list;
        kolam_moderation_submit(kolam_sanctions_thread(session->server), &work->base);
    }
}

void kolam_report_close_message(struct kolam_session *session, const json_t *message) {
    uint64_t id, number;
    char outcome[KOLAM_MODERATION_TEXT_BYTES_MAX + 1];
    if (!kolam_moderation_may(session, message, "report_close", KOLAM_ACTION_SEE_AUDIT, &id)) {
        return;
    }
    if (!kolam_json_uint(message, "report", INT64_MAX, &number) ||
        !kolam_moderation_read_text(message, "outcome", false, outcome)) {
        kolam_ask_error(session, id, "invalid",
                        "report is a number, outcome at most 400 characters");
        return;
    }
    struct looking *work = begin_looking(session, id);
    if (work) {
        work->number = number;
        strcpy(work->outcome, outcome);
        work->base.perform = perform_close;
        work->base.done = done_close;
        kolam_moderation_submit(kolam_sanctions_thread(session->server), &work->base);
    }
}
