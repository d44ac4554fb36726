/* who: the names behind artist numbers; a worker reads them from the canvas. */
#include "door.h"
#include "kolam/alloc.h"
#include "people.h"
#include "session.h"

#define WHO_MAX 256

struct who_job {
    struct kolam_job job;
    struct kolam_session *session;
    struct kolam_canvas *canvas; /* held */
    uint32_t count;
    struct {
        uint32_t artist;
        struct kolam_author author; /* an empty name: unknown */
    } rows[];
};

static void run_who(struct kolam_job *base, struct kolam_worker *worker) {
    struct who_job *job = (struct who_job *)base;
    struct kolam_worker_canvas *view;
    if (kolam_worker_canvas(worker, job->canvas->log_path, job->canvas->tiles_path, false, &view,
                            NULL) != KOLAM_OK) {
        return;
    }
    for (uint32_t i = 0; i < job->count; i++) {
        if (kolam_reader_artist(view->reader, job->rows[i].artist, &job->rows[i].author) !=
            KOLAM_OK) {
            job->rows[i].author.name[0] = '\0';
        }
    }
}

static void done_who(struct kolam_job *base) {
    struct who_job *job = (struct who_job *)base;
    if (job->session->state == KOLAM_SESSION_OPEN) {
        json_t *list = json_array();
        for (uint32_t i = 0; i < job->count; i++) {
            if (job->rows[i].author.name[0] != '\0') {
                json_array_append_new(list, json_pack("{sI ss}", "artist",
                                                      (json_int_t)job->rows[i].artist, "name",
                                                      job->rows[i].author.name));
            }
        }
        kolam_session_send_json(job->session, kolam_people_artists_message(list));
    }
    kolam_canvas_release(job->canvas);
    kolam_session_end_ask(job->session);
    kolam_free(job);
}

/* NULL for a malformed list, or without memory. */
static struct who_job *read_artists(const json_t *list) {
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count < 1 || count > WHO_MAX) {
        return NULL;
    }
    struct who_job *job = kolam_alloc_zero(1, sizeof(*job) + count * sizeof(job->rows[0]));
    for (size_t i = 0; job && i < count; i++) {
        const json_t *number = json_array_get(list, i);
        json_int_t value = json_integer_value(number);
        if (!json_is_integer(number) || value < 0 || value > UINT32_MAX) {
            kolam_free(job);
            return NULL;
        }
        job->rows[job->count++].artist = (uint32_t)value;
    }
    return job;
}

void kolam_people_who(struct kolam_session *session, const json_t *message) {
    if (!kolam_door_lets_plain(session, KOLAM_ACTION_SEE_NAMES)) {
        return;
    }
    struct who_job *job = read_artists(json_object_get(message, "artists"));
    if (!job) {
        kolam_session_refuse(session, "who: artists must be 1 to 256 numbers");
        return;
    }
    kolam_session_charge(session, KOLAM_LIMIT_ASKS, 1);
    job->session = session;
    job->canvas = session->canvas;
    job->job =
        (struct kolam_job){.run = run_who, .done = done_who, .priority = KOLAM_JOB_INTERACTIVE};
    kolam_session_begin_ask(session);
    kolam_canvas_hold(job->canvas);
    kolam_pool_submit(session->server->pool, &job->job);
}
