/* Who people are: secrets' hashes, public ids and names, in identity.db, never in a canvas.
 *
 * A person has one ident, and may have several secrets (one a device), a recovery phrase, names they have elsewhere (subjects, told by
 * a sign-in service), and former selves: idents that were people of their own before they were merged into this one. */
#ifndef KOLAM_IDENTITY_H
#define KOLAM_IDENTITY_H

#include "kolam/damage.h"
#include "kolam/log.h"
#include "kolam/phrase.h"

#define KOLAM_SECRET_BYTES 32
#define KOLAM_SECRETS_MAX 32   /* of one person */
#define KOLAM_LINK_MS 600000   /* a code's life */
#define KOLAM_SEEN_MS 43200000 /* how exactly a device's last visit is known */
#define KOLAM_FORMER_NAME "former artist"

struct json_t; /* jansson's */
struct kolam_identity_db;

/* Opens or creates identity.db. Own thread or under the caller's lock: one thread at a time. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_db_create(const char *path,
                                                            struct kolam_clock clock,
                                                            struct kolam_identity_db **out_db,
                                                            struct kolam_error *error);
void kolam_identity_db_destroy(struct kolam_identity_db *db); /* NULL is safe */

/* The instance id, 16 hex digits, made once; valid as long as the db. */
const char *kolam_identity_instance(const struct kolam_identity_db *db);

/* A new person: random secret and ident, a friendly generated name. Durable when it returns. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_make(struct kolam_identity_db *db,
                                                       uint8_t out_secret[KOLAM_SECRET_BYTES],
                                                       struct kolam_author *out_author);
/* The person whose secret this is; KOLAM_ERR_NOT_FOUND. Compares hashes. Notes that the device was seen. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_find(struct kolam_identity_db *db,
                                                       const uint8_t secret[KOLAM_SECRET_BYTES],
                                                       struct kolam_author *out_author);
/* Also what their former selves are called: on canvases that is to be told (kolam_identity_renamings). */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_rename(struct kolam_identity_db *db,
                                                         const uint8_t ident[KOLAM_IDENT_BYTES],
                                                         const char *name);

/* ---- selves ---- */

struct kolam_selves {
    uint32_t count;
    uint8_t idents[KOLAM_FORMERS_MAX][KOLAM_IDENT_BYTES];
};

/* The former selves of the person with this ident; none of one who is not known. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_selves(struct kolam_identity_db *db,
                                                         const uint8_t ident[KOLAM_IDENT_BYTES],
                                                         struct kolam_selves *out_selves);
/* Whose former self the ident is, or who has it themselves; NOT_FOUND. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_root(struct kolam_identity_db *db,
                                                       const uint8_t ident[KOLAM_IDENT_BYTES],
                                                       struct kolam_author *out_author);
/* `from` becomes a former self of `into`, with all its secrets, phrases, subjects, invitations and former selves.
 * INVALID: they are one; FULL: more than KOLAM_FORMERS_MAX selves or KOLAM_SECRETS_MAX secrets; NOT_FOUND. *out_author is `into`. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_merge(struct kolam_identity_db *db,
                                                        const uint8_t into[KOLAM_IDENT_BYTES],
                                                        const uint8_t from[KOLAM_IDENT_BYTES],
                                                        struct kolam_author *out_author);
/* Forgets the person: name, secrets and all else. Their idents, theirs and their former selves', are to be called
 * KOLAM_FORMER_NAME on canvases. NOT_FOUND. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_erase(struct kolam_identity_db *db,
                                                        const uint8_t ident[KOLAM_IDENT_BYTES]);
/* What canvases are still to be told: who is called how. Kept until it was done, also over a restart. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_renaming_next(struct kolam_identity_db *db,
                                                                struct kolam_author *out_author);
/* It was done, unless the ident is to be called something else since. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_renaming_done(struct kolam_identity_db *db,
                                                                const struct kolam_author *author);
/* All that this file knows of the person, but for secrets: an object, the caller's. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_export(struct kolam_identity_db *db,
                                                         const uint8_t ident[KOLAM_IDENT_BYTES],
                                                         struct json_t **out_object);

/* ---- keys ---- */

