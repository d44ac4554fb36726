/* Copies of files in use. SQLite's own online copy takes a file as a whole; what a canvas's log has more than an earlier copy is
 * read row by row, from one moment, and indexed anew from its ops, which is what makes the index: so nothing but the log is
 * trusted, and an incremental copy costs what is new. */
#include "kolam/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "canvas_index.h"
#include "canvas_open.h"
#include "kolam/alloc.h"
#include "kolam/compact.h"
#include "reader_open.h"

#define COPY_PAGES 1024 /* 4 MB between two looks at whether to go on */
#define COLUMNS_MAX 32

enum kolam_status kolam_backup_sync(const char *path, struct kolam_error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fsync(fd) == 0) {
        (void)close(fd);
        return KOLAM_OK;
    }
    int system_error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    return kolam_fail(error, system_error == ENOSPC ? KOLAM_ERR_FULL : KOLAM_ERR_IO,
                      "%s: cannot be synced: %s", path, strerror(system_error));
}

static bool goes_on(const struct kolam_backup_options *options, uint64_t done, uint64_t all) {
    return !options->progress || options->progress(options->progress_ctx, done, all);
}

/* ---- whole files ---- */

static enum kolam_status make_file(const char *path, bool is_private, struct kolam_error *error) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, is_private ? 0600 : 0666);
    if (fd < 0) {
        enum kolam_status status = errno == ENOSPC   ? KOLAM_ERR_FULL
                                   : errno == EEXIST ? KOLAM_ERR_EXISTS
                                                     : KOLAM_ERR_IO;
        return kolam_fail(error, status, "%s: cannot be made: %s", path, strerror(errno));
    }
    (void)close(fd);
    return KOLAM_OK;
}

/* One moment of the source: a transaction of reading, in which its pages stay what they are. */
static enum kolam_status pin(sqlite3 *db) {
    int64_t count;
    enum kolam_status status = kolam_sql_exec(db, "BEGIN");
    return status == KOLAM_OK ? kolam_sql_int64(db, "SELECT count(*) FROM sqlite_schema", &count)
                              : status;
}

static enum kolam_status copy_pages(const struct kolam_backup_options *options, sqlite3 *from,
                                    sqlite3 *to, struct kolam_error *error) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup) {
        return kolam_sql_fail(error, to, sqlite3_extended_errcode(to), options->copy_path,
                              "cannot be written");
    }
    int result;
    enum kolam_status status = KOLAM_OK;
    do {
        result = sqlite3_backup_step(backup, COPY_PAGES);
        const int all = sqlite3_backup_pagecount(backup);
        const int rest = sqlite3_backup_remaining(backup);
        if (result == SQLITE_OK && !goes_on(options, (uint64_t)(all - rest), (uint64_t)all)) {
            status = kolam_fail(error, KOLAM_ERR_CLOSED, "interrupted");
        }
    } while (result == SQLITE_OK && status == KOLAM_OK);
    int finished = sqlite3_backup_finish(backup);
    if (status == KOLAM_OK && result != SQLITE_DONE) {
        status = kolam_sql_fail(error, NULL, result, options->path, "cannot be copied");
    }
    if (status == KOLAM_OK && finished != SQLITE_OK) {
        status = kolam_sql_fail(error, to, finished, options->copy_path, "cannot be written");
    }
    return status;
}

static enum kolam_status copy_pinned(const struct kolam_backup_options *options, sqlite3 *from,
                                     bool is_private, struct kolam_error *error) {
    sqlite3 *to = NULL;
    enum kolam_status status = make_file(options->copy_path, is_private, error);
    if (status == KOLAM_OK) {
        status = kolam_sql_open(options->copy_path, SQLITE_OPEN_READWRITE, &to, error);
    }
    if (status == KOLAM_OK) {
        /* Nothing has to survive half a copy: it is synced once, when it is whole. */
        status = kolam_sql_exec(to, "PRAGMA synchronous = OFF; PRAGMA cache_size = -8192");
        status = status == KOLAM_OK ? copy_pages(options, from, to, error) : status;
    }
    sqlite3_close(to);
    return status == KOLAM_OK ? kolam_backup_sync(options->copy_path, error) : status;
}

