/* Several secrets a person: codes, phrases, services, devices; people who become one, and one who becomes nobody; invitations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/identity.h"
#include "tests/support/store.h"

struct fixture {
    char folder[512], path[600];
    struct kolam_identity_db *db;
    int64_t now_ms;
};

static int64_t told_time(void *ctx) {
    return *(const int64_t *)ctx;
}

static void open_identity(struct fixture *f) {
    struct kolam_error error = {.text = ""};
    const struct kolam_clock clock = {.now_ms = told_time, .ctx = &f->now_ms};
    enum kolam_status status = kolam_identity_db_create(f->path, clock, &f->db, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, KOLAM_OK);
}

static void reopen(struct fixture *f) {
    kolam_identity_db_destroy(f->db);
    open_identity(f);
}

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "identity.db", f->path);
    f->now_ms = 1800000000000;
    open_identity(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    kolam_identity_db_destroy(f->db);
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

struct somebody {
    uint8_t secret[KOLAM_SECRET_BYTES];
    struct kolam_author author;
};

static struct somebody make(struct fixture *f) {
    struct somebody one;
    assert_int_equal(kolam_identity_make(f->db, one.secret, &one.author), KOLAM_OK);
    return one;
}

static struct kolam_proof code_of(const char *text) {
    struct kolam_proof proof = {.kind = KOLAM_PROOF_CODE};
    assert_true(kolam_code_read(text, proof.code));
    return proof;
}

static struct kolam_proof phrase_of(const char *text) {
    struct kolam_proof proof = {.kind = KOLAM_PROOF_PHRASE};
    uint32_t word;
    assert_int_equal(kolam_phrase_read(text, proof.phrase, &word), KOLAM_PHRASE_FINE);
    return proof;
}

static void assert_is(struct fixture *f, const uint8_t *secret, const struct somebody *wanted) {
    struct kolam_author found;
    assert_int_equal(kolam_identity_find(f->db, secret, &found), KOLAM_OK);
    assert_memory_equal(found.ident, wanted->author.ident, KOLAM_IDENT_BYTES);
}

static void assert_unknown(struct fixture *f, const uint8_t *secret) {
    struct kolam_author found;
    assert_int_equal(kolam_identity_find(f->db, secret, &found), KOLAM_ERR_NOT_FOUND);
}

/* ---- codes ---- */

static void a_code_gives_another_device_a_secret_once(void **state) {
    struct fixture *f = *state;
    const struct somebody one = make(f);
    char text[KOLAM_CODE_TEXT_MAX];
    uint8_t secret[KOLAM_SECRET_BYTES];
    struct kolam_author author;
    assert_int_equal(kolam_identity_link(f->db, one.author.ident, text), KOLAM_OK);
    const struct kolam_proof proof = code_of(text);
    assert_int_equal(kolam_identity_prove(f->db, &proof, &author), KOLAM_OK);
    assert_string_equal(author.name, one.author.name);
    assert_int_equal(kolam_identity_admit(f->db, &proof, secret, &author), KOLAM_OK);
    assert_memory_not_equal(secret, one.secret, sizeof secret);
    assert_is(f, secret, &one);
    assert_is(f, one.secret, &one);
    assert_int_equal(kolam_identity_admit(f->db, &proof, secret, &author), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_identity_prove(f->db, &proof, &author), KOLAM_ERR_NOT_FOUND);
}

static void a_code_lives_for_ten_minutes_and_the_newest_counts(void **state) {
    struct fixture *f = *state;
    const struct somebody one = make(f);
    char first[KOLAM_CODE_TEXT_MAX], second[KOLAM_CODE_TEXT_MAX];
    struct kolam_author author;
    assert_int_equal(kolam_identity_link(f->db, one.author.ident, first), KOLAM_OK);
    assert_int_equal(kolam_identity_link(f->db, one.author.ident, second), KOLAM_OK);
    struct kolam_proof proof = code_of(first);
    assert_int_equal(kolam_identity_prove(f->db, &proof, &author), KOLAM_ERR_NOT_FOUND);
    proof = code_of(second);
    f->now_ms += KOLAM_LINK_MS - 1;
    assert_int_equal(kolam_identity_prove(f->db, &proof, &author), KOLAM_OK);
    f->now_ms += 1;
    assert_int_equal(kolam_identity_prove(f->db, &proof, &author), KOLAM_ERR_NOT_FOUND);
}

