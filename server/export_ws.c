/* Everything that the server knows of somebody, for them: first what identity.db has and on which canvases they drew, then, canvas by canvas and
 * number by number, each op of theirs in its stored form. A browser makes one file of it. */
#include <openssl/evp.h>
#include <string.h>

#include "canvas_walk.h"
#include "json.h"
#include "kolam/alloc.h"
#include "people.h"

#define EXPORTS_MAX 4 /* at once, of all */
#define PAGE_OPS_MAX 500
#define PAGE_BYTES_MAX 262144

/* ---- the person, and where they drew ---- */

struct export {
    struct kolam_canvas_walk walk;
    struct kolam_session *session; /* referenced */
    uint64_t id;
    json_t *person, *canvases;
    uint32_t ident_count;
    uint8_t idents[1 + KOLAM_FORMERS_MAX][KOLAM_IDENT_BYTES];
    bool has_failed;
};

static json_t *share_json(const char *canvas, uint32_t artist, const char *name,
                          const struct kolam_artist_share *share) {
    return json_pack("{ss sI ss sI sI sI}", "canvas", canvas, "artist", (json_int_t)artist, "name",
                     name, "ops", (json_int_t)share->ops, "first", (json_int_t)share->first_ms,
                     "last", (json_int_t)share->last_ms);
}

static void run(struct kolam_canvas_walk *walk, struct kolam_reader *reader) {
    struct export *export = KOLAM_CONTAINER(walk, struct export, walk);
    for (uint32_t i = 0; i < export->ident_count && walk->status == KOLAM_OK; i++) {
        struct kolam_author author = {.name = ""};
        struct kolam_artist_share share = {0};
        uint32_t artist = 0;
        memcpy(author.ident, export->idents[i], KOLAM_IDENT_BYTES);
        enum kolam_status status = kolam_reader_artist_of(reader, &author, &artist);
        if (status == KOLAM_OK) {
            walk->status = kolam_reader_artist_share(reader, artist, &share);
            (void)json_array_append_new(
                export->canvases, share_json(walk->canvas->name, artist, author.name, &share));
        } else if (status != KOLAM_ERR_NOT_FOUND) {
            walk->status = status;
        }
    }
}

static void each(struct kolam_canvas_walk *walk) {
    struct export *export = KOLAM_CONTAINER(walk, struct export, walk);
    export->has_failed |= walk->status != KOLAM_OK;
    kolam_canvas_walk_next(walk);
}

static void done(struct kolam_canvas_walk *walk) {
    struct export *export = KOLAM_CONTAINER(walk, struct export, walk);
    struct kolam_session *session = export->session;
    walk->server->exports--;
    if (session->state == KOLAM_SESSION_OPEN && (export->has_failed || walk->is_cut)) {
        kolam_ask_error(session, export->id, "unavailable",
                        "not every canvas can be read now; try again later");
    } else if (session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(session, json_pack("{ss sI sO sO}", "type", "export", "id",
                                                   (json_int_t) export->id, "person",
                                                   export->person, "canvases", export->canvases));
    }
    json_decref(export->person);
    json_decref(export->canvases);
    kolam_session_end_ask(session);
    kolam_free(export);
}

static void on_exported(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    struct export *export =
        kolam_people_went_well(request) ? kolam_alloc_zero(1, sizeof(*export)) : NULL;
    if (!export) {
        session->server->exports--;
        kolam_people_finish(request);
        return;
    }
    export->session = session;
    export->id = request->id;
    export->person = json_incref(request->json);
    export->canvases = json_array();
    memcpy(export->idents[export->ident_count++], request->author.ident, KOLAM_IDENT_BYTES);
    for (uint32_t i = 0; i < request->selves.count; i++) {
        memcpy(export->idents[export->ident_count++], request->selves.idents[i], KOLAM_IDENT_BYTES);
    }
    export->walk.server = session->server;
    export->walk.run = run;
    export->walk.each = each;
    export->walk.done = done;
    kolam_session_begin_ask(session);
    kolam_people_finish(request);
    kolam_canvas_walk_begin(&export->walk);
}

/* ---- what they did, a page ---- */

struct page {
    struct kolam_job job;
    struct kolam_session *session; /* referenced, by the request */
    struct kolam_canvas *canvas;   /* held */
    struct kolam_identity_request *request;
    uint64_t before;
    uint32_t artist;
    bool may_be_others; /* an admin asks, for somebody */
    json_t *ops;
    size_t bytes;
    bool has_more;
    enum kolam_status status;
};

static json_t *body_json(const uint8_t *body, size_t size_bytes) {
    char *text = kolam_alloc(4 * ((size_bytes + 2) / 3) + 1);
    json_t *value = NULL;
    if (text) {
        (void)EVP_EncodeBlock((unsigned char *)text, body, (int)size_bytes);
        value = json_string(text);
        kolam_free(text);
    }
    return value;
}

static bool take_op(void *ctx, const struct kolam_log_row *row) {
    static const char *const kinds[] = {"?", "stroke", "hide", "show", "record"};
    struct page *page = ctx;
    const size_t count = json_array_size(page->ops);
    if (count == PAGE_OPS_MAX ||
        (count > 0 && page->bytes + row->body_size_bytes > PAGE_BYTES_MAX)) {
        page->has_more = true;
        return false;
    }
    page->bytes += row->body_size_bytes;
    const int failed = json_array_append_new(
        page->ops, json_pack("{so sI ss so}", "seq", kolam_json_decimal((int64_t)row->seq), "time",
                             (json_int_t)row->time_ms, "kind",
                             (unsigned)row->kind < 5 ? kinds[row->kind] : kinds[0], "body",
                             body_json(row->body, row->body_size_bytes)));
    page->status = failed ? KOLAM_ERR_NOMEM : KOLAM_OK;
    return !failed;
}

