/* Keeping a canvas's policy; see policy_keep.h. Loop thread but for `run`. */
#include "policy_keep.h"

#include "json.h"
#include "kolam/alloc.h"
#include "sanctions.h"
#include "session.h"
#include "standing.h"
#include "veil.h"
#include "votes.h"

/* Modes and areas end as sanctions do: setting the clock opens nothing, and keeps nothing shut. */
static int64_t policy_now_ms(const struct kolam_canvas *canvas) {
    return kolam_sanctions_now_ms(canvas->server);
}

/* ---- telling ---- */

static json_t *until_json(int64_t until_ms) {
    return until_ms != 0 ? json_integer((json_int_t)until_ms) : json_null();
}

static json_t *area_json(const struct kolam_policy_area *area) {
    const struct kolam_rect *rect = &area->rect;
    json_t *members = json_array();
    for (uint32_t i = 0; i < area->member_count; i++) {
        json_array_append_new(members, json_integer(area->members[i]));
    }
    return json_pack("{so so ss ss si so so sI sI so so so}", "area",
                     kolam_json_decimal((int64_t)area->seq), "act",
                     kolam_json_decimal((int64_t)area->act_seq), "kind",
                     kolam_area_kind_name(area->kind), "name", area->name, "level", rect->level,
                     "x", kolam_json_decimal(rect->x0), "y", kolam_json_decimal(rect->y0), "width",
                     (json_int_t)(rect->x1 - rect->x0), "height", (json_int_t)(rect->y1 - rect->y0),
                     "owner", area->owner != 0 ? json_integer(area->owner) : json_null(), "members",
                     members, "until", until_json(area->until_ms));
}

static json_t *make_json(const struct kolam_policy *policy) {
    json_t *areas = json_array();
    for (uint32_t i = 0; i < policy->area_count; i++) {
        json_array_append_new(areas, area_json(policy->areas[i]));
    }
    return json_pack("{ss so so si}", "mode", kolam_mode_name(policy->mode), "until",
                     until_json(policy->mode_until_ms), "areas", areas, "votes",
                     (int)policy->votes);
}

json_t *kolam_policy_json(struct kolam_canvas *canvas) {
    if (!canvas->policy_json) {
        canvas->policy_json = make_json(&canvas->policy);
    }
    return json_incref(canvas->policy_json);
}

static void drop_json(struct kolam_canvas *canvas) {
    json_decref(canvas->policy_json);
    canvas->policy_json = NULL;
}

void kolam_policy_tell(struct kolam_canvas *canvas) {
    drop_json(canvas);
    json_t *message = json_pack("{ss}", "type", "policy");
    json_t *policy = kolam_policy_json(canvas);
    json_object_update(message, policy);
    json_decref(policy);
    struct kolam_bytes *text = kolam_session_text(message);
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        kolam_session_send_text(session, text);
        kolam_standing_changed(session);
    }
    kolam_bytes_unref(text);
}

/* ---- keeping ---- */

static void refresh(struct kolam_canvas *canvas) {
    kolam_policy_refresh(&canvas->policy, policy_now_ms(canvas));
    kolam_veil_refresh(canvas);
    kolam_policy_tell(canvas);
    kolam_votes_recount(canvas);
}

/* Of records that are no acts nothing is kept. */
static bool sets_something(const struct kolam_act *act) {
    return act->kind == KOLAM_ACT_MODE || act->kind == KOLAM_ACT_AREA ||
           act->kind == KOLAM_ACT_ROLE || act->kind == KOLAM_ACT_VOTES ||
           act->kind == KOLAM_ACT_UNDO;
}