static void a_code_does_not_outlive_the_process(void **state) {
    struct fixture *f = *state;
    const struct somebody one = make(f);
    char text[KOLAM_CODE_TEXT_MAX];
    struct kolam_author author;
    assert_int_equal(kolam_identity_link(f->db, one.author.ident, text), KOLAM_OK);
    reopen(f);
    const struct kolam_proof proof = code_of(text);
    assert_int_equal(kolam_identity_prove(f->db, &proof, &author), KOLAM_ERR_NOT_FOUND);
    uint8_t nobody[KOLAM_IDENT_BYTES] = {1};
    assert_int_equal(kolam_identity_link(f->db, nobody, text), KOLAM_ERR_NOT_FOUND);
}

static void a_person_has_so_many_devices_and_can_end_each(void **state) {
    struct fixture *f = *state;
    const struct somebody one = make(f), other = make(f);
    struct kolam_author author;
    char text[KOLAM_CODE_TEXT_MAX];
    uint8_t secret[KOLAM_SECRET_BYTES], hash[32], wanted[32];
    enum kolam_status status = KOLAM_OK;
    for (int i = 1; i < KOLAM_SECRETS_MAX; i++) {
        assert_int_equal(kolam_identity_link(f->db, one.author.ident, text), KOLAM_OK);
        const struct kolam_proof proof = code_of(text);
        assert_int_equal(kolam_identity_admit(f->db, &proof, secret, &author), KOLAM_OK);
    }
    assert_int_equal(kolam_identity_link(f->db, one.author.ident, text), KOLAM_OK);
    const struct kolam_proof last = code_of(text);
    assert_int_equal(kolam_identity_admit(f->db, &last, secret, &author), KOLAM_ERR_FULL);
    assert_int_equal(kolam_identity_prove(f->db, &last, &author), KOLAM_OK); /* not spent */
    json_t *object = NULL;
    assert_int_equal(kolam_identity_devices(f->db, one.author.ident, secret, &object), KOLAM_OK);
    json_t *devices = json_object_get(object, "devices");
    assert_int_equal(json_array_size(devices), KOLAM_SECRETS_MAX);
    const json_t *newest = json_array_get(devices, 0);
    assert_true(json_is_true(json_object_get(newest, "this")));
    assert_false(json_is_true(json_object_get(json_array_get(devices, 1), "this")));
    const int64_t number = json_integer_value(json_object_get(newest, "device"));
    status = kolam_identity_device_end(f->db, other.author.ident, number, hash);
    assert_int_equal(status, KOLAM_ERR_NOT_FOUND); /* another's */
    assert_is(f, secret, &one);
    assert_int_equal(kolam_identity_device_end(f->db, one.author.ident, number, hash), KOLAM_OK);
    kolam_sha256(secret, sizeof secret, wanted);
    assert_memory_equal(hash, wanted, sizeof hash);
    assert_unknown(f, secret);
    assert_is(f, one.secret, &one);
    status = kolam_identity_device_end(f->db, one.author.ident, number, hash);
    assert_int_equal(status, KOLAM_ERR_NOT_FOUND);
    json_decref(object);
}

static void a_device_is_seen_about_twice_a_day(void **state) {
    struct fixture *f = *state;
    const struct somebody one = make(f);
    const int64_t made_ms = f->now_ms;
    json_t *object = NULL;
    const int64_t steps[] = {1, KOLAM_SEEN_MS, KOLAM_SEEN_MS + 1};
    const int64_t wanted[] = {0, 0, KOLAM_SEEN_MS + 1};
    for (int i = 0; i < 3; i++) {
        f->now_ms = made_ms + steps[i];
        assert_is(f, one.secret, &one);
        assert_int_equal(kolam_identity_devices(f->db, one.author.ident, NULL, &object), KOLAM_OK);
        const json_t *device = json_array_get(json_object_get(object, "devices"), 0);
        assert_int_equal(json_integer_value(json_object_get(device, "seen")), made_ms + wanted[i]);
        json_decref(object);
    }
}

/* ---- phrases ---- */

