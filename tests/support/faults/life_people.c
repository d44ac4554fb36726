/* See life.h: people, their keys, and what is decided about them. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/faults/disk.h"
#include "tests/support/faults/life.h"
#include "tests/unit/random.h"

bool life_has_identity(struct life *life) {
    return life->identity ||
           (life_has_log(life) && kolam_identity_db_create(life->identity_path, life_clock(life),
                                                           &life->identity, NULL) == KOLAM_OK);
}

static bool has_moderation(struct life *life) {
    return life->moderation ||
           (life_has_log(life) &&
            kolam_moderation_db_create(life->moderation_path, &life->moderation, NULL) == KOLAM_OK);
}

void life_close_people(struct life *life) {
    kolam_identity_db_destroy(life->identity);
    kolam_moderation_db_destroy(life->moderation);
    life->identity = NULL;
    life->moderation = NULL;
}

/* ---- facts ---- */

static void promise(struct life *life, enum life_fact_kind kind, uint32_t person, const void *key,
                    size_t key_size, uint64_t number) {
    if (life->fact_count < LIFE_FACTS_MAX) {
        struct life_fact *fact = &life->facts[life->fact_count++];
        *fact = (struct life_fact){.kind = kind,
                                   .person = person,
                                   .number = number,
                                   .promised_at = disk_now(),
                                   .end_asked_at = LIFE_NEVER,
                                   .end_promised_at = LIFE_NEVER};
        if (key) {
            memcpy(fact->key, key, key_size);
        }
        (void)snprintf(fact->text, sizeof fact->text, "why %u", life->fact_count);
    }
}

static bool is_standing(const struct life_fact *fact, enum life_fact_kind kind, uint32_t person) {
    return fact->kind == kind && fact->person == person && fact->end_promised_at == LIFE_NEVER;
}

static struct life_fact *newest(struct life *life, enum life_fact_kind kind, uint32_t person) {
    struct life_fact *found = NULL;
    for (uint32_t i = 0; i < life->fact_count; i++) {
        found = is_standing(&life->facts[i], kind, person) ? &life->facts[i] : found;
    }
    return found;
}

/* Asked for from now on; `is_done` once it was promised. */
static void end_all(struct life *life, enum life_fact_kind kind, uint32_t person, bool is_done) {
    for (uint32_t i = 0; i < life->fact_count; i++) {
        struct life_fact *fact = &life->facts[i];
        if (is_standing(fact, kind, person)) {
            fact->end_asked_at = fact->end_asked_at == LIFE_NEVER ? disk_now() : fact->end_asked_at;
            fact->end_promised_at = is_done ? disk_now() : LIFE_NEVER;
        }
    }
}

/* ---- people ---- */

static bool make_person(struct life *life) {
    if (!life_has_identity(life) || life->person_count == LIFE_PEOPLE_MAX) {
        return life->identity != NULL;
    }
    struct life_person *person = &life->people[life->person_count];
    if (kolam_identity_make(life->identity, person->secret, &person->author) != KOLAM_OK) {
        return false;
    }
    person->promised_at = disk_now();
    person->into = life->person_count;
    person->into_asked_at = person->into_promised_at = LIFE_NEVER;
    promise(life, LIFE_SECRET, life->person_count++, person->secret, sizeof person->secret, 0);
    return true;
}

static bool rename_person(struct life *life) {
    struct test_random random = test_random_from(life->seed * 1000003 + life->unit_count);
    if (life->person_count == 0 || !life_has_identity(life) || !life_has_log(life)) {
        return life->person_count == 0;
    }
    const uint32_t known = life->person_count < 2 ? life->person_count : 2; /* others go */
    struct life_person *person = &life->people[test_random_below(&random, known)];
    struct life_name *name = &person->names[person->name_count];
    if (person->name_count == 8) {
        return true;
    }
    person->name_count++;
    (void)snprintf(name->text, sizeof name->text, "Name %u", life->unit_count);
    name->asked_at = disk_now();
    name->promised_at = LIFE_NEVER;
    const bool is_done =
        kolam_identity_rename(life->identity, person->author.ident, name->text) == KOLAM_OK;
    name->promised_at = is_done ? disk_now() : LIFE_NEVER;
    struct kolam_author author = test_author(1);
    (void)snprintf(author.name, sizeof author.name, "%s", name->text);
    kolam_log_rename_author(life->log.log, &author);
    return is_done;
}

static bool sign_in(struct life *life, uint32_t number) {
    char code[KOLAM_CODE_TEXT_MAX];
    struct kolam_author author;
    struct kolam_proof proof = {.kind = KOLAM_PROOF_CODE};
    uint8_t secret[KOLAM_SECRET_BYTES];
    const uint8_t *ident = life->people[number].author.ident;
    if (kolam_identity_secret(life->identity, ident, secret) != KOLAM_OK) {
        return false;
    }
    promise(life, LIFE_SECRET, number, secret, sizeof secret, 0);
    if (kolam_identity_link(life->identity, ident, code) != KOLAM_OK ||
        !kolam_code_read(code, proof.code) ||
        kolam_identity_admit(life->identity, &proof, secret, &author) != KOLAM_OK) {
        return false;
    }
    promise(life, LIFE_SECRET, number, secret, sizeof secret, 0);
    return true;
}