/* What shows who somebody is, besides a session of theirs. */
enum kolam_proof_kind { KOLAM_PROOF_CODE, KOLAM_PROOF_PHRASE, KOLAM_PROOF_SECRET };
struct kolam_proof {
    enum kolam_proof_kind kind;
    char code[KOLAM_CODE_CHARACTERS + 1]; /* as kolam_code_read gives it */
    uint8_t phrase[KOLAM_PHRASE_BYTES];
    uint8_t secret[KOLAM_SECRET_BYTES];
};

/* Whose it is; NOT_FOUND (unknown, used, too old). Spends nothing. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_prove(struct kolam_identity_db *db,
                                                        const struct kolam_proof *proof,
                                                        struct kolam_author *out_author);
/* A secret for another device of whose proof it is; a code is spent by it, once. FULL past KOLAM_SECRETS_MAX. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_admit(struct kolam_identity_db *db,
                                                        const struct kolam_proof *proof,
                                                        uint8_t out_secret[KOLAM_SECRET_BYTES],
                                                        struct kolam_author *out_author);
/* A secret for another device of the person who has proved to be them. FULL past KOLAM_SECRETS_MAX. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_secret(struct kolam_identity_db *db,
                                                         const uint8_t ident[KOLAM_IDENT_BYTES],
                                                         uint8_t out_secret[KOLAM_SECRET_BYTES]);
/* Whoever's proof it is and `ident` become one: the prover's, or if `is_into_prover` is false, `ident`'s self stays. A code is spent. */
KOLAM_MUST_CHECK enum kolam_status
kolam_identity_unite(struct kolam_identity_db *db, const struct kolam_proof *proof,
                     const uint8_t ident[KOLAM_IDENT_BYTES], bool is_into_prover,
                     struct kolam_author *out_author, uint8_t out_gone[KOLAM_IDENT_BYTES]);
/* A code for another device, good once, for KOLAM_LINK_MS, and not after a restart; the person's former one is void. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_link(struct kolam_identity_db *db,
                                                       const uint8_t ident[KOLAM_IDENT_BYTES],
                                                       char out_code[KOLAM_CODE_TEXT_MAX]);
/* A new recovery phrase; all former ones of the person are void. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_phrase(struct kolam_identity_db *db,
                                                         const uint8_t ident[KOLAM_IDENT_BYTES],
                                                         char out_phrase[KOLAM_PHRASE_TEXT_MAX]);
/* [{"device","created","seen","this"}], the newest first: who holds a secret. `secret` (or NULL) marks this one. Takes
 * out "phrase": when the phrase was made, or null. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_devices(struct kolam_identity_db *db,
                                                          const uint8_t ident[KOLAM_IDENT_BYTES],
                                                          const uint8_t *secret,
                                                          struct json_t **out_object);
/* The secret of that number is void; *out_hash tells which. NOT_FOUND, also if it is another's. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_device_end(struct kolam_identity_db *db,
                                                             const uint8_t ident[KOLAM_IDENT_BYTES],
                                                             int64_t device, uint8_t out_hash[32]);

/* Whom a sign-in service calls so; NOT_FOUND. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_subject_find(struct kolam_identity_db *db,
                                                               const char *issuer,
                                                               const char *subject,
                                                               struct kolam_author *out_author);
/* The same, made if nobody is: called `name` as far as it can be a name, without any secret. */
KOLAM_MUST_CHECK enum kolam_status
kolam_identity_subject_make(struct kolam_identity_db *db, const char *issuer, const char *subject,
                            const char *name, struct kolam_author *out_author);

/* ---- invitations ---- */

#define KOLAM_INVITATION_CODE_BYTES 16
#define KOLAM_INVITATION_USES_MAX 1000
#define KOLAM_INVITATION_MS_MAX 31622400000 /* 366 days */
#define KOLAM_INVITATION_NOTE_MAX 200       /* bytes */
#define KOLAM_INVITATIONS_MAX 64            /* open ones of one maker */
#define KOLAM_CANVAS_TEXT_MAX 64