static void a_phrase_brings_one_back_until_there_is_another(void **state) {
    struct fixture *f = *state;
    const struct somebody one = make(f);
    char first[KOLAM_PHRASE_TEXT_MAX], second[KOLAM_PHRASE_TEXT_MAX];
    uint8_t secret[KOLAM_SECRET_BYTES];
    struct kolam_author author;
    assert_int_equal(kolam_identity_phrase(f->db, one.author.ident, first), KOLAM_OK);
    reopen(f);
    struct kolam_proof proof = phrase_of(first);
    for (int i = 0; i < 2; i++) { /* as often as one needs it */
        assert_int_equal(kolam_identity_admit(f->db, &proof, secret, &author), KOLAM_OK);
        assert_is(f, secret, &one);
    }
    assert_int_equal(kolam_identity_phrase(f->db, one.author.ident, second), KOLAM_OK);
    assert_string_not_equal(first, second);
    assert_int_equal(kolam_identity_admit(f->db, &proof, secret, &author), KOLAM_ERR_NOT_FOUND);
    proof = phrase_of(second);
    assert_int_equal(kolam_identity_admit(f->db, &proof, secret, &author), KOLAM_OK);
}

/* ---- services ---- */

static void a_subject_is_one_person_of_its_issuer(void **state) {
    struct fixture *f = *state;
    struct kolam_author mira, again, other;
    assert_int_equal(kolam_identity_subject_find(f->db, "oidc", "mira", &mira),
                     KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_identity_subject_make(f->db, "oidc", "mira", "Mira\n Mehta", &mira),
                     KOLAM_OK);
    assert_string_equal(mira.name, "Mira Mehta");
    assert_int_equal(kolam_identity_subject_make(f->db, "oidc", "mira", "Eve", &again), KOLAM_OK);
    assert_memory_equal(mira.ident, again.ident, KOLAM_IDENT_BYTES);
    assert_string_equal(again.name, "Mira Mehta");
    assert_int_equal(kolam_identity_subject_make(f->db, "other", "mira", "\x01", &other), KOLAM_OK);
    assert_memory_not_equal(mira.ident, other.ident, KOLAM_IDENT_BYTES);
    assert_true(kolam_name_is_valid(other.name));
    assert_int_equal(kolam_identity_subject_make(f->db, "other", "eve", "Former Artist", &other),
                     KOLAM_OK);
    assert_false(kolam_name_is_former(other.name));
    assert_int_equal(kolam_identity_rename(f->db, other.ident, KOLAM_FORMER_NAME),
                     KOLAM_ERR_INVALID);
    assert_int_equal(kolam_identity_subject_find(f->db, "oidcm", "ira", &again),
                     KOLAM_ERR_NOT_FOUND);
}

/* ---- becoming one ---- */

static void assert_renaming(struct fixture *f, const uint8_t *ident, const char *name) {
    struct kolam_author told;
    assert_int_equal(kolam_identity_renaming_next(f->db, &told), KOLAM_OK);
    assert_memory_equal(told.ident, ident, KOLAM_IDENT_BYTES);
    assert_string_equal(told.name, name);
    assert_int_equal(kolam_identity_renaming_done(f->db, &told), KOLAM_OK);
}

static void assert_no_renaming(struct fixture *f) {
    struct kolam_author told;
    assert_int_equal(kolam_identity_renaming_next(f->db, &told), KOLAM_ERR_NOT_FOUND);
}