enum kolam_status kolam_backup_copy(const struct kolam_backup_options *options, bool is_private,
                                    struct kolam_error *error) {
    sqlite3 *from = NULL;
    if (access(options->path, F_OK) != 0) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "%s: %s", options->path, strerror(errno));
    }
    enum kolam_status status = kolam_sql_open(options->path, SQLITE_OPEN_READWRITE, &from, error);
    if (status == KOLAM_OK) {
        status = pin(from);
        if (status != KOLAM_OK) {
            (void)kolam_sql_fail(error, from, sqlite3_extended_errcode(from), options->path,
                                 "cannot be read");
        }
    }
    if (status == KOLAM_OK) {
        status = copy_pinned(options, from, is_private, error);
        if (status != KOLAM_OK && status != KOLAM_ERR_EXISTS) {
            kolam_compact_discard(options->copy_path);
        }
    }
    sqlite3_close(from);
    return status;
}

/* ---- appending ---- */

struct appending {
    const struct kolam_backup_options *options;
    sqlite3 *from, *to;
    int64_t last_seq, new_seq; /* of the copy, of the canvas */
    struct kolam_error *error;
};

static enum kolam_status refuse(const struct appending *appending, const char *why) {
    return kolam_fail(appending->error, KOLAM_ERR_GONE, "%s: %s", appending->options->copy_path,
                      why);
}

/* The same number in both, where a row may be missing, which is 0. */
static enum kolam_status both_say(const struct appending *appending, const char *text,
                                  int64_t out_values[2]) {
    sqlite3 *const dbs[2] = {appending->from, appending->to};
    for (int i = 0; i < 2; i++) {
        out_values[i] = 0;
        enum kolam_status status = kolam_sql_int64(dbs[i], text, &out_values[i]);
        if (status != KOLAM_OK && status != KOLAM_ERR_NOT_FOUND) {
            return kolam_fail(appending->error, status, "%s: cannot be read: %s",
                              i == 0 ? appending->options->path : appending->options->copy_path,
                              sqlite3_errmsg(dbs[i]));
        }
    }
    return KOLAM_OK;
}

/* What has to be equal, and what is said if it is not. */
static const struct {
    const char *text, *why;
} kinships[] = {
    {"PRAGMA user_version", "the two files have different formats"},
    {"SELECT value FROM meta WHERE key = 'incarnation'", "it is of another incarnation"},
    {"SELECT value FROM meta WHERE key = 'base_seq'", "history was flattened since"},
    {"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('meta', 'artist', "
     "'origin', 'op', 'home', 'node', 'base', 'base_id', 'base_record', 'hider', "
     "'_litestream_seq', "
     "'_litestream_lock')",
     "a table is there that is not known here"},
    {"SELECT group_concat(name) = 'number,ident,name' FROM pragma_table_info('artist')",
     "the two files have different formats"},
};

/* Row by row, all columns: a fingerprint of the ops from `first` to `last`. */
static enum kolam_status sum_ops(sqlite3 *db, int64_t first, int64_t last, uint64_t *out_sum) {
    sqlite3_stmt *each = NULL;
    bool has_row = false;
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    enum kolam_status status =
        kolam_sql_prepare(db, "SELECT * FROM op WHERE seq BETWEEN ? AND ? ORDER BY seq", &each);
    if (status == KOLAM_OK) {
        (void)sqlite3_bind_int64(each, 1, first);
        (void)sqlite3_bind_int64(each, 2, last);
        status = kolam_sql_step(each, &has_row);
    }
    while (status == KOLAM_OK && has_row) {
        for (int i = 0; i < sqlite3_column_count(each); i++) {
            const uint8_t *bytes = sqlite3_column_blob(each, i); /* numbers as their digits */
            const int size = sqlite3_column_bytes(each, i);
            for (int j = 0; j < size; j++) {
                sum = (sum ^ bytes[j]) * UINT64_C(0x100000001b3);
            }
            sum = (sum ^ 0x100) * UINT64_C(0x100000001b3);
        }
        status = kolam_sql_step(each, &has_row);
    }
    sqlite3_finalize(each);
    *out_sum = sum;
    return status;
}

