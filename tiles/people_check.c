/* What `kolam check` looks at in identity.db and moderation.db: the file's own build, the sum of each row (row_sums.h), what each row
 * must be, and that whatever it names is there. Nothing is changed; a server may have the file open. */
#include "kolam/damage.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reader_open.h"
#include "row_sums.h"

#define TEXT_MAX 400

/* Rows that must not be: a query of their numbers, and the table and words for people. */
struct rule {
    const char *table, *words, *query;
};

#define OF_NOBODY(table)                                                                           \
    "SELECT rowid FROM " table " WHERE person NOT IN "                                             \
    "(SELECT id FROM person WHERE merged_into IS NULL)"
#define NO_HASH(table) "SELECT rowid FROM " table " WHERE length(hash) <> 32"

static const struct rule identity_rules[] = {
    {"person", "it has no ident", "SELECT id FROM person WHERE length(ident) <> 16"},
    {"person", "a former self has a name, or a person none",
     "SELECT id FROM person WHERE (name IS NULL) <> (merged_into IS NOT NULL)"},
    {"person", "it was merged into nobody, or into a former self",
     "SELECT id FROM person WHERE merged_into NOT IN "
     "(SELECT id FROM person WHERE merged_into IS NULL)"},
    {"secret", "it is of nobody", OF_NOBODY("secret")},
    {"secret", "it is no hash", NO_HASH("secret")},
    {"link", "it is of nobody", OF_NOBODY("link")},
    {"phrase", "it is of nobody", OF_NOBODY("phrase")},
    {"phrase", "it is no hash", NO_HASH("phrase")},
    {"subject", "it is of nobody", OF_NOBODY("subject")},
    {"subject", "it is no hash", NO_HASH("subject")},
    {"invitation", "nobody made it",
     "SELECT id FROM invitation WHERE maker <> 0 AND maker NOT IN "
     "(SELECT id FROM person WHERE merged_into IS NULL)"},
    {"invitation", "it is no hash", NO_HASH("invitation")},
    {"guest", "it is of nobody", OF_NOBODY("guest")},
    {"guest", "there is no such invitation",
     "SELECT rowid FROM guest WHERE invitation NOT IN (SELECT id FROM invitation)"},
    {"renaming", "it has no ident", "SELECT rowid FROM renaming WHERE length(ident) <> 16"},
    {"meta", "it says nothing of the instance's name",
     "SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM meta WHERE key = 'instance')"},
};

static const struct rule moderation_rules[] = {
    {"sanction", "there is no such kind", "SELECT id FROM sanction WHERE kind NOT BETWEEN 1 AND 4"},
    {"sanction", "its ident is none",
     "SELECT id FROM sanction WHERE ident IS NOT NULL AND length(ident) <> 16"},
    {"sanction", "its prefix is none",
     "SELECT id FROM sanction WHERE prefix IS NOT NULL AND (length(prefix) <> 16 OR "
     "prefix_bits NOT BETWEEN 1 AND 128)"},
    {"sanction", "it is both of a person and of addresses",
     "SELECT id FROM sanction WHERE ident IS NOT NULL AND prefix IS NOT NULL"},
    {"report", "there is no such kind", "SELECT id FROM report WHERE kind NOT BETWEEN 1 AND 3"},
    {"report", "it is closed and has no outcome, or the other way round",
     "SELECT id FROM report WHERE (closed_ms IS NULL) <> (outcome IS NULL)"},
};

struct looking {
    struct kolam_people_check *check;
    sqlite3 *db;
    const char *path;
    struct kolam_error *error;
};

static void complain(const struct looking *looking, const char *format, ...) KOLAM_PRINTF(2, 3);

static void complain(const struct looking *looking, const char *format, ...) {
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    looking->check->problem_count++;
    looking->check->problem(looking->check->ctx, text);
}

static void tell_damage(void *ctx, const char *table, int64_t row) {
    complain(ctx, "%s %" PRId64 ": its sum is wrong: the row is damaged, and counts as none", table,
             row);
}

