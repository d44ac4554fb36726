/* A .kolam file that SQLite finds sound and whose rows say anything: each command of the input puts one row into one table of a
 * small canvas, or says something about the schema; then it is used as any other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas_probe.h"
#include "tiles/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define COMMANDS_MAX 24
#define COLUMNS_MAX 9

static const struct {
    const char *insert;
    int columns;
} tables[] = {
    {"INSERT OR REPLACE INTO meta VALUES (?, ?)", 2},
    {"INSERT OR REPLACE INTO artist VALUES (?, ?, ?)", 3},
    {"INSERT OR REPLACE INTO origin VALUES (?, ?, ?)", 3},
    {"INSERT OR REPLACE INTO op (seq, time_ms, artist, origin, counter, kind, is_partial, "
     "replaces, "
     "body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
     9},
    {"INSERT OR REPLACE INTO home VALUES (?, ?, ?, ?, ?, ?)", 6},
    {"INSERT OR REPLACE INTO node VALUES (?, ?, ?)", 3},
    {"INSERT OR REPLACE INTO base VALUES (?, ?, ?, ?, ?, ?)", 6},
    {"INSERT OR REPLACE INTO base_id VALUES (?, ?, ?, ?, ?, ?)", 6},
    {"INSERT OR REPLACE INTO base_record VALUES (?, ?, ?, ?)", 4},
    {"INSERT OR REPLACE INTO hider VALUES (?, ?)", 2},
};
#define TABLE_COUNT (sizeof tables / sizeof tables[0])

/* What the rows of a real canvas have in their place: an existing one is changed in one column. */
static const char *const changes[] = {
    "UPDATE op SET body = ? WHERE seq = 1",
    "UPDATE op SET seq = ? WHERE seq = 2",
    "UPDATE op SET kind = ? WHERE seq = 1",
    "UPDATE op SET replaces = ? WHERE seq = 3",
    "UPDATE op SET time_ms = ? WHERE seq = 2",
    "UPDATE op SET artist = ?",
    "UPDATE op SET origin = ?",
    "UPDATE home SET path = ? WHERE seq = 1",
    "UPDATE OR REPLACE home SET level = ?",
    "UPDATE OR REPLACE home SET seq = ?",
    "UPDATE OR REPLACE home SET target = ?",
    "UPDATE home SET kind = ? WHERE seq = 2",
    "UPDATE home SET box = ? WHERE seq = 1",
    "UPDATE node SET seq = ?",
    "UPDATE OR REPLACE node SET path = ?",
    "UPDATE artist SET ident = ?",
    "UPDATE artist SET name = ?",
    "UPDATE OR REPLACE artist SET number = ?",
    "UPDATE meta SET value = ? WHERE key = 'incarnation'",
    "UPDATE meta SET value = ? WHERE key = 'levels'",
    "UPDATE meta SET value = ? WHERE key = 'box_x0'",
    "UPDATE meta SET value = ? WHERE key = 'created_ms'",
    "INSERT OR REPLACE INTO meta VALUES ('base_seq', ?)",
    "INSERT OR REPLACE INTO meta VALUES ('base_time_ms', ?)",
    "INSERT OR REPLACE INTO meta VALUES ('base_levels', ?)",
    "INSERT OR REPLACE INTO meta VALUES ('base_raster', ?)",
    "DELETE FROM op WHERE seq <= ?",
    "DELETE FROM home WHERE seq = ?",
};
#define CHANGE_COUNT (sizeof changes / sizeof changes[0])

static uint8_t *template;
static size_t template_bytes;

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

static void run_command(struct input *input, sqlite3 *db) {
    uint8_t which = next(input);
    const bool is_row = which % 2 == 0;
    const char *text =
        is_row ? tables[which / 2 % TABLE_COUNT].insert : changes[which / 2 % CHANGE_COUNT];
    int count = is_row ? tables[which / 2 % TABLE_COUNT].columns : 1;
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK) {
        return;
    }
    for (int i = 1; i <= count; i++) {
        bind_next(input, statement, i);
    }
    (void)sqlite3_step(statement);
    sqlite3_finalize(statement);
}

/* Four strokes, two of them hidden, and read into memory. */
static void make_template(const char *path) {
    sqlite3 *db;
    for (int i = 0; i < 4; i++) {
        probe_append(path);
    }
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK) {
        abort();
    }
    sqlite3_close(db);
    FILE *file = fopen(path, "rbe");
    template = malloc(1 << 20);
    if (!file || !template) {
        abort();
    }
    template_bytes = fread(template, 1, 1 << 20, file);
    (void)fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static const char *path;
    struct input input = {bytes, bytes + size_bytes};
    sqlite3 *db;
    if (!path) {
        path = probe_path("rows.kolam");
        make_template(path);
    }
    probe_write(path, template, template_bytes);
    if (sqlite3_open(path, &db) != SQLITE_OK) {
        abort();
    }
    (void)sqlite3_exec(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; BEGIN", NULL, NULL,
                       NULL);
    for (int i = 0; i < COMMANDS_MAX && input.at < input.end; i++) {
        run_command(&input, db);
    }
    (void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
    probe_canvas(path, size_bytes % 32 == 31);
    probe_append(path);
    probe_remove(path);
    return 0;
}
