/* The identity thread: what is asked of identity.db, on the thread it shares its shape with (db_thread.c). */
#include "identity_thread.h"

#include "kolam/alloc.h"

struct kolam_identity_thread {
    struct kolam_db_thread *thread;
    struct kolam_identity_db *db; /* the thread's while it runs */
};

static void perform(void *ctx, struct kolam_db_request *base) {
    struct kolam_identity_db *db = ctx;
    struct kolam_identity_request *request = (struct kolam_identity_request *)base;
    switch (request->kind) {
    case KOLAM_IDENTITY_FIND:
        request->status = kolam_identity_find(db, request->secret, &request->author);
        return;
    case KOLAM_IDENTITY_MAKE:
        request->status = kolam_identity_make(db, request->secret, &request->author);
        return;
    case KOLAM_IDENTITY_RENAME:
        request->status = kolam_identity_rename(db, request->author.ident, request->author.name);
        return;
    case KOLAM_IDENTITY_IMPORT: {
        struct kolam_author named = request->author;
        kolam_identity_import_author(db, named.name, &request->author);
        request->status = KOLAM_OK;
        return;
    }
    }
}

static void done(struct kolam_db_request *base) {
    struct kolam_identity_request *request = (struct kolam_identity_request *)base;
    request->done(request);
}

enum kolam_status kolam_identity_thread_create(struct kolam_identity_db *db,
                                               struct kolam_loop *loop,
                                               struct kolam_identity_thread **out_thread) {
    const struct kolam_db_thread_options options = {
        .ctx = db, .perform = perform, .done = done, .loop = loop, .wake = KOLAM_WAKE_IDENTITY};
    struct kolam_identity_thread *identity = kolam_alloc_zero(1, sizeof(*identity));
    if (!identity) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = kolam_db_thread_create(&options, &identity->thread);
    if (status != KOLAM_OK) {
        kolam_free(identity);
        return status;
    }
    identity->db = db;
    *out_thread = identity;
    return KOLAM_OK;
}

void kolam_identity_thread_destroy(struct kolam_identity_thread *identity) {
    if (identity) {
        kolam_db_thread_destroy(identity->thread);
        kolam_identity_db_destroy(identity->db);
        kolam_free(identity);
    }
}

void kolam_identity_submit(struct kolam_identity_thread *identity,
                           struct kolam_identity_request *request) {
    kolam_db_submit(identity->thread, &request->base);
}

void kolam_identity_dispatch(struct kolam_identity_thread *identity) {
    kolam_db_dispatch(identity->thread);
}
