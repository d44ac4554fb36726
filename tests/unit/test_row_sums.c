/* Damage in identity.db and moderation.db: every value of every row, changed behind the connection's back, makes that row one that is
 * not there, told by table and row; everybody else is served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/identity.h"
#include "kolam/moderation.h"
#include "tests/support/store.h"
#include "tiles/row_sums.h"

struct told {
    uint32_t count;
    char table[32];
    int64_t row;
};

struct fixture {
    char folder[512], people_path[600], order_path[600];
    struct kolam_identity_db *people;
    struct kolam_moderation_db *order;
    uint8_t secrets[3][KOLAM_SECRET_BYTES];
    struct kolam_author authors[3];
    char phrase[KOLAM_PHRASE_TEXT_MAX];
    uint8_t code[KOLAM_INVITATION_CODE_BYTES];
    struct told people_told, order_told;
};

static void hear(void *ctx, const char *table, int64_t row) {
    struct told *told = ctx;
    told->count++;
    told->row = row;
    (void)snprintf(told->table, sizeof told->table, "%s", table);
}

static void open_both(struct fixture *f) {
    struct kolam_error error = {.text = ""};
    assert_int_equal(
        kolam_identity_db_create(f->people_path, kolam_clock_system(), &f->people, &error),
        KOLAM_OK);
    assert_int_equal(kolam_moderation_db_create(f->order_path, &f->order, &error), KOLAM_OK);
    f->people_told = f->order_told = (struct told){.count = 0};
    kolam_identity_tell_damage(f->people, hear, &f->people_told);
    kolam_moderation_tell_damage(f->order, hear, &f->order_told);
}

static void close_both(struct fixture *f) {
    kolam_identity_db_destroy(f->people);
    kolam_moderation_db_destroy(f->order);
    f->people = NULL;
    f->order = NULL;
}

/* As another program would: without our triggers. */
static void change(const char *path, const char *text) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t number_in(const char *path, const char *text) {
    sqlite3 *db;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

static struct kolam_sanction a_ban(uint8_t number) {
    struct kolam_sanction ban = {.kind = KOLAM_SANCTION_BAN,
                                 .has_ident = true,
                                 .canvas = "main",
                                 .name = "Somebody",
                                 .decided_on = "main",
                                 .artist = number,
                                 .from_ms = 1000,
                                 .until_ms = KOLAM_NO_END,
                                 .why = "drew over others",
                                 .by = {.name = "operator"}};
    memset(ban.ident, number, sizeof ban.ident);
    return ban;
}

static void fill_people(struct fixture *f) {
    const struct kolam_invitation invitation = {
        .canvas = "main",
        .role = 1,
        .uses = 5,
        .until_ms = kolam_clock_system().now_ms(kolam_clock_system().ctx) + 3600000,
        .note = "for friends"};
    struct kolam_invitation came_by;
    struct kolam_author subject;
    char code[KOLAM_CODE_TEXT_MAX];
    int64_t number;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(kolam_identity_make(f->people, f->secrets[i], &f->authors[i]), KOLAM_OK);
    }
    const uint8_t *first = f->authors[0].ident;
    assert_int_equal(kolam_identity_phrase(f->people, first, f->phrase), KOLAM_OK);
    assert_int_equal(kolam_identity_link(f->people, first, code), KOLAM_OK);
    assert_int_equal(
        kolam_identity_subject_make(f->people, "https://issuer", "subject", "Asha", &subject),
        KOLAM_OK);
    assert_int_equal(kolam_identity_invite(f->people, first, &invitation, f->code, &number),
                     KOLAM_OK);
    assert_int_equal(
        kolam_identity_invitation_use(f->people, f->code, f->authors[1].ident, &came_by), KOLAM_OK);
    assert_int_equal(kolam_identity_merge(f->people, first, f->authors[2].ident, &f->authors[2]),
                     KOLAM_OK);
    assert_int_equal(kolam_identity_rename(f->people, first, "Bela"), KOLAM_OK);
}

