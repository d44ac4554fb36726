/* An identity.db or moderation.db of a stranger, as it comes with a backup or a folder that somebody hands on: any bytes, or rows that say
 * anything in a file that SQLite finds sound. All that the server asks of it is asked. The first byte tells which of the four it is, and whether
 * rows have the sums of what they say. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "canvas_probe.h"
#include "kolam/alloc.h"
#include "kolam/identity.h"
#include "kolam/moderation.h"
#include "server/moderation_json.h"
#include "server/restraint.h"
#include "sql_rows.h"
#include "tiles/row_sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define VISITS_MAX 64

static const char *const people_inserts[] = {
    "INSERT OR REPLACE INTO meta VALUES (?, ?, NULL)",
    "INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?, ?, NULL)",
    "INSERT OR REPLACE INTO secret VALUES (?, ?, ?, ?, ?, NULL)",
    "INSERT OR REPLACE INTO link VALUES (?, ?, ?, NULL)",
    "INSERT OR REPLACE INTO phrase VALUES (?, ?, ?, NULL)",
    "INSERT OR REPLACE INTO subject VALUES (?, ?, ?, ?, NULL)",
    "INSERT OR REPLACE INTO invitation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
    "INSERT OR REPLACE INTO guest VALUES (?, ?, ?, NULL)",
    "INSERT OR REPLACE INTO renaming VALUES (?, ?, NULL)",
};
static const char *const people_changes[] = {
    "UPDATE meta SET value = ? WHERE key = 'instance'",
    "UPDATE person SET ident = ? WHERE id = 2",
    "UPDATE person SET name = ?",
    "UPDATE person SET created_ms = ?",
    "UPDATE person SET merged_into = ?",
    "UPDATE OR REPLACE person SET id = ? WHERE id = 1",
    "UPDATE secret SET hash = ? WHERE id = 1",
    "UPDATE secret SET person = ?",
    "UPDATE secret SET seen_ms = ?",
    "UPDATE OR REPLACE secret SET id = ?",
    "UPDATE phrase SET hash = ?",
    "UPDATE subject SET issuer = ?",
    "UPDATE subject SET person = ?",
    "UPDATE invitation SET canvas = ?",
    "UPDATE invitation SET role = ?",
    "UPDATE invitation SET uses = ?",
    "UPDATE invitation SET maker = ?",
    "UPDATE invitation SET until_ms = ?",
    "UPDATE invitation SET revoked_ms = ?",
    "UPDATE invitation SET note = ?",
    "UPDATE guest SET person = ?",
    "UPDATE guest SET time_ms = ?",
};
static const char *const order_inserts[] = {
    "INSERT OR REPLACE INTO meta VALUES (?, ?, NULL)",
    ("INSERT OR REPLACE INTO sanction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
     "?, ?, ?, ?, ?, ?, ?, NULL)"),
    ("INSERT OR REPLACE INTO report VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
     "?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"),
};
static const char *const order_changes[] = {
    "UPDATE meta SET value = ? WHERE key = 'newest_ms'",
    "UPDATE sanction SET kind = ?",
    "UPDATE sanction SET canvas = ?",
    "UPDATE sanction SET ident = ?",
    "UPDATE sanction SET name = ?",
    "UPDATE sanction SET decided_on = ?",
    "UPDATE sanction SET artist = ?",
    "UPDATE sanction SET prefix = ?",
    "UPDATE sanction SET prefix_bits = ?",
    "UPDATE sanction SET from_ms = ?",
    "UPDATE sanction SET until_ms = ?",
    "UPDATE sanction SET why = ?",
    "UPDATE sanction SET by_name = ?",
    "UPDATE sanction SET ended_ms = ?",
    "UPDATE OR REPLACE sanction SET id = ?",
    "UPDATE report SET canvas = ?",
    "UPDATE report SET by_ident = ?",
    "UPDATE report SET kind = ?",
    "UPDATE report SET width = ?",
    "UPDATE report SET stroke = ?",
    "UPDATE report SET text = ?",
    "UPDATE report SET closed_ms = ?",
    "UPDATE report SET is_told = ?",
    "UPDATE OR REPLACE report SET id = ?",
};

#define ROWS(inserts_, changes_)                                                                   \
    {                                                                                              \
        .inserts = (inserts_), .changes = (changes_),                                              \
        .insert_count = sizeof(inserts_) / sizeof(inserts_)[0],                                    \
        .change_count = sizeof(changes_) / sizeof(changes_)[0]                                     \
    }
static const struct sql_rows people_rows = ROWS(people_inserts, people_changes);
static const struct sql_rows order_rows = ROWS(order_inserts, order_changes);

/* What the files hold before an input changes them. */
static struct {
    const char *people_path, *order_path;
    uint8_t *people, *order;
    size_t people_bytes, order_bytes;
    uint8_t secret[KOLAM_SECRET_BYTES], code[KOLAM_INVITATION_CODE_BYTES];
    struct kolam_author author, other;
    char phrase[KOLAM_PHRASE_TEXT_MAX];
} known;

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