static bool make_phrase(struct life *life, uint32_t number) {
    char text[KOLAM_PHRASE_TEXT_MAX];
    uint8_t entropy[KOLAM_PHRASE_BYTES];
    uint32_t word;
    end_all(life, LIFE_PHRASE, number, false);
    if (kolam_identity_phrase(life->identity, life->people[number].author.ident, text) !=
            KOLAM_OK ||
        kolam_phrase_read(text, entropy, &word) != KOLAM_PHRASE_FINE) {
        return false;
    }
    end_all(life, LIFE_PHRASE, number, true);
    promise(life, LIFE_PHRASE, number, entropy, sizeof entropy, 0);
    return true;
}

/* The number of the device that has this secret; 0 without. */
static int64_t device_of(struct life *life, const uint8_t *ident, const uint8_t *secret) {
    json_t *object = NULL, *device;
    int64_t number = 0;
    size_t i;
    if (kolam_identity_devices(life->identity, ident, secret, &object) != KOLAM_OK) {
        return 0;
    }
    json_array_foreach(json_object_get(object, "devices"), i, device) {
        if (json_is_true(json_object_get(device, "this"))) {
            number = json_integer_value(json_object_get(device, "device"));
        }
    }
    json_decref(object);
    return number;
}

static bool sign_out(struct life *life) {
    uint8_t hash[32];
    struct life_fact *fact = newest(life, LIFE_SECRET, 0);
    if (!fact || !life_has_identity(life)) {
        return false;
    }
    const uint8_t *ident = life->people[0].author.ident;
    const int64_t device = device_of(life, ident, fact->key);
    if (device == 0) {
        return false;
    }
    fact->end_asked_at = disk_now();
    if (kolam_identity_device_end(life->identity, ident, device, hash) != KOLAM_OK) {
        return false;
    }
    fact->end_promised_at = disk_now();
    return true;
}

/* ---- invitations ---- */

static bool make_invitation(struct life *life, int64_t *out_number, uint8_t *out_code) {
    struct kolam_invitation invitation = {
        .canvas = "main", .role = 2, .uses = 5, .until_ms = INT64_MAX, .note = "a note"};
    invitation.until_ms = life->now_ms + 1000000000;
    if (kolam_identity_invite(life->identity, life->people[0].author.ident, &invitation, out_code,
                              out_number) != KOLAM_OK) {
        return false;
    }
    promise(life, LIFE_INVITATION, 0, out_code, KOLAM_INVITATION_CODE_BYTES, (uint64_t)*out_number);
    return true;
}

static bool invite(struct life *life) {
    uint8_t code[KOLAM_INVITATION_CODE_BYTES];
    struct kolam_invitation invitation;
    int64_t number;
    if (!life_has_identity(life) || life->person_count < 2 ||
        !make_invitation(life, &number, code)) {
        return false;
    }
    const uint8_t *guest = life->people[1].author.ident;
    if (kolam_identity_invitation_use(life->identity, code, guest, &invitation) != KOLAM_OK) {
        return false;
    }
    promise(life, LIFE_GUEST, 1, guest, KOLAM_IDENT_BYTES, 0);
    if (!make_invitation(life, &number, code)) {
        return false;
    }
    struct life_fact *fact = &life->facts[life->fact_count - 1];
    fact->end_asked_at = disk_now();
    if (kolam_identity_invitation_revoke(life->identity, NULL, "main", number, false) != KOLAM_OK) {
        return false;
    }
    fact->end_promised_at = disk_now();
    return true;
}

/* ---- merging and forgetting ---- */

/* All that canvases are to be told is told, as server/renaming.c does. */
static bool tell_canvases(struct life *life) {
    struct kolam_author author;
    while (kolam_identity_renaming_next(life->identity, &author) == KOLAM_OK) {
        if (!life_has_log(life)) {
            return false;
        }
        struct kolam_submission *name = test_submission(1, 1, NULL, 0);
        name->author = author;
        name->is_for_known = true;
        name = test_log_run(&life->log, name);
        const bool is_told = name->status == KOLAM_OK;
        kolam_submission_destroy(name);
        if (!is_told || kolam_identity_renaming_done(life->identity, &author) != KOLAM_OK) {
            return false;
        }
    }
    return true;
}

static bool merge(struct life *life) {
    struct kolam_author author;
    if (!make_person(life) || life->person_count < 2) {
        return false;
    }
    struct life_person *from = &life->people[life->person_count - 1];
    from->into = 0;
    from->into_asked_at = disk_now();
    if (kolam_identity_merge(life->identity, life->people[0].author.ident, from->author.ident,
                             &author) != KOLAM_OK) {
        return false;
    }
    from->into_promised_at = disk_now();
    return true;
}

