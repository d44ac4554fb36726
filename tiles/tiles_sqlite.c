/* NAME.tiles: derived pixels. Nothing in it is precious, so nothing about it is an error for anybody:
 * a tile that cannot be read is drawn again, and a file that is damaged, of another incarnation or of
 * another raster version is deleted and made anew. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include "kolam/alloc.h"
#include "kolam/ink.h"
#include "kolam/tile_store.h"
#include "sql.h"
#include "tile_codec.h"

enum statement {
    GET,
    PUT,
    RECALL,
    KEEP,
    COUNT_KEYFRAMES,
    THIN,
    EACH_SNAPSHOT,
    EACH_KEYFRAME,
    REMOVE,
    REMOVE_KEYFRAMES,
    STATEMENT_COUNT
};

#define HERE "level = ?1 AND x = ?2 AND y = ?3"

static const char *const statement_texts[STATEMENT_COUNT] = {
    [GET] =
        "SELECT seq, pixels, is_averaged, stroke_count, sum FROM tile WHERE " HERE " AND seq <= ?4",
    [PUT] = "INSERT INTO tile (level, x, y, seq, pixels, is_averaged, sum, stroke_count) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
            "ON CONFLICT (level, x, y) DO UPDATE SET seq = excluded.seq, pixels = excluded.pixels, "
            "is_averaged = excluded.is_averaged, stroke_count = excluded.stroke_count, sum = "
            "excluded.sum "
            "WHERE excluded.seq >= tile.seq",
    [RECALL] = "SELECT seq, pixels, is_averaged, 0, sum FROM keyframe WHERE " HERE
               " AND seq <= ?4 ORDER BY seq DESC LIMIT 1",
    [KEEP] = "INSERT OR IGNORE INTO keyframe (level, x, y, seq, pixels, is_averaged, sum) "
             "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [COUNT_KEYFRAMES] = "SELECT count(*) FROM keyframe WHERE " HERE,
    [THIN] =
        "DELETE FROM keyframe WHERE id = (SELECT id FROM (SELECT id, lead(seq) OVER in_order - "
        "lag(seq) OVER in_order AS gap FROM keyframe WHERE " HERE " WINDOW in_order AS (ORDER BY "
        "seq)) WHERE gap IS NOT NULL ORDER BY gap LIMIT 1)",
    [EACH_SNAPSHOT] = "SELECT level, x, y, seq FROM tile",
    [EACH_KEYFRAME] = "SELECT level, x, y, seq FROM keyframe",
    [REMOVE] = "DELETE FROM tile WHERE " HERE,
    [REMOVE_KEYFRAMES] = "DELETE FROM keyframe WHERE " HERE,
};

/* synchronous NORMAL: a power cut costs what was drawn last, and nothing else. Nobody waits for that but who writes the WAL
 * home, every 32 MB. */
static const char write_pragmas[] = "PRAGMA journal_mode = WAL;"
                                    "PRAGMA synchronous = NORMAL;"
                                    "PRAGMA wal_autocheckpoint = 8192;"
                                    "PRAGMA journal_size_limit = 67108864;"
                                    "PRAGMA cache_size = -4096;";
static const char read_pragmas[] = "PRAGMA query_only = 1; PRAGMA cache_size = -4096;";

struct sqlite_store {
    struct kolam_tile_store base;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct kolam_tile_codec *codec;
    bool is_read_only;
};

static struct sqlite_store *from_base(struct kolam_tile_store *store) {
    return (struct sqlite_store *)store; /* base is the first member */
}

static sqlite3_stmt *bind_tile(struct sqlite_store *store, enum statement which,
                               struct kolam_tile_id tile) {
    sqlite3_stmt *statement = store->statements[which];
    (void)sqlite3_bind_int(statement, 1, tile.level);
    (void)sqlite3_bind_int64(statement, 2, tile.x);
    (void)sqlite3_bind_int64(statement, 3, tile.y);
    return statement;
}