static void fill_order(struct fixture *f) {
    struct kolam_report report = {.canvas = "main",
                                  .made_ms = 2000,
                                  .kind = KOLAM_REPORT_ARTIST,
                                  .by = {.has_ident = true, .name = "Bela"},
                                  .artist = 1,
                                  .name = "Somebody",
                                  .text = "look at that"};
    for (uint8_t i = 1; i <= 2; i++) {
        struct kolam_sanction ban = a_ban(i);
        assert_int_equal(kolam_sanction_add(f->order, &ban), KOLAM_OK);
        assert_int_equal(kolam_report_add(f->order, &report), KOLAM_OK);
    }
    assert_int_equal(kolam_moderation_note_time(f->order, 5000), KOLAM_OK);
}

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "identity.db", f->people_path);
    temp_path(f->folder, "moderation.db", f->order_path);
    open_both(f);
    fill_people(f);
    fill_order(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    close_both(f);
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

struct problems {
    uint32_t count;
    char text[4000];
};

static void keep_problem(void *ctx, const char *text) {
    struct problems *problems = ctx;
    const size_t used = strlen(problems->text);
    problems->count++;
    (void)snprintf(problems->text + used, sizeof problems->text - used, "%s\n", text);
}

static struct problems check(const struct fixture *f, bool of_people) {
    struct problems problems = {.count = 0};
    struct kolam_people_check check = {.ctx = &problems, .problem = keep_problem};
    struct kolam_error error = {.text = ""};
    assert_int_equal(of_people ? kolam_identity_check(f->people_path, &check, &error)
                               : kolam_moderation_check(f->order_path, &check, &error),
                     KOLAM_OK);
    assert_int_equal(check.problem_count, problems.count);
    return problems;
}

/* ---- every value ---- */

/* In each table, the column `number` from 0 of the first row; false past the last. What is damaged looks like a value of its kind. */
static bool damage_column(const char *path, const char *table, int number) {
    char text[800], name[64];
    sqlite3 *db;
    sqlite3_stmt *column;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)snprintf(text, sizeof text, "SELECT name FROM pragma_table_info('%s') WHERE cid = %d",
                   table, number);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &column, NULL), SQLITE_OK);
    const bool is_there = sqlite3_step(column) == SQLITE_ROW;
    (void)snprintf(name, sizeof name, "%s",
                   is_there ? (const char *)sqlite3_column_text(column, 0) : "");
    sqlite3_finalize(column);
    if (is_there) {
        (void)snprintf(text, sizeof text,
                       "UPDATE %s SET %s = CASE typeof(%s) WHEN 'blob' THEN "
                       "cast(randomblob(length(%s)) AS BLOB) WHEN 'text' THEN %s || 'x' WHEN "
                       "'null' THEN 0 ELSE %s + 4096 END WHERE rowid = (SELECT min(rowid) FROM %s)",
                       table, name, name, name, name, name, table);
        assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return is_there;
}

static void copy_file(const char *from, const char *to) {
    static uint8_t bytes[1 << 20];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    const size_t size = fread(bytes, 1, sizeof bytes, in);
    assert_true(size > 0 && size < sizeof bytes && fwrite(bytes, 1, size, out) == size);
    (void)fclose(in);
    (void)fclose(out);
}

static uint32_t damage_each(struct fixture *f, const char *path, bool of_people,
                            const char *const *tables, size_t count) {
    char kept[600];
    uint32_t damaged = 0;
    temp_path(f->folder, "kept", kept);
    close_both(f);
    copy_file(path, kept);
    for (size_t i = 0; i < count; i++) {
        for (int column = 0; damage_column(path, tables[i], column); column++) {
            char wanted[64];
            (void)snprintf(wanted, sizeof wanted, "%s ", tables[i]);
            const struct problems found = check(f, of_people);
            if (!strstr(found.text, wanted) || !strstr(found.text, "its sum is wrong")) {
                fail_msg("%s, column %d: %s", tables[i], column, found.text);
            }
            copy_file(kept, path);
            damaged++;
        }
        assert_int_equal(check(f, of_people).count, 0);
    }
    open_both(f);
    return damaged;
}

static void every_value_of_every_row_has_its_part_in_the_sum(void **state) {
    static const char *const of_people[] = {"meta",    "person",     "secret", "link",    "phrase",
                                            "subject", "invitation", "guest",  "renaming"};
    static const char *const of_order[] = {"meta", "sanction", "report"};
    struct fixture *f = *state;
    assert_int_equal(check(f, true).count, 0);
    assert_int_equal(check(f, false).count, 0);
    assert_true(damage_each(f, f->people_path, true, of_people, 9) > 40);
    assert_true(damage_each(f, f->order_path, false, of_order, 3) > 40);
}

/* ---- who is kept out ---- */