/* Each row that a query gives, a line. */
static enum kolam_status each_row(const struct looking *looking, const char *query,
                                  const struct rule *rule) {
    sqlite3_stmt *rows = NULL;
    bool has_row = false;
    enum kolam_status status =
        kolam_sql_status(sqlite3_prepare_v2(looking->db, query, -1, &rows, NULL));
    while (status == KOLAM_OK && (status = kolam_sql_step(rows, &has_row)) == KOLAM_OK && has_row) {
        if (rule) {
            complain(looking, "%s %" PRId64 ": %s", rule->table,
                     (int64_t)sqlite3_column_int64(rows, 0), rule->words);
        } else {
            const char *text = (const char *)sqlite3_column_text(rows, 0);
            if (text && strcmp(text, "ok") != 0) {
                looking->check->is_index_wrong = true;
                complain(looking, "%.300s", text);
            }
        }
    }
    sqlite3_finalize(rows);
    return status;
}

/* What cannot be read on is a problem of the file; what cannot be read at all, of the disk or of memory, is an error. */
static enum kolam_status look(const struct looking *looking, const struct rule *rules,
                              size_t count) {
    struct kolam_sums sums;
    enum kolam_status status = each_row(looking, "PRAGMA main.integrity_check(100)", NULL);
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(looking->db, "PRAGMA query_only = 0");
    }
    if (status == KOLAM_OK) {
        status = kolam_sums_begin(&sums, looking->db, false);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(looking->db, "PRAGMA query_only = 1");
    }
    if (status == KOLAM_OK) {
        kolam_sums_tell(&sums, tell_damage, (void *)(uintptr_t)looking);
        status = kolam_sums_look(&sums, &looking->check->row_count);
    }
    for (size_t i = 0; i < count && status == KOLAM_OK; i++) {
        status = each_row(looking, rules[i].query, &rules[i]);
    }
    if (status == KOLAM_ERR_CORRUPT) {
        looking->check->is_index_wrong = true;
        complain(looking, "it cannot be read on: %s", sqlite3_errmsg(looking->db));
        return KOLAM_OK;
    }
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(looking->error, status, "%s: cannot be read: %s",
                                           looking->path, sqlite3_errmsg(looking->db));
}

/* Rows of an older version have no sums, and what they name may be elsewhere: the file's build alone. */
static enum kolam_status check_file(const char *path, const struct kolam_schema *schema,
                                    const struct rule *rules, size_t count,
                                    struct kolam_people_check *check, struct kolam_error *error) {
    struct looking looking = {.check = check, .path = path, .error = error};
    int64_t version = 0;
    check->row_count = check->problem_count = 0;
    check->is_index_wrong = false;
    enum kolam_status status = kolam_reader_open_as(path, schema, 1, &looking.db, error);
    if (status != KOLAM_OK) {
        return status;
    }
    /* One moment, while a server goes on. */
    status = kolam_sql_exec(looking.db, "PRAGMA temp_store = MEMORY; BEGIN");
    if (status == KOLAM_OK) {
        status = kolam_sql_int64(looking.db, "PRAGMA user_version", &version);
    }
    status =
        status == KOLAM_OK
            ? look(&looking, rules, version == (int64_t)schema->version ? count : 0)
            : kolam_fail(error, status, "%s: cannot be read: %s", path, sqlite3_errmsg(looking.db));
    sqlite3_close(looking.db);
    return status;
}

enum kolam_status kolam_identity_check(const char *path, struct kolam_people_check *check,
                                       struct kolam_error *error) {
    return check_file(path, &kolam_schema_identity, identity_rules,
                      sizeof identity_rules / sizeof identity_rules[0], check, error);
}

enum kolam_status kolam_moderation_check(const char *path, struct kolam_people_check *check,
                                         struct kolam_error *error) {
    return check_file(path, &kolam_schema_moderation, moderation_rules,
                      sizeof moderation_rules / sizeof moderation_rules[0], check, error);
}
