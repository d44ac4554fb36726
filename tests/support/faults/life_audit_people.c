/* See life.h: people, their keys, and what was decided about them, after an accident. */
#include <stdio.h>
#include <string.h>

#include "tests/support/faults/life_audit.h"

enum expected { IT_IS, IT_IS_NOT, IT_MAY_BE };

static enum expected expected_of(const struct audit *audit, const struct life_fact *fact) {
    if (fact->promised_at > audit->before) {
        return IT_MAY_BE;
    }
    if (fact->end_promised_at <= audit->before) {
        return IT_IS_NOT;
    }
    return fact->end_asked_at <= audit->now ? IT_MAY_BE : IT_IS;
}

/* ---- identity.db ---- */

/* The name of a person is the newest that was promised, or one that was asked for later. */
static bool may_be_called(const struct audit *audit, const struct life_person *person,
                          const char *name) {
    for (uint32_t i = person->name_count; i-- > 0;) {
        if (person->names[i].asked_at <= audit->now && strcmp(person->names[i].text, name) == 0) {
            return true;
        }
        if (person->names[i].promised_at <= audit->before) {
            return false;
        }
    }
    return strcmp(person->author.name, name) == 0;
}

static bool is_them(const struct life_person *person, const uint8_t *ident) {
    return memcmp(ident, person->author.ident, KOLAM_IDENT_BYTES) == 0;
}

/* Whoever had the key is who they were, or whom they were merged into. */
static void audit_who(struct audit *audit, uint32_t number, const struct kolam_author *author) {
    const struct life_person *person = &audit->life->people[number];
    const struct life_person *into = &audit->life->people[person->into];
    const bool may_be_self = person->into_promised_at > audit->before;
    const bool may_be_into = person->into_asked_at <= audit->now;
    if (may_be_self && is_them(person, author->ident)) {
        if (!may_be_called(audit, person, author->name)) {
            audit_complain(audit, "person %u is called '%s'", number, author->name);
        }
    } else if (!may_be_into || !is_them(into, author->ident)) {
        audit_complain(audit, "person %u is another one", number);
    }
}

static enum kolam_status find(struct kolam_identity_db *db, const struct life_fact *fact,
                              struct kolam_author *out_author) {
    struct kolam_invitation invitation;
    struct kolam_proof proof = {.kind = KOLAM_PROOF_PHRASE};
    int32_t role = -1;
    enum kolam_status status;
    switch (fact->kind) {
    case LIFE_SECRET:
        return kolam_identity_find(db, fact->key, out_author);
    case LIFE_PHRASE:
        memcpy(proof.phrase, fact->key, sizeof proof.phrase);
        return kolam_identity_prove(db, &proof, out_author);
    case LIFE_INVITATION:
        return kolam_identity_invitation_use(db, fact->key, NULL, &invitation);
    default:
        status = kolam_identity_invited(db, fact->key, "main", &role);
        return status == KOLAM_OK && role < 0 ? KOLAM_ERR_NOT_FOUND : status;
    }
}

static const char *name_of(enum life_fact_kind kind) {
    static const char *const names[] = {"a device",   "a phrase",   "an invitation", "a guest",
                                        "a renaming", "a sanction", "a report"};
    return names[kind];
}

static void audit_key(struct audit *audit, struct kolam_identity_db *db,
                      const struct life_fact *fact) {
    struct kolam_author author;
    const enum expected expected = expected_of(audit, fact);
    if (expected == IT_MAY_BE) {
        return;
    }
    const enum kolam_status status = find(db, fact, &author);
    if (expected == IT_IS_NOT) {
        if (status == KOLAM_OK) {
            audit_complain(audit, "%s of person %u is valid again", name_of(fact->kind),
                           fact->person);
        }
    } else if (audit_must(audit, status, name_of(fact->kind), NULL) &&
               (fact->kind == LIFE_SECRET || fact->kind == LIFE_PHRASE)) {
        audit_who(audit, fact->person, &author);
    }
}

/* What canvases are still to be told. The file is a copy of the life's: it may be told away. */
static void audit_renamings(struct audit *audit, struct kolam_identity_db *db) {
    bool is_found[LIFE_FACTS_MAX] = {false};
    struct kolam_author author;
    while (kolam_identity_renaming_next(db, &author) == KOLAM_OK) {
        for (uint32_t i = 0; i < audit->life->fact_count; i++) {
            is_found[i] |=
                memcmp(audit->life->facts[i].key, author.ident, sizeof author.ident) == 0;
        }
        if (kolam_identity_renaming_done(db, &author) != KOLAM_OK) {
            return;
        }
    }
    for (uint32_t i = 0; i < audit->life->fact_count; i++) {
        const struct life_fact *fact = &audit->life->facts[i];
        if (fact->kind == LIFE_RENAMING && expected_of(audit, fact) == IT_IS && !is_found[i]) {
            audit_complain(audit, "canvases are not told that person %u is gone", fact->person);
        }
    }
}

/* The accident took no time: invitations and codes are as old as they were. */
static int64_t clock_of(void *ctx) {
    const struct life *life = ctx;
    return life->now_ms;
}