static void a_damaged_person_is_an_error_and_all_others_are_who_they_are(void **state) {
    struct fixture *f = *state;
    struct kolam_author found;
    close_both(f);
    change(f->people_path, "UPDATE person SET name = 'Mallory' WHERE id = 2");
    open_both(f);
    assert_int_equal(f->people_told.count, 1);
    assert_string_equal(f->people_told.table, "person");
    assert_int_equal(f->people_told.row, 2);
    assert_int_equal(kolam_identity_find(f->people, f->secrets[1], &found), KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_identity_find(f->people, f->secrets[1], &found), KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_identity_rename(f->people, f->authors[1].ident, "Cara"),
                     KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_identity_find(f->people, f->secrets[0], &found), KOLAM_OK);
    assert_string_equal(found.name, "Bela");
    assert_int_equal(kolam_identity_make(f->people, f->secrets[1], &found), KOLAM_OK);
    assert_int_equal(f->people_told.count, 1); /* once */
}

/* The one that was found by chance: another person's number in the row of a key. */
static void a_key_that_says_another_is_nobodys(void **state) {
    struct fixture *f = *state;
    struct kolam_author found;
    struct kolam_proof proof = {.kind = KOLAM_PROOF_PHRASE};
    uint32_t word;
    close_both(f);
    change(f->people_path, "UPDATE secret SET person = 2 WHERE id = 1; "
                           "UPDATE phrase SET person = 2; UPDATE subject SET person = 2");
    open_both(f);
    assert_int_equal(f->people_told.count, 3);
    assert_int_equal(kolam_identity_find(f->people, f->secrets[0], &found), KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_phrase_read(f->phrase, proof.phrase, &word), KOLAM_PHRASE_FINE);
    assert_int_equal(kolam_identity_prove(f->people, &proof, &found), KOLAM_ERR_CORRUPT);
    assert_int_equal(
        kolam_identity_subject_make(f->people, "https://issuer", "subject", "Asha", &found),
        KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_identity_find(f->people, f->secrets[1], &found), KOLAM_OK);
    assert_memory_equal(found.ident, f->authors[1].ident, KOLAM_IDENT_BYTES);
}

static void what_a_damaged_row_gave_is_not_given(void **state) {
    struct fixture *f = *state;
    struct kolam_author next;
    struct kolam_invitation invitation;
    int32_t role = 0;
    close_both(f);
    change(f->people_path, "UPDATE invitation SET role = 5");
    open_both(f);
    assert_int_equal(kolam_identity_invited(f->people, f->authors[1].ident, "main", &role),
                     KOLAM_OK);
    assert_int_equal(role, -1);
    assert_int_equal(
        kolam_identity_invitation_use(f->people, f->code, f->authors[1].ident, &invitation),
        KOLAM_ERR_CORRUPT);
    /* Of what canvases are to be told, the rest is. */
    assert_int_equal(kolam_identity_erase(f->people, f->authors[1].ident), KOLAM_OK);
    close_both(f);
    change(f->people_path,
           "UPDATE renaming SET name = 'x' WHERE rowid = (SELECT min(rowid) FROM renaming)");
    open_both(f);
    assert_int_equal(kolam_identity_renaming_next(f->people, &next), KOLAM_OK);
    assert_memory_equal(next.ident, f->authors[1].ident, KOLAM_IDENT_BYTES);
}

static bool count_one(void *ctx, const struct kolam_sanction *sanction) {
    uint64_t *last = ctx;
    *last = *last * 10 + sanction->id;
    return true;
}

static bool count_report(void *ctx, const struct kolam_report *report) {
    uint64_t *last = ctx;
    *last = *last * 10 + report->id;
    return true;
}

static void a_damaged_decision_holds_for_nobody_and_the_others_hold(void **state) {
    struct fixture *f = *state;
    struct kolam_sanction sanction;
    struct kolam_report report;
    const struct kolam_moderator by = {.name = "operator"};
    uint64_t in_force = 0, listed = 0;
    close_both(f);
    change(f->order_path, "UPDATE sanction SET ident = x'05050505050505050505050505050505' "
                          "WHERE id = 1; UPDATE report SET artist = 7 WHERE id = 2");
    open_both(f);
    assert_int_equal(f->order_told.count, 2);
    assert_int_equal(kolam_sanctions_in_force(f->order, 2000, count_one, &in_force), KOLAM_OK);
    assert_int_equal(in_force, 2);
    assert_int_equal(kolam_sanction_get(f->order, 1, &sanction), KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_sanction_end(f->order, 1, &by, 3000, &sanction), KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_sanction_end(f->order, 2, &by, 3000, &sanction), KOLAM_OK);
    assert_int_equal(kolam_reports_list(f->order, "main", true, UINT64_MAX, count_report, &listed),
                     KOLAM_OK);
    assert_int_equal(listed, 1);
    assert_int_equal(kolam_report_close(f->order, "main", 2, &by, "", 3000, &report),
                     KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_report_close(f->order, "main", 1, &by, "", 3000, &report), KOLAM_OK);
    assert_int_equal(kolam_moderation_newest_ms(f->order), 5000);
}