/* ---- the files as they were ---- */

static void make_people(void) {
    struct kolam_identity_db *db;
    struct kolam_author former;
    struct kolam_invitation invitation = {.canvas = "main",
                                          .role = 2,
                                          .uses = 3,
                                          .until_ms = kolam_clock_system().now_ms(NULL) + 60000};
    uint8_t secret[KOLAM_SECRET_BYTES];
    int64_t number;
    require(kolam_identity_db_create(known.people_path, kolam_clock_system(), &db, NULL) ==
            KOLAM_OK);
    require(kolam_identity_make(db, known.secret, &known.author) == KOLAM_OK);
    require(kolam_identity_make(db, secret, &former) == KOLAM_OK);
    require(kolam_identity_make(db, secret, &known.other) == KOLAM_OK);
    require(kolam_identity_merge(db, known.author.ident, former.ident, &former) == KOLAM_OK);
    require(kolam_identity_phrase(db, known.author.ident, known.phrase) == KOLAM_OK);
    require(kolam_identity_subject_make(db, "company", "asha", "Asha", &former) == KOLAM_OK);
    require(kolam_identity_invite(db, known.author.ident, &invitation, known.code, &number) ==
            KOLAM_OK);
    require(kolam_identity_invitation_use(db, known.code, known.other.ident, &invitation) ==
            KOLAM_OK);
    require(kolam_identity_rename(db, known.author.ident, "Mira") == KOLAM_OK);
    kolam_identity_db_destroy(db);
    known.people = sql_rows_take_file(known.people_path, &known.people_bytes);
}

static void make_order(void) {
    struct kolam_moderation_db *db;
    struct kolam_sanction sanction = {.kind = KOLAM_SANCTION_BAN,
                                      .canvas = "main",
                                      .has_ident = true,
                                      .name = "Asha",
                                      .decided_on = "main",
                                      .artist = 1,
                                      .from_ms = 1000,
                                      .until_ms = KOLAM_NO_END,
                                      .why = "w"};
    struct kolam_report report = {.canvas = "main",
                                  .made_ms = 1000,
                                  .by = {.has_ident = true, .name = "Mira"},
                                  .kind = KOLAM_REPORT_PLACE,
                                  .width = 10,
                                  .height = 10,
                                  .text = "t"};
    memcpy(sanction.ident, known.author.ident, KOLAM_IDENT_BYTES);
    memcpy(report.by.ident, known.author.ident, KOLAM_IDENT_BYTES);
    require(kolam_moderation_db_create(known.order_path, &db, NULL) == KOLAM_OK);
    require(kolam_sanction_add(db, &sanction) == KOLAM_OK);
    sanction.has_ident = false;
    sanction.prefix_bits = 120;
    require(kolam_sanction_add(db, &sanction) == KOLAM_OK);
    require(kolam_report_add(db, &report) == KOLAM_OK);
    require(kolam_report_add(db, &report) == KOLAM_OK);
    require(kolam_moderation_note_time(db, 5000) == KOLAM_OK);
    kolam_moderation_db_destroy(db);
    known.order = sql_rows_take_file(known.order_path, &known.order_bytes);
}

/* ---- identity.db ---- */

static const char *role_name(int32_t role) {
    return role > 3 ? "much" : "little";
}

