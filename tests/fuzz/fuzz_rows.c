/* A .kolam file that SQLite finds sound and whose rows say anything: each command of the input puts one row into one table of a
 * small canvas, or says something about the schema; then it is used as any other. */
#include "canvas_probe.h"
#include "sql_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static const char *const inserts[] = {
    "INSERT OR REPLACE INTO meta VALUES (?, ?)",
    "INSERT OR REPLACE INTO artist VALUES (?, ?, ?)",
    "INSERT OR REPLACE INTO origin VALUES (?, ?, ?)",
    ("INSERT OR REPLACE INTO op (seq, time_ms, artist, origin, counter, kind, is_partial, "
     "replaces, "
     "body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    "INSERT OR REPLACE INTO home VALUES (?, ?, ?, ?, ?, ?)",
    "INSERT OR REPLACE INTO node VALUES (?, ?, ?)",
    "INSERT OR REPLACE INTO base VALUES (?, ?, ?, ?, ?, ?)",
    "INSERT OR REPLACE INTO base_id VALUES (?, ?, ?, ?, ?, ?)",
    "INSERT OR REPLACE INTO base_record VALUES (?, ?, ?, ?)",
    "INSERT OR REPLACE INTO hider VALUES (?, ?)",
};

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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static const struct sql_rows rows = {.inserts = inserts,
                                         .changes = changes,
                                         .insert_count = sizeof inserts / sizeof inserts[0],
                                         .change_count = sizeof changes / sizeof changes[0]};
    static const char *path;
    static uint8_t *file;
    static size_t file_bytes;
    if (!path) { /* four strokes, two of them hidden */
        path = probe_path("rows.kolam");
        for (int i = 0; i < 4; i++) {
            probe_append(path);
        }
        file = sql_rows_take_file(path, &file_bytes);
    }
    probe_write(path, file, file_bytes);
    sql_rows_put(&rows, path, bytes, size_bytes);
    probe_canvas(path, size_bytes);
    probe_remove(path);
    return 0;
}