static enum kolam_status sqlite_remove(struct kolam_tile_store *base, struct kolam_tile_id tile) {
    struct sqlite_store *store = from_base(base);
    if (store->is_read_only) {
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_sql_run(bind_tile(store, REMOVE, tile));
    return status == KOLAM_OK ? kolam_sql_run(bind_tile(store, REMOVE_KEYFRAMES, tile)) : status;
}

/* Steps a GET or RECALL to its one row. */
static bool find_row(struct sqlite_store *store, enum statement which, struct kolam_tile_id tile,
                     uint64_t max_seq) {
    sqlite3_stmt *find = bind_tile(store, which, tile);
    bool has_row = false;
    (void)sqlite3_bind_int64(find, 4, max_seq > INT64_MAX ? INT64_MAX : (int64_t)max_seq);
    return kolam_sql_step(find, &has_row) == KOLAM_OK && has_row;
}

/* A CRC-32 over a row: which tile it is of as well, for a damaged index leads to another's. */
static int32_t sum_of(struct kolam_tile_id tile, const struct kolam_tile_picture *picture,
                      uint32_t stroke_count, const uint8_t *bytes, size_t size_bytes) {
    const uint64_t head[] = {(uint64_t)tile.level, (uint64_t)tile.x,     (uint64_t)tile.y,
                             picture->seq,         picture->is_averaged, (uint64_t)stroke_count};
    const uLong sum = crc32(0, (const Bytef *)head, sizeof head);
    return (int32_t)(uint32_t)crc32(sum, bytes, (uInt)size_bytes);
}

/* Reads the row that a GET or RECALL stands on, if it does, and resets it. */
static enum kolam_status read_picture(struct sqlite_store *store, enum statement which,
                                      bool has_row, struct kolam_tile_id tile,
                                      struct kolam_tile_picture *out_picture,
                                      uint32_t *out_pixels) {
    sqlite3_stmt *get = store->statements[which];
    struct kolam_tile_picture picture = {.seq = 0};
    enum kolam_status status = KOLAM_ERR_NOT_FOUND;
    bool is_damaged = false;
    if (has_row) {
        const uint8_t *bytes = sqlite3_column_blob(get, 1);
        size_t size_bytes = (size_t)sqlite3_column_bytes(get, 1);
        picture.seq = (uint64_t)sqlite3_column_int64(get, 0);
        picture.is_averaged = sqlite3_column_int(get, 2) != 0;
        picture.stroke_count = (uint32_t)sqlite3_column_int64(get, 3);
        is_damaged = !bytes ||
                     sqlite3_column_int(get, 4) !=
                         sum_of(tile, &picture, picture.stroke_count, bytes, size_bytes) ||
                     kolam_tile_codec_decode(store->codec, bytes, size_bytes, &picture.is_empty,
                                             out_pixels) != KOLAM_OK;
        if (!is_damaged) {
            *out_picture = picture;
            status = KOLAM_OK;
        }
    }
    (void)sqlite3_reset(get);
    if (is_damaged) {
        /* Its seq may be damaged as well, and keep newer pixels out. */
        (void)!sqlite_remove(&store->base, tile);
    }
    return status;
}

static enum kolam_status sqlite_get(struct kolam_tile_store *base, struct kolam_tile_id tile,
                                    struct kolam_tile_picture *out_picture, uint32_t *out_pixels) {
    struct sqlite_store *store = from_base(base);
    bool has_row = find_row(store, GET, tile, UINT64_MAX);
    return read_picture(store, GET, has_row, tile, out_picture, out_pixels);
}

/* The seqs are compared before anything is decoded: most of the time the snapshot is too new. */
static enum kolam_status sqlite_recall(struct kolam_tile_store *base, struct kolam_tile_id tile,
                                       uint64_t max_seq, struct kolam_tile_picture *out_picture,
                                       uint32_t *out_pixels) {
    struct sqlite_store *store = from_base(base);
    bool has_snapshot = find_row(store, GET, tile, max_seq);
    bool has_keyframe = find_row(store, RECALL, tile, max_seq);
    bool is_snapshot =
        has_snapshot && (!has_keyframe || sqlite3_column_int64(store->statements[GET], 0) >
                                              sqlite3_column_int64(store->statements[RECALL], 0));
    (void)sqlite3_reset(store->statements[is_snapshot ? RECALL : GET]);
    return is_snapshot ? read_picture(store, GET, true, tile, out_picture, out_pixels)
                       : read_picture(store, RECALL, has_keyframe, tile, out_picture, out_pixels);
}

/* Encodes, binds and runs a PUT or KEEP; a keyframe has no count. */
static enum kolam_status write_picture(struct sqlite_store *store, enum statement which,
                                       struct kolam_tile_id tile,
                                       const struct kolam_tile_picture *picture,
                                       const uint32_t *pixels) {
    sqlite3_stmt *put = bind_tile(store, which, tile);
    const uint32_t stroke_count = which == PUT ? picture->stroke_count : 0;
    const uint8_t *bytes;
    size_t size_bytes;
    enum kolam_status status = kolam_tile_codec_encode(
        store->codec, picture->is_empty ? NULL : pixels, &bytes, &size_bytes);
    if (status != KOLAM_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(put, 4, (int64_t)picture->seq);
    (void)sqlite3_bind_int(put, 6, picture->is_averaged);
    (void)sqlite3_bind_int(put, 7, sum_of(tile, picture, stroke_count, bytes, size_bytes));
    if (which == PUT) {
        (void)sqlite3_bind_int64(put, 8, stroke_count);
    }
    status = kolam_sql_bind_blob(put, 5, bytes, size_bytes);
    return status == KOLAM_OK ? kolam_sql_run(put) : status;
}

static enum kolam_status sqlite_put(struct kolam_tile_store *base, struct kolam_tile_id tile,
                                    const struct kolam_tile_picture *picture,
                                    const uint32_t *pixels) {
    struct sqlite_store *store = from_base(base);
    if (store->is_read_only) {
        return KOLAM_OK;
    }
    return write_picture(store, PUT, tile, picture, pixels);
}

static enum kolam_status thin_keyframes(struct sqlite_store *store, struct kolam_tile_id tile) {
    sqlite3_stmt *count = bind_tile(store, COUNT_KEYFRAMES, tile);
    bool has_row = false;
    enum kolam_status status = kolam_sql_step(count, &has_row);
    bool are_too_many =
        status == KOLAM_OK && has_row && sqlite3_column_int64(count, 0) > KOLAM_KEYFRAMES_MAX;
    (void)sqlite3_reset(count);
    return are_too_many ? kolam_sql_run(bind_tile(store, THIN, tile)) : status;
}

static enum kolam_status sqlite_keep(struct kolam_tile_store *base, struct kolam_tile_id tile,
                                     const struct kolam_tile_picture *picture,
                                     const uint32_t *pixels) {
    struct sqlite_store *store = from_base(base);
    if (store->is_read_only) {
        return KOLAM_OK;
    }
    enum kolam_status status = write_picture(store, KEEP, tile, picture, pixels);
    return status == KOLAM_OK ? thin_keyframes(store, tile) : status;
}

static enum kolam_status sqlite_each(struct kolam_tile_store *base, enum kolam_tile_kind kind,
                                     kolam_tile_visit *visit, void *ctx) {
    sqlite3_stmt *each =
        from_base(base)->statements[kind == KOLAM_TILE_SNAPSHOT ? EACH_SNAPSHOT : EACH_KEYFRAME];
    bool goes_on = true;
    enum kolam_status status = kolam_sql_step(each, &goes_on);
    while (status == KOLAM_OK && goes_on) {
        struct kolam_tile_id tile = {.level = sqlite3_column_int(each, 0),
                                     .x = sqlite3_column_int64(each, 1),
                                     .y = sqlite3_column_int64(each, 2)};
        uint64_t seq = (uint64_t)sqlite3_column_int64(each, 3);
        if (!visit(ctx, tile, seq)) {
            break;
        }
        status = kolam_sql_step(each, &goes_on);
    }
    (void)sqlite3_reset(each);
    return status;
}

static void close_db(struct sqlite_store *store) {
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    sqlite3_close(store->db);
    store->db = NULL;
}

static void sqlite_destroy(struct kolam_tile_store *base) {
    struct sqlite_store *store = from_base(base);
    close_db(store);
    kolam_tile_codec_destroy(store->codec);
    kolam_free(store);
}

static const struct kolam_tile_store_ops sqlite_ops = {
    .destroy = sqlite_destroy,
    .get = sqlite_get,
    .put = sqlite_put,
    .recall = sqlite_recall,
    .keep = sqlite_keep,
    .each = sqlite_each,
    .remove = sqlite_remove,
};

/* Creates the tables in an empty file; other threads' handles may be about to do the same. */
static enum kolam_status create_tables(struct sqlite_store *store, uint64_t incarnation,
                                       const char *path, struct kolam_error *error) {
    enum kolam_status status = kolam_sql_exec(store->db, "BEGIN IMMEDIATE");
    if (status == KOLAM_OK) {
        status = kolam_schema_migrate(store->db, &kolam_schema_tiles, 0, path, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_meta_set(store->db, "incarnation", (int64_t)incarnation);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_meta_set(store->db, "raster", KOLAM_INK_VERSION);
    }
    return status == KOLAM_OK ? kolam_sql_exec(store->db, "COMMIT") : status;
}

/* KOLAM_ERR_EXISTS: a sound file, but of another incarnation, raster version, or earlier schema: it is cheaper
 * to draw anew than to carry over. */
static enum kolam_status check_meta(struct sqlite_store *store, uint64_t incarnation,
                                    const char *path, struct kolam_error *error) {
    int64_t had_incarnation = 0, had_raster = 0;
    enum kolam_status status = kolam_sql_meta_get(store->db, "incarnation", &had_incarnation);
    if (status == KOLAM_OK) {
        status = kolam_sql_meta_get(store->db, "raster", &had_raster);
    }
    if (status == KOLAM_OK &&
        ((uint64_t)had_incarnation != incarnation || had_raster != KOLAM_INK_VERSION)) {
        return kolam_fail(error, KOLAM_ERR_EXISTS, "%s: of another canvas or raster version", path);
    }
    return status;
}

static enum kolam_status open_db(struct sqlite_store *store, const char *path, uint64_t incarnation,
                                 struct kolam_error *error) {
    int flags = SQLITE_OPEN_READWRITE | (store->is_read_only ? 0 : SQLITE_OPEN_CREATE);
    uint32_t version = 0;
    enum kolam_status status = kolam_sql_open(path, flags, &store->db, error);
    if (status == KOLAM_OK) {
        status = kolam_schema_check(store->db, &kolam_schema_tiles, path, &version, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(store->db, store->is_read_only ? read_pragmas : write_pragmas);
    }
    if (status == KOLAM_OK && version != 0 && version != kolam_schema_tiles.version) {
        return kolam_fail(error, KOLAM_ERR_EXISTS, "%s: of an earlier version", path);
    }
    if (status == KOLAM_OK && version == 0) {
        status = store->is_read_only ? KOLAM_ERR_NOT_FOUND
                                     : create_tables(store, incarnation, path, error);
    }
    if (status == KOLAM_OK) {
        status = check_meta(store, incarnation, path, error);
    }
    for (int i = 0; i < STATEMENT_COUNT && status == KOLAM_OK; i++) {
        status = kolam_sql_prepare(store->db, statement_texts[i], &store->statements[i]);
    }
    return status;
}

/* Opens; on failure says why in *error and leaves nothing open. */
static enum kolam_status try_open(struct sqlite_store *store, const char *path,
                                  uint64_t incarnation, struct kolam_error *error) {
    enum kolam_status status = open_db(store, path, incarnation, error);
    if (status != KOLAM_OK) {
        if (error && error->text[0] == '\0') {
            (void)kolam_fail(error, status, "%s: %s", path,
                             store->db ? sqlite3_errmsg(store->db) : kolam_status_text(status));
        }
        close_db(store);
    }
    return status;
}

static void delete_files(const char *path) {
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    size_t size_bytes = strlen(path) + sizeof "-journal";
    char *name = kolam_alloc(size_bytes);
    for (size_t i = 0; name && i < sizeof suffixes / sizeof suffixes[0]; i++) {
        (void)snprintf(name, size_bytes, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
    kolam_free(name);
}

/* Full disks and missing memory pass; anything else will not get better by itself. */
static bool is_worth_deleting(enum kolam_status status) {
    return status == KOLAM_ERR_EXISTS || status == KOLAM_ERR_CORRUPT ||
           status == KOLAM_ERR_TOO_NEW || status == KOLAM_ERR_NOT_FOUND ||
           status == KOLAM_ERR_INVALID;
}

/* Handles are opened one after another, also by several threads: none may find a file that another is
 * just deleting. -1 if it cannot be had, which is no reason to stop. */
static int lock_folder_of(const char *path) {
    char *folder = kolam_strdup(path);
    if (!folder) {
        return -1;
    }
    char *slash = strrchr(folder, '/');
    if (slash) {
        slash[slash == folder] = '\0';
    }
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    kolam_free(folder);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    return fd;
}

static enum kolam_status open_or_remake(struct sqlite_store *store, const char *path,
                                        uint64_t incarnation, struct kolam_error *error) {
    enum kolam_status status = try_open(store, path, incarnation, error);
    if (status == KOLAM_OK || store->is_read_only || !is_worth_deleting(status)) {
        return status;
    }
    delete_files(path);
    /* What was wrong stays in *error, for the caller to tell, unless this fails too. */
    struct kolam_error again = {.text = ""};
    status = try_open(store, path, incarnation, &again);
    if (status != KOLAM_OK && error) {
        *error = again;
    }
    return status;
}

enum kolam_status kolam_tile_store_sqlite_create(const char *path, uint64_t incarnation,
                                                 bool is_read_only,
                                                 struct kolam_tile_store **out_store,
                                                 struct kolam_error *error) {
    struct kolam_error unasked;
    error = error ? error : &unasked;
    *error = (struct kolam_error){.text = ""};
    struct sqlite_store *store = kolam_alloc_zero(1, sizeof *store);
    if (!store) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    store->base.ops = &sqlite_ops;
    store->is_read_only = is_read_only;
    store->codec = kolam_tile_codec_create();
    enum kolam_status status = KOLAM_ERR_NOMEM;
    if (!store->codec) {
        (void)kolam_fail(error, status, "%s: out of memory", path);
    } else if (is_read_only) {
        status = try_open(store, path, incarnation, error);
        status = is_worth_deleting(status) || status == KOLAM_ERR_IO ? KOLAM_ERR_NOT_FOUND : status;
    } else {
        int lock_fd = lock_folder_of(path);
        status = open_or_remake(store, path, incarnation, error);
        if (lock_fd >= 0) {
            (void)close(lock_fd);
        }
    }
    if (status != KOLAM_OK) {
        sqlite_destroy(&store->base);
        return status;
    }
    *out_store = &store->base;
    return KOLAM_OK;
}