static bool is_own(const struct kolam_identity_request *request,
                   const uint8_t ident[KOLAM_IDENT_BYTES]) {
    bool is_it = memcmp(request->author.ident, ident, KOLAM_IDENT_BYTES) == 0;
    for (uint32_t i = 0; i < request->selves.count; i++) {
        is_it |= memcmp(request->selves.idents[i], ident, KOLAM_IDENT_BYTES) == 0;
    }
    return is_it;
}

static void run_page(struct kolam_job *base, struct kolam_worker *worker) {
    struct page *page = (struct page *)base;
    struct kolam_worker_canvas *canvas;
    struct kolam_author author;
    page->status = kolam_worker_canvas(worker, page->canvas->log_path, page->canvas->tiles_path,
                                       false, &canvas, NULL);
    if (page->status == KOLAM_OK) {
        page->status = kolam_reader_artist(canvas->reader, page->artist, &author);
    }
    if (page->status == KOLAM_OK && !page->may_be_others && !is_own(page->request, author.ident)) {
        page->status = KOLAM_ERR_NOT_FOUND; /* another's, or nobody's: the same answer */
    }
    if (page->status == KOLAM_OK) {
        enum kolam_status status =
            kolam_reader_artist_ops(canvas->reader, page->artist, page->before, take_op, page);
        page->status = page->status == KOLAM_OK ? status : page->status;
    }
}

static void done_page(struct kolam_job *base) {
    struct page *page = (struct page *)base;
    page->request->status = page->status;
    if (kolam_people_went_well(page->request)) {
        kolam_session_send_json(page->session,
                                json_pack("{ss sI ss sI sO sb}", "type", "export", "id",
                                          (json_int_t)page->request->id, "canvas",
                                          page->canvas->name, "artist", (json_int_t)page->artist,
                                          "ops", page->ops, "more", page->has_more));
    }
    json_decref(page->ops);
    kolam_canvas_release(page->canvas);
    kolam_session_end_ask(page->session);
    kolam_people_finish(page->request);
    kolam_free(page);
}

static void on_selves(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    struct kolam_canvas *canvas = kolam_canvas_find(session->server, request->canvas);
    if (request->status == KOLAM_OK && (!canvas || canvas->state == KOLAM_CANVAS_ABSENT)) {
        request->status = KOLAM_ERR_NOT_FOUND;
    }
    struct page *page = kolam_people_went_well(request) ? kolam_alloc_zero(1, sizeof(*page)) : NULL;
    if (!page) {
        kolam_people_finish(request);
        return;
    }
    page->job =
        (struct kolam_job){.run = run_page, .done = done_page, .priority = KOLAM_JOB_BACKGROUND};
    page->session = session;
    page->canvas = canvas;
    page->request = request;
    page->artist = (uint32_t)request->number;
    page->may_be_others = session->is_admin;
    page->before = request->before;
    page->ops = json_array();
    page->status = KOLAM_ERR_CLOSED; /* unless it runs */
    kolam_canvas_hold(canvas);
    kolam_session_begin_ask(session);
    kolam_pool_submit(session->server->pool, &page->job);
}

static void export_page(struct kolam_session *session, const json_t *message) {
    const char *canvas = json_string_value(json_object_get(message, "canvas"));
    uint64_t artist = 0, before = INT64_MAX;
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_LOOK, !session->is_admin, on_selves);
    if (!request) {
        return;
    }
    if (!canvas || !kolam_canvas_name_is_valid(canvas) ||
        !kolam_json_uint(message, "artist", UINT32_MAX, &artist) || artist < 1 ||
        (json_object_get(message, "before") &&
         !kolam_json_uint(message, "before", INT64_MAX, &before))) {
        kolam_ask_error(session, request->id, "invalid",
                        "canvas, artist or before is missing or malformed");
        kolam_people_finish(request);
        return;
    }
    strcpy(request->canvas, canvas);
    request->number = (int64_t)artist;
    request->before = before;
    kolam_people_submit(request);
}

void kolam_export_me(struct kolam_session *session, const json_t *message) {
    uint64_t artist = 0;
    if (json_object_get(message, "canvas")) {
        export_page(session, message);
        return;
    }
    const bool is_other = json_object_get(message, "artist") != NULL;
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_EXPORT, !is_other, on_exported);
    if (!request) {
        return;
    }
    if (is_other && !session->is_admin) {
        kolam_ask_error(session, request->id, "denied", "this needs the admin token in hello");
    } else if (is_other &&
               (!kolam_json_uint(message, "artist", UINT32_MAX, &artist) || artist < 1)) {
        kolam_ask_error(session, request->id, "invalid", "artist must be a number");
    } else if (session->server->exports >= EXPORTS_MAX) {
        kolam_ask_error(session, request->id, "unavailable",
                        "others are being told; try again in a moment");
    } else {
        session->server->exports++;
        if (is_other) {
            kolam_people_of_artist(session, (uint32_t)artist, request);
        } else {
            kolam_people_submit(request);
        }
        return;
    }
    kolam_people_finish(request);
}
