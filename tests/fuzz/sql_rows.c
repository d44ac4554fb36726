/* See sql_rows.h. What SQLite refuses is not there. */
#include "sql_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "tiles/sql.h"

#define COMMANDS_MAX 24
#define FILE_BYTES_MAX (1u << 20)

struct input {
    const uint8_t *at, *end;
};

static uint8_t next(struct input *input) {
    return input->at < input->end ? *input->at++ : 0;
}

static int64_t next_int64(struct input *input) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value = value << 8 | next(input);
    }
    return (int64_t)value;
}

/* A value of any type, borrowed from the input. */
static void bind_next(struct input *input, sqlite3_stmt *statement, int column) {
    static const int64_t odd[] = {0, 1, 2, 3, -1, INT64_MIN, INT64_MAX, 24, 1ll << 32};
    uint8_t type = next(input);
    size_t size = next(input), left = (size_t)(input->end - input->at);
    size = size < left ? size : left;
    switch (type % 6) {
    case 0:
        (void)sqlite3_bind_int64(statement, column, odd[size % (sizeof odd / sizeof odd[0])]);
        return;
    case 1:
        (void)sqlite3_bind_int64(statement, column, next_int64(input));
        return;
    case 2:
        (void)sqlite3_bind_text(statement, column, (const char *)input->at, (int)size,
                                SQLITE_TRANSIENT);
        break;
    case 3:
        (void)sqlite3_bind_double(statement, column, (double)next_int64(input) * 1e-3);
        return;
    case 4:
        (void)sqlite3_bind_null(statement, column);
        return;
    default:
        (void)sqlite3_bind_blob(statement, column, input->at, (int)size, SQLITE_TRANSIENT);
        break;
    }
    input->at += size;
}

static void run_command(const struct sql_rows *rows, struct input *input, sqlite3 *db) {
    const uint8_t which = next(input);
    const bool is_row = which % 2 == 0;
    const char *text = is_row ? rows->inserts[which / 2 % rows->insert_count]
                              : rows->changes[which / 2 % rows->change_count];
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK) {
        return;
    }
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); i++) {
        bind_next(input, statement, i);
    }
    (void)sqlite3_step(statement);
    sqlite3_finalize(statement);
}

void sql_rows_put(const struct sql_rows *rows, const char *path, const uint8_t *bytes,
                  size_t size_bytes) {
    struct input input = {bytes, bytes + size_bytes};
    sqlite3 *db;
    if (sqlite3_open(path, &db) != SQLITE_OK) {
        abort();
    }
    (void)sqlite3_exec(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; BEGIN", NULL, NULL,
                       NULL);
    for (int i = 0; i < COMMANDS_MAX && input.at < input.end; i++) {
        run_command(rows, &input, db);
    }
    (void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
}

uint8_t *sql_rows_take_file(const char *path, size_t *out_size_bytes) {
    sqlite3 *db;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK) {
        abort();
    }
    sqlite3_close(db);
    FILE *file = fopen(path, "rbe");
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    if (!file || !bytes) {
        abort();
    }
    *out_size_bytes = fread(bytes, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    return bytes;
}