static void two_become_one_with_all_their_keys(void **state) {
    struct fixture *f = *state;
    const struct somebody a = make(f), b = make(f);
    char phrase[KOLAM_PHRASE_TEXT_MAX], code[KOLAM_CODE_TEXT_MAX];
    struct kolam_author author, subject;
    struct kolam_selves selves;
    uint8_t gone[KOLAM_IDENT_BYTES], secret[KOLAM_SECRET_BYTES];
    assert_int_equal(kolam_identity_phrase(f->db, b.author.ident, phrase), KOLAM_OK);
    assert_int_equal(kolam_identity_link(f->db, b.author.ident, code), KOLAM_OK);
    const struct kolam_proof proof = code_of(code), words = phrase_of(phrase);
    assert_int_equal(kolam_identity_unite(f->db, &proof, a.author.ident, false, &author, gone),
                     KOLAM_OK);
    assert_memory_equal(author.ident, a.author.ident, KOLAM_IDENT_BYTES);
    assert_memory_equal(gone, b.author.ident, KOLAM_IDENT_BYTES);
    assert_is(f, a.secret, &a);
    assert_is(f, b.secret, &a);
    assert_int_equal(kolam_identity_admit(f->db, &words, secret, &author), KOLAM_OK);
    assert_is(f, secret, &a);
    assert_int_equal(kolam_identity_selves(f->db, a.author.ident, &selves), KOLAM_OK);
    assert_int_equal(selves.count, 1);
    assert_memory_equal(selves.idents[0], b.author.ident, KOLAM_IDENT_BYTES);
    assert_renaming(f, b.author.ident, a.author.name);
    assert_no_renaming(f);
    /* Once more is nothing; and a former self is nobody who could be merged, renamed, linked. */
    assert_int_equal(kolam_identity_unite(f->db, &words, a.author.ident, false, &author, gone),
                     KOLAM_ERR_INVALID);
    assert_int_equal(kolam_identity_merge(f->db, b.author.ident, a.author.ident, &author),
                     KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_identity_rename(f->db, b.author.ident, "Eve"), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_identity_link(f->db, b.author.ident, code), KOLAM_ERR_NOT_FOUND);
    /* What a service calls somebody goes along, and selves of selves. */
    assert_int_equal(kolam_identity_subject_make(f->db, "oidc", "mira", "Mira", &subject),
                     KOLAM_OK);
    assert_int_equal(kolam_identity_merge(f->db, subject.ident, a.author.ident, &author), KOLAM_OK);
    assert_string_equal(author.name, "Mira");
    assert_int_equal(kolam_identity_selves(f->db, subject.ident, &selves), KOLAM_OK);
    assert_int_equal(selves.count, 2);
    assert_int_equal(kolam_identity_find(f->db, b.secret, &author), KOLAM_OK);
    assert_memory_equal(author.ident, subject.ident, KOLAM_IDENT_BYTES);
    /* A new name is theirs, too. */
    assert_renaming(f, a.author.ident, "Mira");
    assert_renaming(f, b.author.ident, "Mira");
    assert_no_renaming(f);
    assert_int_equal(kolam_identity_rename(f->db, subject.ident, "Mira Mehta"), KOLAM_OK);
    assert_renaming(f, a.author.ident, "Mira Mehta");
    assert_renaming(f, b.author.ident, "Mira Mehta");
    assert_no_renaming(f);
}

static void merging_goes_into_the_prover_if_that_is_wanted(void **state) {
    struct fixture *f = *state;
    const struct somebody a = make(f), b = make(f);
    struct kolam_author author;
    uint8_t gone[KOLAM_IDENT_BYTES];
    struct kolam_proof proof = {.kind = KOLAM_PROOF_SECRET};
    memcpy(proof.secret, a.secret, sizeof proof.secret);
    assert_int_equal(kolam_identity_unite(f->db, &proof, b.author.ident, true, &author, gone),
                     KOLAM_OK);
    assert_memory_equal(author.ident, a.author.ident, KOLAM_IDENT_BYTES);
    assert_memory_equal(gone, b.author.ident, KOLAM_IDENT_BYTES);
}

static void nobody_has_too_many_selves(void **state) {
    struct fixture *f = *state;
    const struct somebody one = make(f);
    struct kolam_author author;
    for (int i = 0; i < KOLAM_FORMERS_MAX; i++) {
        const struct somebody other = make(f);
        assert_int_equal(kolam_identity_merge(f->db, one.author.ident, other.author.ident, &author),
                         KOLAM_OK);
    }
    const struct somebody last = make(f);
    assert_int_equal(kolam_identity_merge(f->db, one.author.ident, last.author.ident, &author),
                     KOLAM_ERR_FULL);
    assert_int_equal(kolam_identity_merge(f->db, last.author.ident, one.author.ident, &author),
                     KOLAM_ERR_FULL);
    assert_is(f, last.secret, &last);
}

/* ---- becoming nobody ---- */

