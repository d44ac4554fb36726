/* moderation.db's thread: db_thread.c with a database that it owns. */
#include "moderation_thread.h"

#include "kolam/alloc.h"

struct kolam_moderation_thread {
    struct kolam_db_thread *thread;
    struct kolam_moderation_db *db; /* the thread's while it runs */
};

static void perform(void *ctx, struct kolam_db_request *base) {
    struct kolam_moderation_request *request = (struct kolam_moderation_request *)base;
    request->status = request->perform(ctx, request);
}

static void done(struct kolam_db_request *base) {
    struct kolam_moderation_request *request = (struct kolam_moderation_request *)base;
    request->done(request);
}

enum kolam_status kolam_moderation_thread_create(struct kolam_moderation_db *db,
                                                 struct kolam_loop *loop,
                                                 struct kolam_moderation_thread **out_thread) {
    const struct kolam_db_thread_options options = {
        .ctx = db, .perform = perform, .done = done, .loop = loop, .wake = KOLAM_WAKE_MODERATION};
    struct kolam_moderation_thread *moderation = kolam_alloc_zero(1, sizeof(*moderation));
    if (!moderation) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = kolam_db_thread_create(&options, &moderation->thread);
    if (status != KOLAM_OK) {
        kolam_free(moderation);
        return status;
    }
    moderation->db = db;
    *out_thread = moderation;
    return KOLAM_OK;
}

void kolam_moderation_thread_destroy(struct kolam_moderation_thread *moderation) {
    if (moderation) {
        kolam_db_thread_destroy(moderation->thread);
        kolam_moderation_db_destroy(moderation->db);
        kolam_free(moderation);
    }
}

void kolam_moderation_submit(struct kolam_moderation_thread *moderation,
                             struct kolam_moderation_request *request) {
    kolam_db_submit(moderation->thread, &request->base);
}

void kolam_moderation_dispatch(struct kolam_moderation_thread *moderation) {
    kolam_db_dispatch(moderation->thread);
}
