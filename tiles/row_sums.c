/* See row_sums.h. A sum is the CRC-32 (zlib's, held as a signed number) of the table's name and each column's value: its type (SQLite's
 * number of it), its size as 4 bytes, little-endian, and its bytes, an integer as 8. */
#include "row_sums.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define ARGUMENTS_MAX 100 /* both of a report, before and after */

/* ---- the functions ---- */

static uLong add_number(uLong sum, uint64_t value, uInt size_bytes) {
    uint8_t bytes[8];
    for (uInt i = 0; i < size_bytes; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
    return crc32(sum, bytes, size_bytes);
}

static uLong add_value(uLong sum, sqlite3_value *value) {
    const int type = sqlite3_value_type(value);
    sum = add_number(sum, (uint64_t)type, 1);
    if (type == SQLITE_NULL) {
        return sum;
    }
    if (type == SQLITE_INTEGER) {
        return add_number(add_number(sum, 8, 4), (uint64_t)sqlite3_value_int64(value), 8);
    }
    /* Text as it is stored, UTF-8; a real number (there is none) as its text. */
    const void *bytes =
        type == SQLITE_BLOB ? sqlite3_value_blob(value) : (const void *)sqlite3_value_text(value);
    const int size_bytes = sqlite3_value_bytes(value);
    sum = add_number(sum, (uint64_t)(uint32_t)size_bytes, 4);
    return bytes && size_bytes > 0 ? crc32(sum, bytes, (uInt)size_bytes) : sum;
}

static uint32_t sum_of(sqlite3_value *table, int count, sqlite3_value **values) {
    uLong sum = add_value(0, table);
    for (int i = 0; i < count; i++) {
        sum = add_value(sum, values[i]);
    }
    return (uint32_t)sum;
}

/* row_sum(table, columns...) */
static void row_sum(sqlite3_context *context, int count, sqlite3_value **values) {
    sqlite3_result_int64(context, (int32_t)sum_of(values[0], count - 1, values + 1));
}

/* row_sum_again(table, sum, columns before..., columns after...): what was wrong is as wrong as it was. */
static void row_sum_again(sqlite3_context *context, int count, sqlite3_value **values) {
    const int columns = (count - 2) / 2;
    const uint32_t before = sum_of(values[0], columns, values + 2);
    const uint32_t after = sum_of(values[0], columns, values + 2 + columns);
    const int64_t stored = sqlite3_value_int64(values[1]);
    const bool is_sum =
        sqlite3_value_type(values[1]) == SQLITE_INTEGER && stored == (int32_t)stored;
    sqlite3_result_int64(context, (int32_t)(after ^ (is_sum ? (uint32_t)stored ^ before : 1)));
}

static bool is_known(const struct kolam_sums *sums, const char *table, int64_t row) {
    for (unsigned i = 0; i < sums->known_count; i++) {
        if (sums->known[i].row == row && strcmp(sums->known[i].table, table) == 0) {
            return true;
        }
    }
    return false;
}

static void note(struct kolam_sums *sums, const char *table, int64_t row) {
    sums->met++;
    if (is_known(sums, table, row)) {
        return;
    }
    const unsigned at = sums->known_count;
    if (at < KOLAM_SUMS_KNOWN_MAX) {
        (void)snprintf(sums->known[at].table, sizeof sums->known[at].table, "%s", table);
        sums->known[at].row = row;
        sums->known_count = at + 1;
    }
    if (sums->tell) {
        sums->tell(sums->ctx, table, row);
    }
}

/* The row by itself. SQLite puts what a column is asked to equal in the column's place everywhere in a WHERE, so that row_is_sound may
 * be asked about a row that is not wanted with a value that is not its own. */
static int judge_alone(struct kolam_sums *sums, const char *table, int64_t row,
                       bool *out_is_sound) {
    sqlite3_stmt *alone = NULL;
    char *text = sqlite3_mprintf("SELECT is_sound FROM %ss_alone WHERE row_number = ?", table);
    int result = text ? sqlite3_prepare_v2(sums->db, text, -1, &alone, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    if (result == SQLITE_OK) {
        result = sqlite3_bind_int64(alone, 1, row);
    }
    if (result == SQLITE_OK) {
        result = sqlite3_step(alone);
    }
    *out_is_sound = result == SQLITE_ROW && sqlite3_column_int(alone, 0) != 0;
    sqlite3_finalize(alone);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static bool is_sum_of(sqlite3_value *sum, uint32_t value) {
    return sqlite3_value_type(sum) == SQLITE_INTEGER && sqlite3_value_int64(sum) == (int32_t)value;
}

/* row_is_sound(table, row, sum, columns...): as a condition; a damaged one is noted. */
static void row_is_sound(sqlite3_context *context, int count, sqlite3_value **values) {
    struct kolam_sums *sums = sqlite3_user_data(context);
    const bool is_sound = is_sum_of(values[2], sum_of(values[0], count - 3, values + 3));
    const char *table = (const char *)sqlite3_value_text(values[0]);
    const int64_t row = sqlite3_value_int64(values[1]);
    bool is_sound_alone = false;
    sums->judged++;
    if (!is_sound) {
        const int result = table ? judge_alone(sums, table, row, &is_sound_alone) : SQLITE_NOMEM;
        if (result != SQLITE_OK) {
            sqlite3_result_error_code(context, result);
            return;
        }
        if (!is_sound_alone) {
            note(sums, table, row);
        }
    }
    sqlite3_result_int(context, is_sound);
}

static int add_function(struct kolam_sums *sums, const char *name,
                        void (*function)(sqlite3_context *, int, sqlite3_value **)) {
    return sqlite3_create_function(sums->db, name, -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, sums,
                                   function, NULL, NULL);
}

/* ---- what is made for each table ---- */

/* Calls `make` with the name and columns ("{a, {b, {c", a brace where a prefix comes) of each table that has sums. */
typedef enum kolam_status each_table(struct kolam_sums *sums, const char *table,
                                     const char *columns);

#define TABLES                                                                                     \
    "SELECT name, (SELECT group_concat('{' || name, ', ') FROM pragma_table_info(made.name) "      \
    "WHERE name <> 'sum') FROM main.sqlite_schema AS made WHERE type = 'table' AND EXISTS "        \
    "(SELECT 1 FROM pragma_table_info(made.name) WHERE name = 'sum') ORDER BY name"

static enum kolam_status for_each_table(struct kolam_sums *sums, each_table *make) {
    sqlite3_stmt *tables = NULL;
    bool has_row = false;
    enum kolam_status status =
        kolam_sql_status(sqlite3_prepare_v2(sums->db, TABLES, -1, &tables, NULL));
    while (status == KOLAM_OK && (status = kolam_sql_step(tables, &has_row)) == KOLAM_OK &&
           has_row) {
        const char *table = (const char *)sqlite3_column_text(tables, 0);
        const char *columns = (const char *)sqlite3_column_text(tables, 1);
        status = table && columns ? make(sums, table, columns) : KOLAM_ERR_NOMEM;
    }
    sqlite3_finalize(tables);
    return status;
}

/* `pattern` with # for the table's name, $ for its columns, and < and > for them before and after a change. */
static enum kolam_status run_pattern(struct kolam_sums *sums, const char *pattern,
                                     const char *table, const char *columns) {
    sqlite3_str *text = sqlite3_str_new(sums->db);
    for (const char *at = pattern; *at; at++) {
        const char *prefix = *at == '<' ? "old." : *at == '>' ? "new." : "";
        if (*at == '#') {
            sqlite3_str_appendall(text, table);
        } else if (*at == '$' || *at == '<' || *at == '>') {
            for (const char *from = columns; *from; from++) {
                if (*from == '{') {
                    sqlite3_str_appendall(text, prefix);
                } else {
                    sqlite3_str_appendchar(text, 1, *from);
                }
            }
        } else {
            sqlite3_str_appendchar(text, 1, *at);
        }
    }
    char *made = sqlite3_str_finish(text);
    const enum kolam_status status = made ? kolam_sql_exec(sums->db, made) : KOLAM_ERR_NOMEM;
    sqlite3_free(made);
    return status;
}

static enum kolam_status make_view(struct kolam_sums *sums, const char *table,
                                   const char *columns) {
    if (sums->table_count == KOLAM_SUMS_TABLES_MAX) {
        return KOLAM_ERR_FULL;
    }
    (void)snprintf(sums->tables[sums->table_count++], sizeof sums->tables[0], "%s", table);
    return run_pattern(sums,
                       "CREATE TEMP VIEW #s AS SELECT rowid AS row_number, $ FROM main.# "
                       "WHERE row_is_sound('#', rowid, sum, $);"
                       "CREATE TEMP VIEW #s_alone AS SELECT rowid AS row_number, "
                       "row_sum('#', $) IS sum AS is_sound FROM main.#",
                       table, columns);
}

static enum kolam_status make_triggers(struct kolam_sums *sums, const char *table,
                                       const char *columns) {
    enum kolam_status status =
        run_pattern(sums,
                    "CREATE TEMP TRIGGER #_made AFTER INSERT ON main.# BEGIN "
                    "UPDATE # SET sum = row_sum('#', >) WHERE rowid = new.rowid; END",
                    table, columns);
    /* "Of" all but the sum: what a trigger writes calls none. */
    return status == KOLAM_OK
               ? run_pattern(sums,
                             "CREATE TEMP TRIGGER #_changed AFTER UPDATE OF $ ON main.# BEGIN "
                             "UPDATE # SET sum = row_sum_again('#', old.sum, <, >) "
                             "WHERE rowid = new.rowid; END",
                             table, columns)
               : status;
}

static enum kolam_status fill_table(struct kolam_sums *sums, const char *table,
                                    const char *columns) {
    return run_pattern(sums, "UPDATE main.# SET sum = row_sum('#', $)", table, columns);
}

static enum kolam_status look_at_table(struct kolam_sums *sums, const char *table,
                                       const char *columns) {
    return run_pattern(sums, "SELECT count(*) FROM #s", table, columns);
}

/* ---- the connection ---- */

static int notice_reading(void *ctx, int action, const char *table, const char *column,
                          const char *schema, const char *view_or_trigger) {
    struct kolam_sums *sums = ctx;
    (void)column;
    (void)schema; /* not told where no column is asked for */
    for (uint32_t i = 0; action == SQLITE_READ && !view_or_trigger && i < sums->table_count; i++) {
        sums->reads_tables |= strcmp(table, sums->tables[i]) == 0;
    }
    return SQLITE_OK;
}

enum kolam_status kolam_sums_begin(struct kolam_sums *sums, sqlite3 *db, bool is_writing) {
    *sums = (struct kolam_sums){.db = db};
    (void)sqlite3_limit(db, SQLITE_LIMIT_FUNCTION_ARG, ARGUMENTS_MAX);
    int result = add_function(sums, "row_sum", row_sum);
    if (result == SQLITE_OK) {
        result = add_function(sums, "row_sum_again", row_sum_again);
    }
    if (result == SQLITE_OK) {
        result = add_function(sums, "row_is_sound", row_is_sound);
    }
    enum kolam_status status = kolam_sql_status(result);
    if (status == KOLAM_OK) {
        status = for_each_table(sums, make_view);
    }
    if (status == KOLAM_OK && is_writing) {
        status = for_each_table(sums, make_triggers);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_status(sqlite3_set_authorizer(db, notice_reading, sums));
    }
    return status;
}

enum kolam_status kolam_sums_fill(struct kolam_sums *sums) {
    return for_each_table(sums, fill_table);
}

enum kolam_status kolam_sums_look(struct kolam_sums *sums, uint64_t *out_rows) {
    const uint64_t before = sums->judged;
    const enum kolam_status status = for_each_table(sums, look_at_table);
    if (out_rows) {
        *out_rows = sums->judged - before;
    }
    return status;
}

static enum kolam_status are_indexes_right(struct kolam_sums *sums, bool *out_are) {
    sqlite3_stmt *check = NULL;
    bool has_row = false;
    enum kolam_status status = kolam_sql_status(
        sqlite3_prepare_v2(sums->db, "PRAGMA main.integrity_check(1)", -1, &check, NULL));
    if (status == KOLAM_OK) {
        status = kolam_sql_step(check, &has_row);
    }
    const char *text = has_row ? (const char *)sqlite3_column_text(check, 0) : NULL;
    *out_are = text && strcmp(text, "ok") == 0;
    sqlite3_finalize(check);
    return status;
}

enum kolam_status kolam_sums_open(struct kolam_sums *sums) {
    bool are_right = false;
    enum kolam_status status = kolam_sums_look(sums, NULL);
    const bool are_rows_sound = sums->known_count == 0;
    if (status == KOLAM_OK) {
        status = are_indexes_right(sums, &are_right);
    }
    if (status != KOLAM_OK || are_right) {
        return status;
    }
    note(sums, "index", 0);
    return are_rows_sound ? kolam_sql_exec(sums->db, "REINDEX") : KOLAM_OK;
}

void kolam_sums_tell(struct kolam_sums *sums, kolam_damage_tell *tell, void *ctx) {
    sums->tell = tell;
    sums->ctx = ctx;
    for (unsigned i = 0; i < sums->known_count; i++) {
        tell(ctx, sums->known[i].table, sums->known[i].row);
    }
}

enum kolam_status kolam_sums_prepare(struct kolam_sums *sums, const char *text, unsigned flags,
                                     sqlite3_stmt **out_statement) {
    sqlite3_stmt *statement = NULL;
    sums->reads_tables = false;
    enum kolam_status status =
        kolam_sql_status(sqlite3_prepare_v3(sums->db, text, -1, flags, &statement, NULL));
    if (status == KOLAM_OK && sums->reads_tables && sqlite3_stmt_readonly(statement)) {
        status = KOLAM_ERR_INVALID; /* our own mistake: it would take damaged rows as truth */
    }
    if (status != KOLAM_OK) {
        sqlite3_finalize(statement);
        return status;
    }
    *out_statement = statement;
    return KOLAM_OK;
}

enum kolam_status kolam_sums_find(struct kolam_sums *sums, sqlite3_stmt *statement,
                                  bool *out_has_row) {
    const uint64_t met = sums->met;
    const enum kolam_status status = kolam_sql_step(statement, out_has_row);
    return status == KOLAM_OK && !*out_has_row && sums->met != met ? KOLAM_ERR_CORRUPT : status;
}

enum kolam_status kolam_sums_meta_get(struct kolam_sums *sums, const char *key,
                                      int64_t *out_value) {
    sqlite3_stmt *row = NULL;
    bool has_row = false;
    enum kolam_status status =
        kolam_sums_prepare(sums, "SELECT value FROM metas WHERE key = ?", 0, &row);
    if (status == KOLAM_OK) {
        status = kolam_sql_bind_text(row, 1, key);
    }
    if (status == KOLAM_OK) {
        status = kolam_sums_find(sums, row, &has_row);
    }
    if (status == KOLAM_OK && has_row) {
        *out_value = sqlite3_column_int64(row, 0);
    }
    sqlite3_finalize(row);
    return status == KOLAM_OK && !has_row ? KOLAM_ERR_NOT_FOUND : status;
}