static void audit_identity(struct audit *audit, const char *path) {
    const struct kolam_clock clock = {.now_ms = clock_of, .ctx = (void *)(uintptr_t)audit->life};
    struct kolam_identity_db *db = NULL;
    struct kolam_error error = {.text = ""};
    if (!audit_must(audit, kolam_identity_db_create(path, clock, &db, &error), "identity.db",
                    &error)) {
        return;
    }
    for (uint32_t i = 0; i < audit->life->fact_count; i++) {
        if (audit->life->facts[i].kind <= LIFE_GUEST) {
            audit_key(audit, db, &audit->life->facts[i]);
        }
    }
    if (!audit->is_copy) {
        audit_renamings(audit, db);
    }
    kolam_identity_db_destroy(db);
}

/* ---- moderation.db ---- */

static void audit_sanction(struct audit *audit, struct kolam_moderation_db *db,
                           const struct life_fact *fact) {
    struct kolam_sanction sanction;
    const enum expected expected = expected_of(audit, fact);
    if (fact->promised_at > audit->before ||
        !audit_must(audit, kolam_sanction_get(db, fact->number, &sanction), "a sanction", NULL)) {
        return;
    }
    if (strcmp(sanction.why, fact->text) != 0 || sanction.until_ms != KOLAM_NO_END ||
        !is_them(&audit->life->people[fact->person], sanction.ident)) {
        audit_complain(audit, "sanction %u is not what was decided", (unsigned)fact->number);
    }
    if (expected != IT_MAY_BE && (sanction.ended_ms != 0) != (expected == IT_IS_NOT)) {
        audit_complain(audit, "sanction %u %s", (unsigned)fact->number,
                       sanction.ended_ms != 0 ? "has ended" : "is in force again");
    }
}

struct seen_reports {
    struct kolam_report at[16];
    uint32_t count;
};

static bool see(void *ctx, const struct kolam_report *report) {
    struct seen_reports *seen = ctx;
    seen->at[seen->count++] = *report;
    return seen->count < 16;
}

static void audit_report(struct audit *audit, const struct seen_reports *seen,
                         const struct life_fact *fact) {
    const enum expected expected = expected_of(audit, fact);
    for (uint32_t i = 0; i < seen->count && fact->promised_at <= audit->before; i++) {
        const struct kolam_report *report = &seen->at[i];
        if (report->id == fact->number) {
            if (strcmp(report->text, fact->text) != 0 ||
                (expected != IT_MAY_BE && (report->closed_ms != 0) != (expected == IT_IS_NOT))) {
                audit_complain(audit, "report %u is not as it was left", (unsigned)fact->number);
            }
            return;
        }
    }
    if (fact->promised_at <= audit->before) {
        audit_complain(audit, "report %u is gone", (unsigned)fact->number);
    }
}

static void audit_moderation(struct audit *audit, const char *path) {
    struct kolam_moderation_db *db = NULL;
    struct kolam_error error = {.text = ""};
    struct seen_reports seen = {.count = 0};
    if (!audit_must(audit, kolam_moderation_db_create(path, &db, &error), "moderation.db",
                    &error)) {
        return;
    }
    const bool is_read =
        audit_must(audit, kolam_reports_list(db, "main", true, UINT64_MAX / 2, see, &seen),
                   "reports", NULL) &&
        audit_must(audit, kolam_reports_list(db, "main", false, UINT64_MAX / 2, see, &seen),
                   "reports", NULL);
    for (uint32_t i = 0; i < audit->life->fact_count && is_read; i++) {
        const struct life_fact *fact = &audit->life->facts[i];
        if (fact->kind == LIFE_SANCTION) {
            audit_sanction(audit, db, fact);
        } else if (fact->kind == LIFE_REPORT) {
            audit_report(audit, &seen, fact);
        }
    }
    kolam_moderation_db_destroy(db);
}

/* ---- both ---- */

static bool was_promised(const struct audit *audit, enum life_fact_kind first,
                         enum life_fact_kind last) {
    for (uint32_t i = 0; i < audit->life->fact_count; i++) {
        const struct life_fact *fact = &audit->life->facts[i];
        if (fact->kind >= first && fact->kind <= last && fact->promised_at <= audit->before) {
            return true;
        }
    }
    return false;
}

static void ignore_problem(void *ctx, const char *text) {
    (void)ctx;
    (void)text;
}

/* As `kolam check` does it, before anything is opened that mends. */
static void check_people(struct audit *audit, const char *path,
                         enum kolam_status (*look)(const char *, struct kolam_people_check *,
                                                   struct kolam_error *)) {
    struct kolam_people_check check = {.problem = ignore_problem};
    struct kolam_error error = {.text = ""};
    const enum kolam_status status = look(path, &check, &error);
    if (status != KOLAM_ERR_NOT_FOUND) {
        (void)audit_must(audit, status, "the check of people", &error);
    }
    audit->found.checks += (uint32_t)check.problem_count;
}

void audit_people(struct audit *audit) {
    char path[640];
    (void)snprintf(path, sizeof path, "%s/identity.db", audit->data);
    if (!audit->is_copy || was_promised(audit, LIFE_SECRET, LIFE_RENAMING)) {
        check_people(audit, path, kolam_identity_check);
        audit_identity(audit, path);
    }
    (void)snprintf(path, sizeof path, "%s/moderation.db", audit->data);
    if (!audit->is_copy || was_promised(audit, LIFE_SANCTION, LIFE_REPORT)) {
        check_people(audit, path, kolam_moderation_check);
        audit_moderation(audit, path);
    }
}