struct kolam_invitation {
    char canvas[KOLAM_CANVAS_TEXT_MAX + 1];
    int32_t role; /* the server's number of it; the greatest counts */
    uint32_t uses;
    int64_t until_ms;
    char note[KOLAM_INVITATION_NOTE_MAX + 1]; /* the maker's own */
};

/* `maker` NULL: the operator. Only the code's hash is kept. FULL past KOLAM_INVITATIONS_MAX. */
KOLAM_MUST_CHECK enum kolam_status
kolam_identity_invite(struct kolam_identity_db *db, const uint8_t *maker,
                      const struct kolam_invitation *invitation,
                      uint8_t out_code[KOLAM_INVITATION_CODE_BYTES], int64_t *out_number);
/* The person comes by an invitation; again is the same as once. NOT_FOUND (unknown, revoked), GONE (too old), FULL (used up).
 * With `ident` NULL it is only looked at. *out_invitation is what they were invited to. */
KOLAM_MUST_CHECK enum kolam_status
kolam_identity_invitation_use(struct kolam_identity_db *db,
                              const uint8_t code[KOLAM_INVITATION_CODE_BYTES], const uint8_t *ident,
                              struct kolam_invitation *out_invitation);
/* Nobody comes by it any more; with `is_withdrawn` those who came are not invited by it any more either. `maker` NULL: any; else NOT_FOUND if
 * it is another's. */
KOLAM_MUST_CHECK enum kolam_status
kolam_identity_invitation_revoke(struct kolam_identity_db *db, const uint8_t *maker,
                                 const char *canvas, int64_t number, bool is_withdrawn);
/* The newest `limit`, of one maker, or (NULL) of anybody to a canvas, or (both NULL) all. [{"invitation","canvas","role","uses","used","created","until",
 * "revoked","withdrawn","note","by","who":[{"name","time"}]}]; `role_name` names roles. */
KOLAM_MUST_CHECK enum kolam_status
kolam_identity_invitations(struct kolam_identity_db *db, const uint8_t *maker, const char *canvas,
                           uint32_t limit, const char *(*role_name)(int32_t role),
                           struct json_t **out_list);
/* The greatest role that the person was invited to on the canvas, -1 without one. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_invited(struct kolam_identity_db *db,
                                                          const uint8_t ident[KOLAM_IDENT_BYTES],
                                                          const char *canvas, int32_t *out_role);

/* The author that stands for an imported name on this instance: same instance and name, same ident. */
void kolam_identity_import_author(const struct kolam_identity_db *db, const char *name,
                                  struct kolam_author *out_author);

/* From now on `tell` hears of each row that turns out to be damaged, once, and at once of those known by now: it is left out,
 * and who cannot be found for want of it is KOLAM_ERR_CORRUPT. On the thread that uses the database. */
void kolam_identity_tell_damage(struct kolam_identity_db *db, kolam_damage_tell *tell, void *ctx);

/* True for 1..40 characters of valid UTF-8 without control characters and not all spaces. */
bool kolam_name_is_valid(const char *name);
/* True for what reads as KOLAM_FORMER_NAME, whatever its case and blanks: nobody calls themselves so, and what is
 * called so can be told in the reader's language. */
bool kolam_name_is_former(const char *name);

/* Reads the admin token of the data folder (64 hex digits), making it (mode 0600) if it is missing. */
KOLAM_MUST_CHECK enum kolam_status kolam_admin_token_load(const char *folder, char out_hex[65],
                                                          struct kolam_error *error);

/* Cryptographic random bytes from the system; aborts if the system has none. Any thread. */
void kolam_random_bytes(void *out, size_t size_bytes);
/* SHA-256 (OpenSSL's). Any thread. */
void kolam_sha256(const void *bytes, size_t size_bytes, uint8_t out_hash[32]);

#endif