static enum kolam_status compare_sums(const struct appending *appending, int64_t first,
                                      int64_t last, bool *out_is_equal) {
    uint64_t from_sum = 0;
    uint64_t to_sum = 1;
    enum kolam_status status = sum_ops(appending->from, first, last, &from_sum);
    if (status == KOLAM_OK) {
        status = sum_ops(appending->to, first, last, &to_sum);
    }
    *out_is_equal = status == KOLAM_OK && from_sum == to_sum;
    return status == KOLAM_OK
               ? KOLAM_OK
               : kolam_fail(appending->error, status, "%s: cannot be compared: %s",
                            appending->options->copy_path, kolam_status_text(status));
}

/* An earlier state of this very canvas: its newest op is one of the canvas's, byte for byte. */
static enum kolam_status check_kinship(struct appending *appending) {
    int64_t values[2];
    enum kolam_status status = KOLAM_OK;
    bool is_equal = true;
    for (size_t i = 0; i < sizeof kinships / sizeof kinships[0] && status == KOLAM_OK; i++) {
        status = both_say(appending, kinships[i].text, values);
        if (status == KOLAM_OK && values[0] != values[1]) {
            return refuse(appending, kinships[i].why);
        }
    }
    if (status == KOLAM_OK) {
        status = both_say(appending, "SELECT max(seq) FROM op", values);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    appending->new_seq = values[0];
    appending->last_seq = values[1];
    if (appending->last_seq > appending->new_seq) {
        return refuse(appending, "it has more than the canvas");
    }
    status = compare_sums(appending, appending->last_seq, appending->last_seq, &is_equal);
    return status == KOLAM_OK && !is_equal ? refuse(appending, "its newest op is another") : status;
}

/* "INSERT INTO <table> VALUES (?, ?, ...)<rest>" for as many columns as `select` gives. */
static enum kolam_status prepare_insert(sqlite3 *db, const char *table, const char *rest,
                                        sqlite3_stmt *select, sqlite3_stmt **out_insert) {
    char text[320], marks[3 * COLUMNS_MAX] = "?";
    const int count = sqlite3_column_count(select);
    if (count < 1 || count > COLUMNS_MAX) {
        return KOLAM_ERR_CORRUPT;
    }
    for (int i = 1; i < count; i++) {
        (void)strcat(marks, ",?");
    }
    (void)snprintf(text, sizeof text, "INSERT INTO %s VALUES (%s)%s", table, marks, rest);
    return kolam_sql_prepare(db, text, out_insert);
}

static enum kolam_status copy_row(sqlite3_stmt *select, sqlite3_stmt *insert) {
    int count = sqlite3_column_count(select);
    for (int i = 0; i < count; i++) {
        if (sqlite3_bind_value(insert, i + 1, sqlite3_column_value(select, i)) != SQLITE_OK) {
            return KOLAM_ERR_NOMEM;
        }
    }
    return kolam_sql_run(insert);
}

/* `select` may have one parameter: rows after that number. */
struct rows {
    const char *table, *select, *rest, *after;
};

static enum kolam_status append_rows(struct appending *appending, const struct rows *rows) {
    sqlite3_stmt *select = NULL, *insert = NULL;
    bool has_row = false;
    int64_t after = 0;
    uint64_t done = 0;
    enum kolam_status status = kolam_sql_prepare(appending->from, rows->select, &select);
    if (status == KOLAM_OK) {
        status = prepare_insert(appending->to, rows->table, rows->rest, select, &insert);
    }
    if (status == KOLAM_OK && rows->after) {
        status = kolam_sql_int64(appending->to, rows->after, &after);
    }
    if (status == KOLAM_OK) {
        (void)sqlite3_bind_int64(select, 1, after);
        status = kolam_sql_step(select, &has_row);
    }
    while (status == KOLAM_OK && has_row) {
        status = copy_row(select, insert);
        if (status == KOLAM_OK && ++done % 1024 == 0 &&
            !goes_on(appending->options, done,
                     (uint64_t)(appending->new_seq - appending->last_seq))) {
            status = KOLAM_ERR_CLOSED;
        }
        if (status == KOLAM_OK) {
            status = kolam_sql_step(select, &has_row);
        }
    }
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return status;
}

static const struct rows appended[] = {
    {"artist", "SELECT number, ident, name FROM artist",
     " ON CONFLICT (number) DO UPDATE SET ident = excluded.ident, name = excluded.name "
     "WHERE ident IS NOT excluded.ident OR name IS NOT excluded.name",
     NULL},
    {"origin", "SELECT * FROM origin WHERE id > ?", "", "SELECT ifnull(max(id), 0) FROM origin"},
    {"op", "SELECT * FROM op WHERE seq > ? ORDER BY seq", "", "SELECT ifnull(max(seq), 0) FROM op"},
    {"meta", "SELECT key, value FROM meta",
     " ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value",
     NULL},
};

static enum kolam_status write_rows(struct appending *appending) {
    struct kolam_canvas_extent unused = {.level_bits = 0}; /* `meta` has it */
    enum kolam_status status = kolam_sql_exec(appending->to, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < sizeof appended / sizeof appended[0] && status == KOLAM_OK; i++) {
        status = append_rows(appending, &appended[i]);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_index_ops(appending->to, (uint64_t)appending->last_seq, &unused);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(appending->to, "COMMIT");
    }
    return status == KOLAM_OK
               ? KOLAM_OK
               : kolam_fail(appending->error, status, "%s: cannot be taken further: %s",
                            appending->options->copy_path,
                            status == KOLAM_ERR_CLOSED ? "interrupted"
                                                       : sqlite3_errmsg(appending->to));
}

static enum kolam_status append(struct appending *appending) {
    bool is_equal = true;
    enum kolam_status status = check_kinship(appending);
    if (status == KOLAM_OK) {
        status = write_rows(appending);
    }
    if (status == KOLAM_OK) {
        status = compare_sums(appending, appending->last_seq + 1, appending->new_seq, &is_equal);
    }
    return status == KOLAM_OK && !is_equal
               ? kolam_fail(appending->error, KOLAM_ERR_CORRUPT,
                            "%s: what was written is not what was read: do not rely on this disk",
                            appending->options->copy_path)
               : status;
}

enum kolam_status kolam_backup_append(const struct kolam_backup_options *options,
                                      uint64_t *out_count, struct kolam_error *error) {
    struct appending appending = {.options = options, .error = error};
    enum kolam_status status = kolam_reader_open(options->path, &appending.from, error);
    if (status == KOLAM_OK) {
        status = pin(appending.from);
        if (status != KOLAM_OK) {
            (void)kolam_fail(error, status, "%s: cannot be read: %s", options->path,
                             sqlite3_errmsg(appending.from));
        }
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_open(options->copy_path, SQLITE_OPEN_READWRITE, &appending.to, error);
    }
    if (status == KOLAM_OK) {
        /* EXTRA: outside of WAL mode the last thing a commit does is to remove its journal, and a power cut might bring
         * that back, and take the commit back. */
        status = kolam_sql_exec(appending.to, "PRAGMA synchronous = EXTRA; "
                                              "PRAGMA cell_size_check = 1; "
                                              "PRAGMA cache_size = -16384");
        status = status == KOLAM_OK ? append(&appending) : refuse(&appending, "it cannot be read");
    }
    sqlite3_close(appending.from);
    sqlite3_close(appending.to); /* rolls back what was not committed, checkpoints what was */
    if (status == KOLAM_OK) {
        *out_count = (uint64_t)(appending.new_seq - appending.last_seq);
    }
    return status;
}