/* ---- what is changed ---- */

static void a_change_of_a_damaged_row_does_not_make_it_sound(void **state) {
    struct fixture *f = *state;
    struct kolam_author found;
    const uint8_t nobody[KOLAM_IDENT_BYTES] = {9};
    close_both(f);
    change(f->people_path, "UPDATE secret SET person = 1 WHERE id = 2");
    change(f->order_path, "UPDATE sanction SET until_ms = 7 WHERE id = 1; "
                          "UPDATE sanction SET sum = NULL WHERE id = 2");
    open_both(f);
    /* Merging moves every key of a person, this one too; erasing forgets names, also damaged ones'. */
    assert_int_equal(
        kolam_identity_merge(f->people, f->authors[1].ident, f->authors[0].ident, &found),
        KOLAM_OK);
    assert_int_equal(number_in(f->people_path, "SELECT person FROM secret WHERE id = 2"), 2);
    assert_int_equal(kolam_identity_find(f->people, f->secrets[1], &found), KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_identity_find(f->people, f->secrets[0], &found), KOLAM_OK);
    assert_memory_equal(found.ident, f->authors[1].ident, KOLAM_IDENT_BYTES);
    for (uint8_t i = 1; i <= 2; i++) {
        struct kolam_sanction ban = a_ban(i);
        assert_int_equal(kolam_moderation_erased(f->order, ban.ident), KOLAM_OK);
        assert_int_equal(kolam_sanction_get(f->order, i, &ban), KOLAM_ERR_CORRUPT);
    }
    assert_int_equal(number_in(f->order_path, "SELECT count(*) FROM sanction WHERE name <> ''"), 0);
    assert_int_equal(kolam_moderation_erased(f->order, nobody), KOLAM_OK);
}

static void a_damaged_time_is_none_and_counts_again(void **state) {
    struct fixture *f = *state;
    close_both(f);
    change(f->order_path, "UPDATE meta SET value = 90000 WHERE key = 'newest_ms'");
    open_both(f);
    assert_int_equal(kolam_moderation_newest_ms(f->order), 0);
    assert_int_equal(kolam_moderation_note_time(f->order, 6000), KOLAM_OK);
    close_both(f);
    open_both(f);
    assert_int_equal(f->order_told.count, 0);
    assert_int_equal(kolam_moderation_newest_ms(f->order), 6000);
}

static void without_the_instances_name_nobody_is_served(void **state) {
    struct fixture *f = *state;
    struct kolam_error error = {.text = ""};
    struct kolam_identity_db *people = NULL;
    close_both(f);
    change(f->people_path, "UPDATE meta SET value = value + 1");
    assert_int_equal(
        kolam_identity_db_create(f->people_path, kolam_clock_system(), &people, &error),
        KOLAM_ERR_CORRUPT);
    assert_non_null(strstr(error.text, "restore the file from a backup"));
    change(f->people_path, "UPDATE meta SET value = value - 1");
    open_both(f);
}

/* ---- indexes ---- */