static void drop(enum kolam_status status, json_t *json) {
    if (status == KOLAM_OK) {
        require(json != NULL);
        json_decref(json);
    }
}

static void ask_keys(struct kolam_identity_db *db, const uint8_t *ident) {
    struct kolam_author author;
    struct kolam_proof proof = {.kind = KOLAM_PROOF_SECRET};
    char code[KOLAM_CODE_TEXT_MAX];
    uint8_t secret[KOLAM_SECRET_BYTES], hash[32], gone[KOLAM_IDENT_BYTES];
    uint32_t word;
    json_t *json = NULL;
    memcpy(proof.secret, known.secret, sizeof proof.secret);
    (void)!kolam_identity_prove(db, &proof, &author);
    drop(kolam_identity_devices(db, ident, known.secret, &json), json);
    (void)!kolam_identity_secret(db, ident, secret);
    proof.kind = KOLAM_PROOF_PHRASE;
    require(kolam_phrase_read(known.phrase, proof.phrase, &word) == KOLAM_PHRASE_FINE);
    (void)!kolam_identity_admit(db, &proof, secret, &author);
    if (kolam_identity_link(db, ident, code) == KOLAM_OK) {
        proof.kind = KOLAM_PROOF_CODE;
        require(kolam_code_read(code, proof.code));
        (void)!kolam_identity_unite(db, &proof, known.other.ident, true, &author, gone);
    }
    (void)!kolam_identity_device_end(db, ident, 1, hash);
    (void)!kolam_identity_subject_find(db, "company", "asha", &author);
    (void)!kolam_identity_subject_make(db, "company", "bela", "Bela", &author);
}

static void change_people(struct kolam_identity_db *db, const uint8_t *ident) {
    struct kolam_author author;
    (void)!kolam_identity_rename(db, ident, "Mira");
    (void)!kolam_identity_invitation_revoke(db, ident, "main", 1, true);
    (void)!kolam_identity_merge(db, known.other.ident, ident, &author);
    for (int i = 0; i < 4 && kolam_identity_renaming_next(db, &author) == KOLAM_OK; i++) {
        (void)!kolam_identity_renaming_done(db, &author);
    }
    (void)!kolam_identity_erase(db, known.other.ident);
}

/* A part of it at a time, which `turn` tells: all of it took three times as long. */
static void ask_people(struct kolam_identity_db *db, size_t turn) {
    const uint8_t *ident = known.author.ident;
    struct kolam_author author;
    struct kolam_selves selves;
    struct kolam_invitation invitation;
    int32_t role;
    json_t *json = NULL;
    require(strlen(kolam_identity_instance(db)) == 16);
    (void)!kolam_identity_find(db, known.secret, &author);
    if (kolam_identity_selves(db, ident, &selves) == KOLAM_OK) {
        require(selves.count <= KOLAM_FORMERS_MAX);
    }
    if (kolam_identity_root(db, ident, &author) == KOLAM_OK) {
        require(strlen(author.name) <= KOLAM_NAME_BYTES_MAX);
    }
    if (turn % 3 == 0) {
        ask_keys(db, ident);
        return;
    }
    if (turn % 3 == 1) {
        change_people(db, ident);
        return;
    }
    drop(kolam_identity_export(db, ident, &json), json);
    drop(kolam_identity_invitations(db, ident, NULL, 50, role_name, &json), json);
    drop(kolam_identity_invitations(db, NULL, "main", 50, role_name, &json), json);
    (void)!kolam_identity_invited(db, known.other.ident, "main", &role);
    (void)!kolam_identity_invitation_use(db, known.code, ident, &invitation);
}

/* ---- moderation.db ---- */

struct visits {
    int count;
    struct kolam_restraint restraint;
};

static bool on_sanction(void *ctx, const struct kolam_sanction *sanction) {
    static const struct kolam_address address = {{0}};
    struct visits *visits = ctx;
    const struct kolam_restrained who = {
        .canvas = "main", .ident = known.author.ident, .address = &address};
    char text[KOLAM_RESTRAINT_TEXT_BYTES];
    struct kolam_restraint restraint = {0};
    kolam_restraint_add(&restraint, sanction, 0, &who, 2000);
    if (!kolam_restraint_is_none(&restraint)) {
        kolam_restraint_text(sanction, text);
        require(strlen(text) < sizeof text);
    }
    json_decref(kolam_sanction_json(sanction, "main", true));
    return visits->count++ < VISITS_MAX;
}