void kolam_policy_commit(struct kolam_canvas *canvas, uint32_t artist,
                         const struct kolam_log_op *op) {
    struct kolam_op decoded;
    struct kolam_act act;
    if (op->kind != KOLAM_OP_RECORD ||
        kolam_op_decode(op->body, op->body_size_bytes, canvas->server->room, &decoded) !=
            KOLAM_OK) {
        return;
    }
    const enum kolam_status status =
        kolam_act_decode(decoded.record, decoded.record_size_bytes, &act);
    if (status == KOLAM_ERR_NOMEM) {
        canvas->policy_record_seq = op->seq;
        canvas->is_policy_lost = true; /* until it is read again nothing new is let in */
        kolam_veil_refresh(canvas);
    }
    if (status != KOLAM_OK || act.kind == KOLAM_ACT_OTHER) {
        return;
    }
    canvas->policy_record_seq = op->seq;
    if (!kolam_policy_apply(&canvas->policy, op->seq, op->time_ms, artist, &act)) {
        canvas->is_policy_lost = true;
        kolam_veil_refresh(canvas);
    }
    if (sets_something(&act)) {
        refresh(canvas);
    } else if (act.kind == KOLAM_ACT_VOTE) {
        kolam_votes_commit(canvas, act.stroke_seq);
    }
}

/* ---- reading it again ---- */

struct reading {
    struct kolam_job job;
    struct kolam_canvas *canvas; /* held */
    struct kolam_policy read;
    uint64_t read_seq;
    int64_t now_ms;
    enum kolam_status status;
};

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct reading *reading = (struct reading *)base;
    struct kolam_worker_canvas *view;
    struct kolam_canvas_info info;
    reading->status = kolam_worker_canvas(worker, reading->canvas->log_path,
                                          reading->canvas->tiles_path, false, &view, NULL);
    if (reading->status == KOLAM_OK) {
        reading->status = kolam_reader_begin(view->reader);
    }
    if (reading->status != KOLAM_OK) {
        return;
    }
    reading->status = kolam_reader_info(view->reader, &info);
    if (reading->status == KOLAM_OK) {
        reading->read_seq = info.last_seq;
        reading->status = kolam_policy_read(view->reader, reading->now_ms, &reading->read);
    }
    kolam_reader_end(view->reader);
}

static void done(struct kolam_job *base) {
    struct reading *reading = (struct reading *)base;
    struct kolam_canvas *canvas = reading->canvas;
    canvas->is_policy_reading = false;
    if (reading->status == KOLAM_OK && canvas->state == KOLAM_CANVAS_OPEN &&
        reading->read_seq >= canvas->policy_record_seq) {
        kolam_policy_finish(&canvas->policy);
        canvas->policy = reading->read;
        reading->read = (struct kolam_policy){0};
        canvas->is_policy_lost = false;
        refresh(canvas);
    }
    kolam_policy_finish(&reading->read);
    kolam_free(reading);
    kolam_canvas_release(canvas);
}

static void read_again(struct kolam_canvas *canvas) {
    struct reading *reading = kolam_alloc_zero(1, sizeof(*reading));
    if (!reading) {
        return; /* next second */
    }
    reading->canvas = canvas;
    reading->now_ms = policy_now_ms(canvas);
    reading->status = KOLAM_ERR_CLOSED; /* unless it runs */
    reading->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_INTERACTIVE};
    canvas->is_policy_reading = true;
    kolam_canvas_hold(canvas);
    kolam_pool_submit(canvas->server->pool, &reading->job);
}

void kolam_policy_sweep(struct kolam_canvas *canvas) {
    if (canvas->state != KOLAM_CANVAS_OPEN) {
        return;
    }
    if (canvas->is_policy_lost && !canvas->is_policy_reading) {
        read_again(canvas);
    }
    if (canvas->policy.changes_ms != 0 && policy_now_ms(canvas) >= canvas->policy.changes_ms) {
        refresh(canvas);
    }
}

void kolam_policy_forget(struct kolam_canvas *canvas) {
    kolam_policy_finish(&canvas->policy);
    kolam_veil_forget(canvas);
    drop_json(canvas);
    canvas->is_policy_lost = false;
    canvas->policy_record_seq = 0;
}