static void an_erased_person_leaves_nothing_in_the_file(void **state) {
    struct fixture *f = *state;
    const struct somebody one = make(f), self = make(f);
    struct kolam_author author;
    char code[KOLAM_CODE_TEXT_MAX], phrase[KOLAM_PHRASE_TEXT_MAX];
    static const char name[] = "Mira Sehrungewoehnlich";
    assert_int_equal(kolam_identity_rename(f->db, one.author.ident, name), KOLAM_OK);
    assert_int_equal(kolam_identity_merge(f->db, one.author.ident, self.author.ident, &author),
                     KOLAM_OK);
    assert_int_equal(kolam_identity_link(f->db, one.author.ident, code), KOLAM_OK);
    assert_int_equal(kolam_identity_phrase(f->db, one.author.ident, phrase), KOLAM_OK);
    assert_int_equal(kolam_identity_erase(f->db, one.author.ident), KOLAM_OK);
    assert_unknown(f, one.secret);
    assert_unknown(f, self.secret);
    const struct kolam_proof proof = code_of(code), words = phrase_of(phrase);
    assert_int_equal(kolam_identity_prove(f->db, &proof, &author), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_identity_prove(f->db, &words, &author), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_identity_erase(f->db, one.author.ident), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_identity_rename(f->db, one.author.ident, "Eve"), KOLAM_ERR_NOT_FOUND);
    struct kolam_identity_db *db = f->db;
    f->db = NULL;
    kolam_identity_db_destroy(db);
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(f->path, "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    assert_null(memmem(bytes, size, name, sizeof name - 1));
    open_identity(f);
    assert_renaming(f, self.author.ident, KOLAM_FORMER_NAME); /* survives a restart */
    assert_renaming(f, one.author.ident, KOLAM_FORMER_NAME);
    assert_no_renaming(f);
}

static void an_export_tells_everything_but_secrets(void **state) {
    struct fixture *f = *state;
    const struct somebody one = make(f), self = make(f);
    struct kolam_author author;
    char phrase[KOLAM_PHRASE_TEXT_MAX], code[KOLAM_CODE_TEXT_MAX];
    json_t *object = NULL;
    assert_int_equal(kolam_identity_merge(f->db, one.author.ident, self.author.ident, &author),
                     KOLAM_OK);
    assert_int_equal(kolam_identity_phrase(f->db, one.author.ident, phrase), KOLAM_OK);
    assert_int_equal(kolam_identity_link(f->db, one.author.ident, code), KOLAM_OK);
    assert_int_equal(kolam_identity_export(f->db, one.author.ident, &object), KOLAM_OK);
    const json_t *person = json_array_get(json_object_get(object, "person"), 0);
    assert_string_equal(json_string_value(json_object_get(person, "name")), one.author.name);
    assert_int_equal(json_array_size(json_object_get(object, "former_selves")), 1);
    assert_int_equal(json_array_size(json_object_get(object, "devices")), 2);
    assert_int_equal(json_array_size(json_object_get(object, "recovery_phrases")), 1);
    assert_int_equal(json_array_size(json_object_get(object, "open_codes")), 1);
    char *text = json_dumps(object, 0);
    assert_null(strstr(text, phrase));
    assert_null(strstr(text, code));
    assert_null(strstr(text, "hash"));
    free(text);
    json_decref(object);
    uint8_t nobody[KOLAM_IDENT_BYTES] = {1};
    assert_int_equal(kolam_identity_export(f->db, nobody, &object), KOLAM_ERR_NOT_FOUND);
}

/* ---- invitations ---- */

static struct kolam_invitation invitation(struct fixture *f, int32_t role, uint32_t uses) {
    struct kolam_invitation one = {
        .canvas = "main", .role = role, .uses = uses, .until_ms = f->now_ms + 86400000};
    (void)strcpy(one.note, "for the class");
    return one;
}

static int32_t invited(struct fixture *f, const struct somebody *who, const char *canvas) {
    int32_t role = 99;
    assert_int_equal(kolam_identity_invited(f->db, who->author.ident, canvas, &role), KOLAM_OK);
    return role;
}

static void an_invitation_gives_a_role_so_many_times(void **state) {
    struct fixture *f = *state;
    const struct somebody maker = make(f), a = make(f), b = make(f), c = make(f);
    struct kolam_invitation wanted = invitation(f, 2, 2), used;
    uint8_t code[KOLAM_INVITATION_CODE_BYTES];
    int64_t number = 0;
    assert_int_equal(kolam_identity_invite(f->db, maker.author.ident, &wanted, code, &number),
                     KOLAM_OK);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, NULL, &used), KOLAM_OK);
    assert_int_equal(used.role, 2);
    assert_string_equal(used.canvas, "main");
    assert_int_equal(invited(f, &a, "main"), -1);
    for (int i = 0; i < 3; i++) { /* again is the same as once */
        assert_int_equal(kolam_identity_invitation_use(f->db, code, a.author.ident, &used),
                         KOLAM_OK);
    }
    assert_int_equal(invited(f, &a, "main"), 2);
    assert_int_equal(invited(f, &a, "other"), -1);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, b.author.ident, &used), KOLAM_OK);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, c.author.ident, &used),
                     KOLAM_ERR_FULL);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, NULL, &used), KOLAM_ERR_FULL);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, b.author.ident, &used), KOLAM_OK);
    code[0] ^= 1;
    assert_int_equal(kolam_identity_invitation_use(f->db, code, c.author.ident, &used),
                     KOLAM_ERR_NOT_FOUND);
}

