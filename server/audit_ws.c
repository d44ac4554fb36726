/* audit: what was done on a canvas by those who may, newest first: the acts in its log, and what moderation.db knows, as one list
 * in time. A worker reads the log, moderation.db's thread the rest; each gives a page, and the newest of both are told.
 *
 * Of one moment the acts of the log count as newer; so a place in the list is a time and where in one of the two it is. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "kolam/alloc.h"
#include "kolam/policy.h"
#include "moderation_json.h"
#include "moderation_ws.h"
#include "sanctions.h"
#include "session.h"

#define LIMIT_MAX 200
#define LIMIT_DEFAULT 50

/* What is older than this is asked for. */
struct place {
    int64_t time_ms;
    bool is_of_log;
    uint64_t seq;                 /* of the log */
    struct kolam_deed_place deed; /* else */
};

/* An act's record, copied. */
struct kept {
    uint64_t seq;
    int64_t time_ms;
    uint32_t artist;
    uint8_t *json;
    size_t size_bytes;
};

struct entry {
    struct place place;
    json_t *json;
};

struct auditing {
    struct kolam_moderation_request base;
    struct kolam_job job;
    struct kolam_ask ask;
    uint64_t limit;
    struct place before;
    enum kolam_status status;
    /* The worker's: the newest acts before `before`, a ring, and which acts were taken back. */
    struct kept kept[LIMIT_MAX];
    uint32_t kept_count, kept_next;
    uint64_t *undone;
    uint32_t undone_count, undone_capacity;
    struct kolam_op_room *room;

    struct entry entries[2 * LIMIT_MAX]; /* the log's, newest first; then the others */
    uint32_t entry_count, log_count;
};

/* ---- the log's part: a worker's ---- */

static bool note_undone(struct auditing *work, uint64_t seq) {
    if (work->undone_count == work->undone_capacity) {
        const uint32_t capacity = work->undone_capacity ? work->undone_capacity * 2 : 16;
        uint64_t *undone = kolam_realloc_array(work->undone, capacity, sizeof(*undone));
        if (!undone) {
            return false;
        }
        work->undone = undone;
        work->undone_capacity = capacity;
    }
    work->undone[work->undone_count++] = seq;
    return true;
}

static bool was_undone(const struct auditing *work, uint64_t seq) {
    for (uint32_t i = 0; i < work->undone_count; i++) {
        if (work->undone[i] == seq) {
            return true;
        }
    }
    return false;
}

static bool is_before(const struct auditing *work, const struct kolam_log_row *row) {
    return work->before.is_of_log ? row->seq < work->before.seq
                                  : row->time_ms < work->before.time_ms;
}

/* Into the ring, over the oldest. */
static bool keep(struct auditing *work, const struct kolam_log_row *row, const uint8_t *json,
                 size_t size_bytes) {
    struct kept *kept = &work->kept[work->kept_next];
    kolam_free(kept->json);
    *kept = (struct kept){row->seq, row->time_ms, row->artist, kolam_memdup(json, size_bytes),
                          size_bytes};
    work->kept_next = (work->kept_next + 1) % (uint32_t)work->limit;
    work->kept_count += work->kept_count < work->limit;
    return kept->json != NULL;
}

/* Most records are places and votes: known by their beginning, as the server writes it, they are not read. */
static bool is_plainly_other(const uint8_t *json, size_t size_bytes) {
    static const char place[] = "{\"kind\":\"place", vote[] = "{\"kind\":\"vote\"";
    return (size_bytes >= sizeof(place) && memcmp(json, place, sizeof(place) - 1) == 0) ||
           (size_bytes >= sizeof(vote) && memcmp(json, vote, sizeof(vote) - 1) == 0);
}

static bool take_record(void *ctx, const struct kolam_log_row *row) {
    struct auditing *work = ctx;
    struct kolam_op op;
    struct kolam_act act;
    if (kolam_op_decode(row->body, row->body_size_bytes, work->room, &op) != KOLAM_OK ||
        op.kind != KOLAM_OP_RECORD || is_plainly_other(op.record, op.record_size_bytes) ||
        kolam_act_decode(op.record, op.record_size_bytes, &act) != KOLAM_OK ||
        act.kind == KOLAM_ACT_OTHER || act.kind == KOLAM_ACT_VOTE || act.kind == KOLAM_ACT_UNVOTE) {
        return true;
    }
    bool is_fine = act.kind != KOLAM_ACT_UNDO || note_undone(work, act.act_seq);
    if (is_fine && is_before(work, row)) {
        is_fine = keep(work, row, op.record, op.record_size_bytes);
    }
    work->status = is_fine ? KOLAM_OK : KOLAM_ERR_NOMEM;
    return is_fine;
}