/* A row's place in an index is lost, as when a bit of the index is another. */
static void lose_from_index(const char *path, const char *index) {
    char text[200];
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    (void)snprintf(text, sizeof text, "SELECT rootpage FROM sqlite_schema WHERE name = '%s'",
                   index);
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    const long page = (long)sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    assert_int_equal(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    /* The last byte of the page is in the first hash that was put there. */
    FILE *file = fopen(path, "r+b");
    uint8_t bytes[8];
    assert_int_equal(fseek(file, page * 4096 - 8, SEEK_SET), 0);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
    bytes[2] ^= 4;
    assert_int_equal(fseek(file, page * 4096 - 8, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    (void)fclose(file);
}

static void an_index_that_lies_is_made_anew_at_the_start(void **state) {
    struct fixture *f = *state;
    struct kolam_author found;
    close_both(f);
    lose_from_index(f->people_path, "sqlite_autoindex_secret_1");
    assert_true(check(f, true).count > 0);
    open_both(f);
    assert_int_equal(f->people_told.count, 1);
    assert_string_equal(f->people_told.table, "index");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(kolam_identity_find(f->people, f->secrets[i], &found), KOLAM_OK);
    }
    assert_int_equal(check(f, true).count, 0);
}

static void beside_damaged_rows_indexes_stay_as_they_are(void **state) {
    struct fixture *f = *state;
    struct kolam_author found;
    struct kolam_proof proof = {.kind = KOLAM_PROOF_SECRET};
    close_both(f);
    change(f->people_path, "UPDATE secret SET person = 2 WHERE id = 1");
    lose_from_index(f->people_path, "sqlite_autoindex_guest_1");
    open_both(f);
    assert_int_equal(f->people_told.count, 2);
    memcpy(proof.secret, f->secrets[0], sizeof proof.secret);
    assert_int_equal(kolam_identity_prove(f->people, &proof, &found), KOLAM_ERR_CORRUPT);
    assert_int_equal(kolam_identity_find(f->people, f->secrets[1], &found), KOLAM_OK);
}

/* ---- what must hold together ---- */

static void check_tells_what_names_nothing(void **state) {
    static const char *const damage[][2] = {
        {"DELETE FROM person WHERE id = 2", "secret 2: it is of nobody"},
        {"DELETE FROM invitation", "guest 1: there is no such invitation"},
        {"DELETE FROM meta", "the instance's name"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        change(f->people_path, damage[i][0]);
        const struct problems found = check(f, true);
        if (!strstr(found.text, damage[i][1])) {
            fail_msg("%s: %s", damage[i][1], found.text);
        }
    }
    struct kolam_people_check none = {.problem = keep_problem};
    assert_int_equal(kolam_identity_check("/nowhere/identity.db", &none, NULL),
                     KOLAM_ERR_NOT_FOUND);
}

/* ---- the connection ---- */

static void a_question_to_a_table_itself_is_refused(void **state) {
    struct fixture *f = *state;
    struct kolam_sums sums;
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(kolam_sql_open(f->people_path, SQLITE_OPEN_READWRITE, &db, NULL), KOLAM_OK);
    assert_int_equal(kolam_sums_begin(&sums, db, true), KOLAM_OK);
    static const char *const refused[] = {
        "SELECT name FROM person", "SELECT count(*) FROM secret",
        "SELECT persons.name FROM secret JOIN persons ON persons.id = secret.person",
        "SELECT id FROM persons WHERE id IN (SELECT person FROM link)"};
    static const char *const allowed[] = {
        "SELECT name FROM persons", "SELECT count(*) FROM secrets",
        "UPDATE person SET name = '' WHERE id = 1", "DELETE FROM link", "BEGIN"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(kolam_sums_prepare(&sums, refused[i], 0, &statement), KOLAM_ERR_INVALID);
    }
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        assert_int_equal(kolam_sums_prepare(&sums, allowed[i], 0, &statement), KOLAM_OK);
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
}

/* A view costs no index. */
static void looking_by_a_view_goes_by_the_index(void **state) {
    static const char *const questions[] = {
        "EXPLAIN QUERY PLAN SELECT person.name FROM secrets AS secret JOIN persons AS person "
        "ON person.id = secret.person WHERE secret.hash = ?",
        "EXPLAIN QUERY PLAN SELECT person.name FROM invitations AS invitation LEFT JOIN persons AS "
        "person ON person.id = maker WHERE invitation.id = ?",
        "EXPLAIN QUERY PLAN SELECT count(*) FROM secrets WHERE person = ?",
    };
    struct fixture *f = *state;
    struct kolam_sums sums;
    sqlite3 *db = NULL;
    sqlite3_stmt *plan = NULL;
    assert_int_equal(kolam_sql_open(f->people_path, SQLITE_OPEN_READWRITE, &db, NULL), KOLAM_OK);
    assert_int_equal(kolam_sums_begin(&sums, db, true), KOLAM_OK);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        assert_int_equal(sqlite3_prepare_v2(db, questions[i], -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW) {
            assert_null(strstr((const char *)sqlite3_column_text(plan, 3), "SCAN"));
        }
        sqlite3_finalize(plan);
    }
    sqlite3_close(db);
}

int main(void) {
#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_FILES(every_value_of_every_row_has_its_part_in_the_sum),
        WITH_FILES(a_damaged_person_is_an_error_and_all_others_are_who_they_are),
        WITH_FILES(a_key_that_says_another_is_nobodys),
        WITH_FILES(what_a_damaged_row_gave_is_not_given),
        WITH_FILES(a_damaged_decision_holds_for_nobody_and_the_others_hold),
        WITH_FILES(a_change_of_a_damaged_row_does_not_make_it_sound),
        WITH_FILES(a_damaged_time_is_none_and_counts_again),
        WITH_FILES(without_the_instances_name_nobody_is_served),
        WITH_FILES(an_index_that_lies_is_made_anew_at_the_start),
        WITH_FILES(beside_damaged_rows_indexes_stay_as_they_are),
        WITH_FILES(check_tells_what_names_nothing),
        WITH_FILES(a_question_to_a_table_itself_is_refused),
        WITH_FILES(looking_by_a_view_goes_by_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