static void an_invitation_ends(void **state) {
    struct fixture *f = *state;
    const struct somebody maker = make(f), guest = make(f), late = make(f), other = make(f);
    struct kolam_invitation wanted = invitation(f, 3, 10), used;
    uint8_t code[KOLAM_INVITATION_CODE_BYTES];
    int64_t number = 0;
    assert_int_equal(kolam_identity_invite(f->db, maker.author.ident, &wanted, code, &number),
                     KOLAM_OK);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, guest.author.ident, &used),
                     KOLAM_OK);
    f->now_ms = wanted.until_ms;
    assert_int_equal(kolam_identity_invitation_use(f->db, code, late.author.ident, &used),
                     KOLAM_ERR_GONE);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, guest.author.ident, &used),
                     KOLAM_OK);
    f->now_ms -= 1;
    assert_int_equal(
        kolam_identity_invitation_revoke(f->db, other.author.ident, NULL, number, true),
        KOLAM_ERR_NOT_FOUND); /* another's */
    assert_int_equal(
        kolam_identity_invitation_revoke(f->db, maker.author.ident, NULL, number, false), KOLAM_OK);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, late.author.ident, &used),
                     KOLAM_ERR_NOT_FOUND);
    assert_int_equal(invited(f, &guest, "main"), 3); /* who came stays */
    assert_int_equal(
        kolam_identity_invitation_revoke(f->db, other.author.ident, "main", number, true),
        KOLAM_OK);
    assert_int_equal(invited(f, &guest, "main"), -1); /* unless it is taken back */
}

static void refuses_invitations_past_their_bounds(void **state) {
    struct fixture *f = *state;
    const struct somebody maker = make(f);
    uint8_t code[KOLAM_INVITATION_CODE_BYTES];
    int64_t number = 0;
    for (int i = 0; i < 6; i++) {
        struct kolam_invitation one = invitation(f, 2, 1);
        one.uses = i == 0 ? 0 : i == 1 ? KOLAM_INVITATION_USES_MAX + 1 : one.uses;
        one.until_ms = i == 2   ? f->now_ms
                       : i == 3 ? f->now_ms + KOLAM_INVITATION_MS_MAX + 1
                                : one.until_ms;
        one.role = i == 4 ? -1 : one.role;
        one.canvas[0] = i == 5 ? '\0' : 'm';
        assert_int_equal(kolam_identity_invite(f->db, maker.author.ident, &one, code, &number),
                         KOLAM_ERR_INVALID);
    }
    const struct kolam_invitation fine = invitation(f, 2, 1);
    for (int i = 0; i < KOLAM_INVITATIONS_MAX; i++) {
        assert_int_equal(kolam_identity_invite(f->db, maker.author.ident, &fine, code, &number),
                         KOLAM_OK);
    }
    assert_int_equal(kolam_identity_invite(f->db, maker.author.ident, &fine, code, &number),
                     KOLAM_ERR_FULL);
    assert_int_equal(kolam_identity_invite(f->db, NULL, &fine, code, &number), KOLAM_OK);
}

static const char *role_name(int32_t role) {
    return role == 2 ? "artist" : "mentor";
}