static json_t *act_json(const struct auditing *work, struct kolam_reader *reader,
                        const struct kept *kept) {
    struct kolam_author author;
    const bool has_name = kolam_reader_artist(reader, kept->artist, &author) == KOLAM_OK;
    json_t *record =
        json_loadb((const char *)kept->json, kept->size_bytes, JSON_REJECT_DUPLICATES, NULL);
    const json_int_t about = json_integer_value(json_object_get(record, "artist"));
    json_t *object =
        json_pack("{sI ss so sI ss so sb}", "time", (json_int_t)kept->time_ms, "what", "act", "act",
                  kolam_json_decimal((int64_t)kept->seq), "artist", (json_int_t)kept->artist, "by",
                  has_name ? author.name : "", "record", record ? record : json_null(), "undone",
                  was_undone(work, kept->seq));
    if (about >= 1 && about <= UINT32_MAX &&
        kolam_reader_artist(reader, (uint32_t)about, &author) == KOLAM_OK) {
        json_object_set_new(object, "name", json_string(author.name));
    }
    return object;
}

static void list_kept(struct auditing *work, struct kolam_reader *reader) {
    for (uint32_t i = 0; i < work->kept_count; i++) {
        const uint32_t limit = (uint32_t)work->limit;
        const struct kept *kept = &work->kept[(work->kept_next + 2 * limit - 1 - i) % limit];
        struct entry *entry = &work->entries[work->entry_count++];
        entry->place =
            (struct place){.time_ms = kept->time_ms, .is_of_log = true, .seq = kept->seq};
        entry->json = act_json(work, reader, kept);
    }
    work->log_count = work->entry_count;
}

static void run(struct kolam_job *job, struct kolam_worker *worker) {
    struct auditing *work = KOLAM_CONTAINER(job, struct auditing, job);
    struct kolam_worker_canvas *view;
    work->room = kolam_alloc(sizeof(*work->room));
    work->status = work->room
                       ? kolam_worker_canvas(worker, work->ask.canvas->log_path,
                                             work->ask.canvas->tiles_path, false, &view, NULL)
                       : KOLAM_ERR_NOMEM;
    if (work->status == KOLAM_OK) {
        enum kolam_status status = kolam_reader_records(view->reader, take_record, work);
        work->status = work->status == KOLAM_OK ? status : work->status;
    }
    if (work->status == KOLAM_OK) {
        list_kept(work, view->reader);
    }
    kolam_free(work->room);
}

/* ---- moderation.db's part: its thread's ---- */

static bool take_deed(void *ctx, const struct kolam_deed *deed) {
    static const char *const whats[] = {"", "sanction", "sanction_end", "report_close"};
    struct auditing *work = ctx;
    struct entry *entry = &work->entries[work->entry_count++];
    const char *canvas = work->ask.canvas->name;
    const struct kolam_moderator *by = deed->kind == KOLAM_DEED_SANCTION ? &deed->sanction->by
                                       : deed->kind == KOLAM_DEED_SANCTION_END
                                           ? &deed->sanction->ended_by
                                           : &deed->report->closed_by;
    entry->place =
        (struct place){.time_ms = deed->time_ms, .deed = {deed->time_ms, deed->kind, deed->id}};
    entry->json = json_pack("{sI ss ss}", "time", (json_int_t)deed->time_ms, "what",
                            whats[deed->kind & 3], "by", kolam_moderator_name(by));
    if (deed->sanction) {
        json_object_set_new(entry->json, "sanction",
                            kolam_sanction_json(deed->sanction, canvas, true));
    } else {
        json_object_set_new(entry->json, "report", kolam_report_json(deed->report));
    }
    return work->entry_count - work->log_count < work->limit;
}

static enum kolam_status perform(struct kolam_moderation_db *db,
                                 struct kolam_moderation_request *base) {
    struct auditing *work = (struct auditing *)base;
    const struct kolam_deed_place after_log = {work->before.time_ms, KOLAM_DEED_REPORT_CLOSE,
                                               UINT64_MAX};
    return kolam_moderation_deeds(db, work->ask.canvas->name,
                                  work->before.is_of_log ? &after_log : &work->before.deed,
                                  take_deed, work);
}

/* ---- the answer ---- */

static json_t *place_json(const struct place *place) {
    char text[96];
    if (place->is_of_log) {
        snprintf(text, sizeof(text), "%" PRId64 ".l.%" PRIu64, place->time_ms, place->seq);
    } else {
        snprintf(text, sizeof(text), "%" PRId64 ".d.%d.%" PRIu64, place->time_ms,
                 (int)place->deed.kind, place->deed.id);
    }
    return json_string(text);
}

static void finish(struct auditing *work) {
    for (uint32_t i = 0; i < work->entry_count; i++) {
        json_decref(work->entries[i].json);
    }
    for (uint32_t i = 0; i < LIMIT_MAX; i++) {
        kolam_free(work->kept[i].json);
    }
    kolam_free(work->undone);
    kolam_ask_end(&work->ask);
    kolam_free(work);
}

/* The newest of both lists, each newest first. */
static void answer(struct auditing *work) {
    json_t *list = json_array();
    const struct entry *last = NULL;
    uint32_t from_log = 0, from_db = work->log_count;
    while (json_array_size(list) < work->limit &&
           (from_log < work->log_count || from_db < work->entry_count)) {
        const bool is_of_log =
            from_log < work->log_count &&
            (from_db == work->entry_count ||
             work->entries[from_log].place.time_ms >= work->entries[from_db].place.time_ms);
        last = &work->entries[is_of_log ? from_log++ : from_db++];
        json_array_append(list, last->json);
    }
    const bool has_more = last && json_array_size(list) == work->limit;
    kolam_session_send_json(work->ask.session,
                            json_pack("{ss sI so so}", "type", "audit", "id",
                                      (json_int_t)work->ask.id, "entries", list, "next",
                                      has_more ? place_json(&last->place) : json_null()));
}

