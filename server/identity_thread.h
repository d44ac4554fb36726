/* Who people are, asked for without waiting: a thread of its own with identity.db open, a queue to it and
 * one back. Results come inside kolam_identity_dispatch on the loop thread. */
#ifndef KOLAM_SERVER_IDENTITY_THREAD_H
#define KOLAM_SERVER_IDENTITY_THREAD_H

#include "db_thread.h"
#include "kolam/identity.h"

/* What is asked for, and what of the request it takes -> gives. */
enum kolam_identity_kind {
    KOLAM_IDENTITY_FIND,   /* secret, canvas -> author, selves, role */
    KOLAM_IDENTITY_MAKE,   /* -> secret, author; durable */
    KOLAM_IDENTITY_RENAME, /* author.ident, author.name */
    KOLAM_IDENTITY_IMPORT, /* author.name -> author */

    KOLAM_IDENTITY_LOOK,         /* author.ident, canvas -> selves, role */
    KOLAM_IDENTITY_SUBJECT_FIND, /* issuer, subject, canvas -> author, selves, role */
    KOLAM_IDENTITY_SUBJECT_MAKE, /* issuer, subject, author.name -> author */
    KOLAM_IDENTITY_LINK,         /* author.ident -> text: a code */
    KOLAM_IDENTITY_PHRASE,       /* author.ident -> text: a phrase */
    KOLAM_IDENTITY_PROVE,        /* proof -> author */
    KOLAM_IDENTITY_ADMIT,        /* proof -> secret, author */
    KOLAM_IDENTITY_UNITE,        /* proof, other, is_into_prover -> author; other: who was merged */
    KOLAM_IDENTITY_UNITE_ADMIT,  /* the same, into the prover -> also secret */
    KOLAM_IDENTITY_MERGE,        /* author.ident, other -> author: other was merged into it */
    KOLAM_IDENTITY_DEVICES,      /* author.ident, secret if has_secret -> json */
    KOLAM_IDENTITY_DEVICE_END,   /* author.ident, number -> hash */
    KOLAM_IDENTITY_ERASE,        /* author.ident -> selves: those of before */
    KOLAM_IDENTITY_EXPORT,       /* author.ident -> json, selves */
    KOLAM_IDENTITY_PERSONS,      /* idents -> each of whom it is now */

    KOLAM_IDENTITY_INVITE,            /* author.ident if has_author, invitation -> code, number */
    KOLAM_IDENTITY_INVITATION_USE,    /* code, author.ident if has_author -> invitation */
    KOLAM_IDENTITY_INVITATION_REVOKE, /* author.ident if has_author, canvas, number, is_withdrawn */
    KOLAM_IDENTITY_INVITATIONS,       /* author.ident if has_author, canvas if any -> json */

    KOLAM_IDENTITY_RENAMING_NEXT, /* -> author; has_author: who it is by now is `other` */
    KOLAM_IDENTITY_RENAMING_DONE, /* author */
};

#define KOLAM_SUBJECT_BYTES_MAX 255
#define KOLAM_INVITATIONS_TOLD_MAX 128

struct kolam_identity_request {
    struct kolam_db_request base;
    enum kolam_identity_kind kind;
    uint8_t secret[KOLAM_SECRET_BYTES];
    struct kolam_author author;
    enum kolam_status status;

    bool has_author, has_secret, is_into_prover, is_withdrawn;
    bool is_any_self;  /* author.ident and other may be former selves: of whom is meant */
    bool is_of_canvas; /* REVOKE: also another's, to that canvas */
    struct kolam_proof proof;
    struct kolam_selves selves;
    uint8_t other[KOLAM_IDENT_BYTES];
    char canvas[KOLAM_CANVAS_TEXT_MAX + 1];
    int32_t role; /* that the author is invited to on the canvas; -1: none */
    const char *issuer;
    char subject[KOLAM_SUBJECT_BYTES_MAX + 1];
    char text[KOLAM_PHRASE_TEXT_MAX];
    uint8_t hash[32];
    int64_t number;
    uint8_t (*idents)[KOLAM_IDENT_BYTES]; /* the asker's */
    uint32_t ident_count;
    struct kolam_invitation invitation;
    uint8_t code[KOLAM_INVITATION_CODE_BYTES];
    struct json_t *json; /* the asker's to decref */

    uint32_t slot;                                        /* the asker's */
    uint64_t before;                                      /* the asker's */
    uint64_t id;                                          /* the asker's */
    void *ctx;                                            /* the asker's */
    void (*done)(struct kolam_identity_request *request); /* loop thread; owns the request */
};

struct kolam_identity_thread;

KOLAM_MUST_CHECK enum kolam_status
kolam_identity_thread_create(struct kolam_identity_db *db, struct kolam_loop *loop,
                             struct kolam_identity_thread **out_thread);
/* Finishes what is queued, runs its `done`, ends the thread and destroys the db. NULL is safe. */
void kolam_identity_thread_destroy(struct kolam_identity_thread *thread);
/* Loop thread. The request was kolam_alloc'ed. */
void kolam_identity_submit(struct kolam_identity_thread *thread,
                           struct kolam_identity_request *request);
void kolam_identity_dispatch(struct kolam_identity_thread *thread);

#endif