static bool on_report(void *ctx, const struct kolam_report *report) {
    struct visits *visits = ctx;
    json_decref(kolam_report_json(report));
    return visits->count++ < VISITS_MAX;
}

static bool on_deed(void *ctx, const struct kolam_deed *deed) {
    struct visits *visits = ctx;
    require((deed->sanction == NULL) != (deed->report == NULL));
    return deed->sanction ? on_sanction(visits, deed->sanction) : on_report(visits, deed->report);
}

static void ask_order(struct kolam_moderation_db *db) {
    static const struct kolam_moderator nobody = {.name = "Operator"};
    const struct kolam_deed_place newest = {INT64_MAX, KOLAM_DEED_REPORT_CLOSE, UINT64_MAX};
    struct kolam_sanction sanction;
    struct kolam_report report;
    struct visits visits = {0};
    uint32_t count;
    (void)!kolam_sanctions_in_force(db, 2000, on_sanction, &visits);
    visits.count = 0;
    (void)!kolam_reports_list(db, "main", true, UINT64_MAX, on_report, &visits);
    (void)!kolam_reports_list(db, "main", false, UINT64_MAX, on_report, &visits);
    visits.count = 0;
    (void)!kolam_moderation_deeds(db, "main", &newest, on_deed, &visits);
    (void)!kolam_reports_open_count(db, NULL, &count);
    (void)!kolam_report_close(db, "main", 1, &nobody, "seen", 3000, &report);
    (void)!kolam_sanction_end(db, 1, &nobody, 3000, &sanction);
    visits.count = 0;
    (void)!kolam_reports_tell(db, "main", known.author.ident, on_report, &visits);
    visits.count = 0;
    (void)!kolam_moderation_deeds(db, "main", &newest, on_deed, &visits);
    (void)!kolam_moderation_merged(db, known.author.ident, known.other.ident);
    (void)!kolam_moderation_erased(db, known.other.ident);
    (void)!kolam_moderation_tidy(db, INT64_C(1000000000000));
}

/* Else every row that an input made would be left out, unread. */
static void give_sums(const char *path) {
    struct kolam_sums sums;
    sqlite3 *db = NULL;
    if (kolam_sql_open(path, SQLITE_OPEN_READWRITE, &db, NULL) == KOLAM_OK &&
        kolam_sums_begin(&sums, db, true) == KOLAM_OK) {
        (void)!kolam_sums_fill(&sums);
    }
    sqlite3_close(db);
}

/* ---- an input ---- */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    struct kolam_identity_db *people;
    struct kolam_moderation_db *order;
    if (size_bytes < 1) {
        return 0;
    }
    if (!known.people_path) {
        known.people_path = probe_path("identity.db");
        known.order_path = probe_path("moderation.db");
        make_people();
        make_order();
    }
    const bool is_of_people = bytes[0] % 2 == 0, is_sound = bytes[0] % 4 < 2;
    const char *path = is_of_people ? known.people_path : known.order_path;
    if (is_sound) {
        probe_write(path, is_of_people ? known.people : known.order,
                    is_of_people ? known.people_bytes : known.order_bytes);
        sql_rows_put(is_of_people ? &people_rows : &order_rows, path, bytes + 1, size_bytes - 1);
        if ((bytes[0] & 8) == 0) {
            give_sums(path);
        }
    } else {
        probe_write(path, bytes + 1, size_bytes - 1);
    }
    if (is_of_people &&
        kolam_identity_db_create(path, kolam_clock_system(), &people, NULL) == KOLAM_OK) {
        ask_people(people, size_bytes);
        kolam_identity_db_destroy(people);
    } else if (!is_of_people && kolam_moderation_db_create(path, &order, NULL) == KOLAM_OK) {
        ask_order(order);
        kolam_moderation_db_destroy(order);
    }
    probe_remove(path);
    return 0;
}
