/* The identity thread: what is asked of identity.db, on the thread it shares its shape with (db_thread.c). */
#include "identity_thread.h"

#include <string.h>

#include "kolam/alloc.h"
#include "kolam/policy.h"

struct kolam_identity_thread {
    struct kolam_db_thread *thread;
    struct kolam_identity_db *db; /* the thread's while it runs */
};

/* Who it is to canvases: the idents of before, and what invitations brought. */
static enum kolam_status look(struct kolam_identity_db *db,
                              struct kolam_identity_request *request) {
    request->role = -1;
    enum kolam_status status = kolam_identity_selves(db, request->author.ident, &request->selves);
    return status == KOLAM_OK && request->canvas[0] != '\0'
               ? kolam_identity_invited(db, request->author.ident, request->canvas, &request->role)
               : status;
}

static enum kolam_status perform_import(struct kolam_identity_db *db,
                                        struct kolam_identity_request *request) {
    struct kolam_author named = request->author;
    kolam_identity_import_author(db, named.name, &request->author);
    return KOLAM_OK;
}

static enum kolam_status perform_unite(struct kolam_identity_db *db,
                                       struct kolam_identity_request *request) {
    uint8_t own[KOLAM_IDENT_BYTES];
    memcpy(own, request->other, sizeof(own));
    return kolam_identity_unite(db, &request->proof, own, request->is_into_prover, &request->author,
                                request->other);
}

/* The code is spent on the merge, and what was proved by it is the session's now: its secret is made by what it had before. */
static enum kolam_status perform_unite_admit(struct kolam_identity_db *db,
                                             struct kolam_identity_request *request) {
    enum kolam_status status = perform_unite(db, request);
    return status == KOLAM_OK ? kolam_identity_secret(db, request->author.ident, request->secret)
                              : status;
}

static enum kolam_status perform_erase(struct kolam_identity_db *db,
                                       struct kolam_identity_request *request) {
    enum kolam_status status = kolam_identity_selves(db, request->author.ident, &request->selves);
    return status == KOLAM_OK ? kolam_identity_erase(db, request->author.ident) : status;
}

static enum kolam_status perform_export(struct kolam_identity_db *db,
                                        struct kolam_identity_request *request) {
    enum kolam_status status = kolam_identity_selves(db, request->author.ident, &request->selves);
    return status == KOLAM_OK ? kolam_identity_export(db, request->author.ident, &request->json)
                              : status;
}

/* Also whom the ident is of now: nobody, if they were erased. */
static enum kolam_status perform_renaming_next(struct kolam_identity_db *db,
                                               struct kolam_identity_request *request) {
    struct kolam_author root;
    enum kolam_status status = kolam_identity_renaming_next(db, &request->author);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_identity_root(db, request->author.ident, &root);
    request->has_author = status == KOLAM_OK;
    if (request->has_author) {
        memcpy(request->other, root.ident, sizeof(request->other));
    }
    /* NOT_FOUND would say that nothing is to be told. */
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

/* Who is not known here (imported, erased) is who they are. */
static enum kolam_status perform_persons(struct kolam_identity_db *db,
                                         struct kolam_identity_request *request) {
    struct kolam_author root;
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < request->ident_count && status == KOLAM_OK; i++) {
        status = kolam_identity_root(db, request->idents[i], &root);
        if (status == KOLAM_OK) {
            memcpy(request->idents[i], root.ident, KOLAM_IDENT_BYTES);
        }
        status = status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
    }
    return status;
}

static const char *role_name(int32_t role) {
    return role >= 0 && role < KOLAM_ROLES ? kolam_role_name((enum kolam_role)role) : "?";
}