static void a_maker_sees_who_came(void **state) {
    struct fixture *f = *state;
    const struct somebody maker = make(f), guest = make(f), other = make(f);
    struct kolam_invitation mine = invitation(f, 2, 5), operators = invitation(f, 3, 1), used;
    uint8_t code[KOLAM_INVITATION_CODE_BYTES], theirs[KOLAM_INVITATION_CODE_BYTES];
    int64_t number = 0, second = 0;
    json_t *list = NULL;
    assert_int_equal(kolam_identity_invite(f->db, maker.author.ident, &mine, code, &number),
                     KOLAM_OK);
    assert_int_equal(kolam_identity_invite(f->db, NULL, &operators, theirs, &second), KOLAM_OK);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, guest.author.ident, &used),
                     KOLAM_OK);
    assert_int_equal(
        kolam_identity_invitations(f->db, maker.author.ident, NULL, 10, role_name, &list),
        KOLAM_OK);
    assert_int_equal(json_array_size(list), 1);
    const json_t *row = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(row, "role")), "artist");
    assert_string_equal(json_string_value(json_object_get(row, "by")), maker.author.name);
    assert_int_equal(json_integer_value(json_object_get(row, "used")), 1);
    const json_t *who = json_array_get(json_object_get(row, "who"), 0);
    assert_string_equal(json_string_value(json_object_get(who, "name")), guest.author.name);
    json_decref(list);
    assert_int_equal(
        kolam_identity_invitations(f->db, other.author.ident, NULL, 10, role_name, &list),
        KOLAM_OK);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    assert_int_equal(kolam_identity_invitations(f->db, NULL, "main", 10, role_name, &list),
                     KOLAM_OK);
    assert_int_equal(json_array_size(list), 2);
    json_decref(list);
    assert_int_equal(kolam_identity_invitations(f->db, NULL, "main", 1, role_name, &list),
                     KOLAM_OK);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    /* A maker who goes leaves no open door behind; a guest keeps what they were given. */
    assert_int_equal(kolam_identity_erase(f->db, maker.author.ident), KOLAM_OK);
    assert_int_equal(kolam_identity_invitation_use(f->db, code, other.author.ident, &used),
                     KOLAM_ERR_NOT_FOUND);
    assert_int_equal(invited(f, &guest, "main"), 2);
}

/* ---- a file of before ---- */

static void a_file_of_version_1_is_brought_up_to_date(void **state) {
    struct fixture *f = *state;
    sqlite3 *db = NULL;
    uint8_t secret[KOLAM_SECRET_BYTES] = {7}, hash[32];
    struct kolam_author found;
    char path[600], text[1200], hex[65];
    kolam_sha256(secret, sizeof secret, hash);
    for (int i = 0; i < 32; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    }
    temp_path(f->folder, "old.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)snprintf(text, sizeof text,
                   "PRAGMA application_id = 1802464361; PRAGMA user_version = 1;"
                   "CREATE TABLE meta (key TEXT PRIMARY KEY, value);"
                   "CREATE TABLE person (id INTEGER PRIMARY KEY, ident BLOB UNIQUE, "
                   "secret_hash BLOB UNIQUE, name TEXT, created_ms INTEGER);"
                   "INSERT INTO meta VALUES ('instance', 4711);"
                   "INSERT INTO person VALUES (3, x'000102030405060708090a0b0c0d0e0f', x'%s', "
                   "'Mira', 1700000000000);",
                   hex);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    kolam_identity_db_destroy(f->db);
    (void)strcpy(f->path, path);
    open_identity(f);
    assert_string_equal(kolam_identity_instance(f->db), "0000000000001267");
    assert_int_equal(kolam_identity_find(f->db, secret, &found), KOLAM_OK);
    assert_string_equal(found.name, "Mira");
    assert_int_equal(found.ident[15], 15);
    const struct somebody other = make(f);
    assert_memory_not_equal(other.author.ident, found.ident, KOLAM_IDENT_BYTES);
    reopen(f);
    assert_int_equal(kolam_identity_find(f->db, secret, &found), KOLAM_OK);
    assert_is(f, other.secret, &other);
    json_t *object = NULL;
    assert_int_equal(kolam_identity_export(f->db, found.ident, &object), KOLAM_OK);
    const json_t *device = json_array_get(json_object_get(object, "devices"), 0);
    assert_int_equal(json_integer_value(json_object_get(device, "created")), 1700000000000);
    json_decref(object);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_code_gives_another_device_a_secret_once),
        TEST(a_code_lives_for_ten_minutes_and_the_newest_counts),
        TEST(a_code_does_not_outlive_the_process),
        TEST(a_person_has_so_many_devices_and_can_end_each),
        TEST(a_device_is_seen_about_twice_a_day),
        TEST(a_phrase_brings_one_back_until_there_is_another),
        TEST(a_subject_is_one_person_of_its_issuer),
        TEST(two_become_one_with_all_their_keys),
        TEST(merging_goes_into_the_prover_if_that_is_wanted),
        TEST(nobody_has_too_many_selves),
        TEST(an_erased_person_leaves_nothing_in_the_file),
        TEST(an_export_tells_everything_but_secrets),
        TEST(an_invitation_gives_a_role_so_many_times),
        TEST(an_invitation_ends),
        TEST(refuses_invitations_past_their_bounds),
        TEST(a_maker_sees_who_came),
        TEST(a_file_of_version_1_is_brought_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