static bool erase(struct life *life) {
    if (!make_person(life)) {
        return false;
    }
    const uint32_t number = life->person_count - 1;
    const uint8_t *ident = life->people[number].author.ident;
    if (!sign_in(life, number) || !make_phrase(life, number)) {
        return false;
    }
    end_all(life, LIFE_SECRET, number, false);
    end_all(life, LIFE_PHRASE, number, false);
    if (kolam_identity_erase(life->identity, ident) != KOLAM_OK) {
        return false;
    }
    end_all(life, LIFE_SECRET, number, true);
    end_all(life, LIFE_PHRASE, number, true);
    promise(life, LIFE_RENAMING, number, ident, KOLAM_IDENT_BYTES, 0);
    end_all(life, LIFE_RENAMING, number, false);
    const bool is_told = tell_canvases(life);
    end_all(life, LIFE_RENAMING, number, is_told);
    return is_told;
}

/* ---- what is decided ---- */

static struct kolam_moderator moderator(const struct life *life) {
    struct kolam_moderator by = {.has_ident = true, .name = "Mo"};
    memcpy(by.ident, life->people[0].author.ident, sizeof by.ident);
    return by;
}

static bool add_sanction(struct life *life, uint32_t person) {
    struct kolam_sanction sanction = {.kind = KOLAM_SANCTION_SUSPEND,
                                      .canvas = "main",
                                      .has_ident = true,
                                      .name = "Somebody",
                                      .decided_on = "main",
                                      .artist = 3,
                                      .from_ms = life->now_ms,
                                      .until_ms = KOLAM_NO_END,
                                      .by = moderator(life)};
    memcpy(sanction.ident, life->people[person].author.ident, sizeof sanction.ident);
    (void)snprintf(sanction.why, sizeof sanction.why, "why %u", life->fact_count + 1);
    if (kolam_sanction_add(life->moderation, &sanction) != KOLAM_OK) {
        return false;
    }
    promise(life, LIFE_SANCTION, person, NULL, 0, sanction.id);
    return true;
}

static bool decide(struct life *life) {
    struct kolam_sanction sanction;
    if (!has_moderation(life) || life->person_count < 2 || !add_sanction(life, 0) ||
        !add_sanction(life, 1)) {
        return false;
    }
    struct life_fact *fact = &life->facts[life->fact_count - 1];
    const struct kolam_moderator by = moderator(life);
    fact->end_asked_at = disk_now();
    if (kolam_sanction_end(life->moderation, fact->number, &by, life->now_ms, &sanction) !=
        KOLAM_OK) {
        return false;
    }
    fact->end_promised_at = disk_now();
    return kolam_moderation_note_time(life->moderation, life->now_ms) == KOLAM_OK;
}

static bool add_report(struct life *life) {
    struct kolam_report report = {.canvas = "main",
                                  .made_ms = life->now_ms,
                                  .by = moderator(life),
                                  .kind = KOLAM_REPORT_PLACE,
                                  .width = 100,
                                  .height = 80};
    (void)snprintf(report.text, sizeof report.text, "why %u", life->fact_count + 1);
    if (kolam_report_add(life->moderation, &report) != KOLAM_OK) {
        return false;
    }
    promise(life, LIFE_REPORT, 0, NULL, 0, report.id);
    return true;
}

static bool see_report(void *ctx, const struct kolam_report *report) {
    (void)ctx, (void)report;
    return true;
}

static bool report(struct life *life) {
    struct kolam_report closed;
    if (!has_moderation(life) || life->person_count < 2 || !add_report(life) || !add_report(life)) {
        return false;
    }
    struct life_fact *fact = &life->facts[life->fact_count - 1];
    const struct kolam_moderator by = moderator(life);
    fact->end_asked_at = disk_now();
    if (kolam_report_close(life->moderation, "main", fact->number, &by, "seen", life->now_ms,
                           &closed) != KOLAM_OK) {
        return false;
    }
    fact->end_promised_at = disk_now();
    return kolam_reports_tell(life->moderation, "main", by.ident, see_report, NULL) == KOLAM_OK &&
           kolam_moderation_tidy(life->moderation, life->now_ms) == KOLAM_OK;
}

bool life_people_step(struct life *life, enum life_step step) {
    switch (step) {
    case LIFE_PERSON:
        return make_person(life);
    case LIFE_RENAME:
        return rename_person(life);
    case LIFE_KEYS:
        return life->person_count > 0 && life_has_identity(life) && sign_in(life, 0) &&
               make_phrase(life, 0);
    case LIFE_SIGN_OUT:
        return sign_out(life);
    case LIFE_INVITE:
        return invite(life);
    case LIFE_MERGE:
        return merge(life);
    case LIFE_ERASE:
        return erase(life);
    case LIFE_DECIDE:
        return decide(life);
    default:
        return report(life);
    }
}