/* ---- names: a worker's again ---- */

/* Whom a report or a sanction is of is called as they are by now. */
static void run_names(struct kolam_job *job, struct kolam_worker *worker) {
    struct auditing *work = KOLAM_CONTAINER(job, struct auditing, job);
    struct kolam_worker_canvas *view;
    if (kolam_worker_canvas(worker, work->ask.canvas->log_path, work->ask.canvas->tiles_path, false,
                            &view, NULL) != KOLAM_OK) {
        return; /* as they were called then */
    }
    for (uint32_t i = work->log_count; i < work->entry_count; i++) {
        json_t *report = json_object_get(work->entries[i].json, "report");
        json_t *sanction = json_object_get(work->entries[i].json, "sanction");
        kolam_moderation_name_now(view->reader, report ? report : sanction);
    }
}

static void done_names(struct kolam_job *job) {
    struct auditing *work = KOLAM_CONTAINER(job, struct auditing, job);
    if (work->ask.session->state == KOLAM_SESSION_OPEN) {
        answer(work);
    }
    finish(work);
}

static void done(struct kolam_moderation_request *base) {
    struct auditing *work = (struct auditing *)base;
    const bool has_names =
        work->entry_count > work->log_count && work->ask.canvas->state != KOLAM_CANVAS_ABSENT;
    if (base->status == KOLAM_OK && work->ask.session->state == KOLAM_SESSION_OPEN && has_names) {
        work->job.run = run_names;
        work->job.done = done_names;
        kolam_pool_submit(work->ask.session->server->pool, &work->job);
        return;
    }
    if (base->status != KOLAM_OK) {
        kolam_moderation_failed(work->ask.session, work->ask.id);
    } else if (work->ask.session->state == KOLAM_SESSION_OPEN) {
        answer(work);
    }
    finish(work);
}

static void done_log(struct kolam_job *job) {
    struct auditing *work = KOLAM_CONTAINER(job, struct auditing, job);
    if (work->status != KOLAM_OK) {
        kolam_moderation_failed(work->ask.session, work->ask.id);
        finish(work);
        return;
    }
    work->base.perform = perform;
    work->base.done = done;
    kolam_moderation_submit(kolam_sanctions_thread(work->ask.session->server), &work->base);
}

/* ---- the message ---- */

static bool read_place(const json_t *message, struct place *out_place) {
    const json_t *value = json_object_get(message, "before");
    const char *text = json_string_value(value);
    int kind = 0, size = 0;
    *out_place = (struct place){.time_ms = INT64_MAX, .is_of_log = true, .seq = INT64_MAX};
    if (!value || json_is_null(value)) {
        return true;
    }
    if (text &&
        sscanf(text, "%" SCNd64 ".l.%" SCNu64 "%n", &out_place->time_ms, &out_place->seq, &size) ==
            2 &&
        text[size] == '\0') {
        return out_place->seq <= INT64_MAX;
    }
    out_place->is_of_log = false;
    if (!text ||
        sscanf(text, "%" SCNd64 ".d.%d.%" SCNu64 "%n", &out_place->time_ms, &kind,
               &out_place->deed.id, &size) != 3 ||
        text[size] != '\0' || kind < KOLAM_DEED_SANCTION || kind > KOLAM_DEED_REPORT_CLOSE) {
        return false;
    }
    out_place->deed.kind = (enum kolam_deed_kind)kind;
    out_place->deed.time_ms = out_place->time_ms;
    return true;
}

void kolam_audit_message(struct kolam_session *session, const json_t *message) {
    uint64_t id, limit = LIMIT_DEFAULT;
    struct place before;
    if (!kolam_moderation_may(session, message, "audit", KOLAM_ACTION_SEE_AUDIT, &id)) {
        return;
    }
    if (!read_place(message, &before) ||
        (json_object_get(message, "limit") &&
         (!kolam_json_uint(message, "limit", LIMIT_MAX, &limit) || limit < 1))) {
        kolam_ask_error(session, id, "invalid", "before is what `next` said, limit is 1 to 200");
        return;
    }
    struct auditing *work = kolam_ask_alloc(session, id, sizeof(*work));
    if (!work) {
        return;
    }
    kolam_ask_begin(&work->ask, session, id);
    work->limit = limit;
    work->before = before;
    work->job = (struct kolam_job){.run = run, .done = done_log, .priority = KOLAM_JOB_INTERACTIVE};
    if (work->ask.canvas->state == KOLAM_CANVAS_ABSENT) {
        done_log(&work->job);
    } else {
        work->status = KOLAM_ERR_CLOSED; /* unless it runs */
        kolam_pool_submit(session->server->pool, &work->job);
    }
}