/* Of people and their keys. */
static enum kolam_status perform_person(struct kolam_identity_db *db,
                                        struct kolam_identity_request *request) {
    const uint8_t *ident = request->author.ident;
    switch (request->kind) {
    case KOLAM_IDENTITY_MAKE:
        return kolam_identity_make(db, request->secret, &request->author);
    case KOLAM_IDENTITY_RENAME:
        return kolam_identity_rename(db, ident, request->author.name);
    case KOLAM_IDENTITY_IMPORT:
        return perform_import(db, request);
    case KOLAM_IDENTITY_LOOK:
        return look(db, request);
    case KOLAM_IDENTITY_SUBJECT_MAKE:
        return kolam_identity_subject_make(db, request->issuer, request->subject,
                                           request->author.name, &request->author);
    case KOLAM_IDENTITY_LINK:
        return kolam_identity_link(db, ident, request->text);
    case KOLAM_IDENTITY_PHRASE:
        return kolam_identity_phrase(db, ident, request->text);
    case KOLAM_IDENTITY_PROVE:
        return kolam_identity_prove(db, &request->proof, &request->author);
    case KOLAM_IDENTITY_ADMIT:
        return kolam_identity_admit(db, &request->proof, request->secret, &request->author);
    case KOLAM_IDENTITY_UNITE:
        return perform_unite(db, request);
    case KOLAM_IDENTITY_UNITE_ADMIT:
        return perform_unite_admit(db, request);
    case KOLAM_IDENTITY_MERGE:
        return kolam_identity_merge(db, ident, request->other, &request->author);
    case KOLAM_IDENTITY_DEVICES:
        return kolam_identity_devices(db, ident, request->has_secret ? request->secret : NULL,
                                      &request->json);
    case KOLAM_IDENTITY_DEVICE_END:
        return kolam_identity_device_end(db, ident, request->number, request->hash);
    case KOLAM_IDENTITY_ERASE:
        return perform_erase(db, request);
    case KOLAM_IDENTITY_EXPORT:
        return perform_export(db, request);
    case KOLAM_IDENTITY_PERSONS:
        return perform_persons(db, request);
    case KOLAM_IDENTITY_RENAMING_NEXT:
        return perform_renaming_next(db, request);
    default:
        return kolam_identity_renaming_done(db, &request->author);
    }
}

static enum kolam_status perform_one(struct kolam_identity_db *db,
                                     struct kolam_identity_request *request) {
    const uint8_t *maker = request->has_author ? request->author.ident : NULL;
    enum kolam_status status;
    switch (request->kind) {
    case KOLAM_IDENTITY_FIND:
        status = kolam_identity_find(db, request->secret, &request->author);
        return status == KOLAM_OK ? look(db, request) : status;
    case KOLAM_IDENTITY_SUBJECT_FIND:
        status =
            kolam_identity_subject_find(db, request->issuer, request->subject, &request->author);
        return status == KOLAM_OK ? look(db, request) : status;
    case KOLAM_IDENTITY_INVITE:
        return kolam_identity_invite(db, maker, &request->invitation, request->code,
                                     &request->number);
    case KOLAM_IDENTITY_INVITATION_USE:
        return kolam_identity_invitation_use(db, request->code, maker, &request->invitation);
    case KOLAM_IDENTITY_INVITATION_REVOKE:
        return kolam_identity_invitation_revoke(db, maker,
                                                request->is_of_canvas ? request->canvas : NULL,
                                                request->number, request->is_withdrawn);
    case KOLAM_IDENTITY_INVITATIONS:
        return kolam_identity_invitations(db, maker, request->canvas[0] ? request->canvas : NULL,
                                          KOLAM_INVITATIONS_TOLD_MAX, role_name, &request->json);
    default:
        return perform_person(db, request);
    }
}

static enum kolam_status find_roots(struct kolam_identity_db *db,
                                    struct kolam_identity_request *request) {
    enum kolam_status status = kolam_identity_root(db, request->author.ident, &request->author);
    struct kolam_author other;
    if (status == KOLAM_OK && request->kind == KOLAM_IDENTITY_MERGE) {
        status = kolam_identity_root(db, request->other, &other);
        memcpy(request->other, other.ident, status == KOLAM_OK ? KOLAM_IDENT_BYTES : 0);
    }
    return status;
}

static void perform(void *ctx, struct kolam_db_request *base) {
    struct kolam_identity_request *request = (struct kolam_identity_request *)base;
    request->status = request->is_any_self ? find_roots(ctx, request) : KOLAM_OK;
    if (request->status == KOLAM_OK) {
        request->status = perform_one(ctx, request);
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
