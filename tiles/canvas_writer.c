/* From a submission to rows. Everything that can be refused is looked up before the first row is
 * written, so that one bad submission costs the others of its batch nothing; what fails after
 * that (disk, memory) fails the batch as a whole. */
#include "canvas_writer.h"

#include <string.h>

#include "canvas_index.h"
#include "canvas_open.h"
#include "kolam/alloc.h"

enum statement {
    FIND_ARTIST,
    INSERT_ARTIST,
    RENAME_ARTIST,
    FIND_ORIGIN,
    INSERT_ORIGIN,
    FIND_OP,
    INSERT_OP,
    STATEMENT_COUNT
};

static const char *const statement_texts[STATEMENT_COUNT] = {
    [FIND_ARTIST] = "SELECT number, name FROM artist WHERE ident = ?",
    [INSERT_ARTIST] = "INSERT INTO artist (ident, name) VALUES (?, ?)",
    [RENAME_ARTIST] = "UPDATE artist SET name = ?2 WHERE ident = ?1",
    [FIND_ORIGIN] = "SELECT id FROM origin WHERE artist = ? AND nonce = ?",
    [INSERT_ORIGIN] = "INSERT INTO origin (artist, nonce) VALUES (?, ?)",
    /* The complete one first. */
    [FIND_OP] = "SELECT is_partial, seq, time_ms, kind FROM op WHERE origin = ? AND counter = ? "
                "ORDER BY is_partial",
    [INSERT_OP] = "INSERT INTO op (seq, time_ms, artist, origin, counter, kind, is_partial, "
                  "replaces, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
};

/* What a rollback has to put back. */
struct moment {
    uint64_t last_seq;
    int64_t last_time_ms;
    struct kolam_canvas_extent extent;
};

/* What was found out about one op before anything is written. */
struct plan {
    uint32_t change_first, change_end; /* in index.changes */
    struct kolam_home *homes;          /* the op's and its targets', each tile once; or NULL */
    uint32_t home_count;
};

struct kolam_canvas_writer {
    sqlite3 *db;
    struct kolam_clock clock;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct kolam_canvas_index index;
    struct moment now, committed;
    struct plan *plans;
    uint32_t plan_capacity;
    struct kolam_error failure;
};

/* The author as the file knows it; 0 where it does not. */
struct known_author {
    int64_t artist, origin;
    bool is_renamed;
};

static enum kolam_status find_artist(struct kolam_canvas_writer *writer,
                                     const struct kolam_author *author, struct known_author *known) {
    sqlite3_stmt *find = writer->statements[FIND_ARTIST];
    bool has_row = false;
    enum kolam_status status = kolam_sql_bind_blob(find, 1, author->ident, sizeof author->ident);
    if (status == KOLAM_OK) {
        status = kolam_sql_step(find, &has_row);
    }
    if (status == KOLAM_OK && has_row) {
        const char *name = (const char *)sqlite3_column_text(find, 1);
        known->artist = sqlite3_column_int64(find, 0);
        known->is_renamed = !name || strcmp(name, author->name) != 0;
    }
    (void)sqlite3_reset(find);
    return status;
}

static enum kolam_status find_origin(struct kolam_canvas_writer *writer, uint64_t nonce,
                                     struct known_author *known) {
    sqlite3_stmt *find = writer->statements[FIND_ORIGIN];
    bool has_row = false;
    (void)sqlite3_bind_int64(find, 1, known->artist);
    (void)sqlite3_bind_int64(find, 2, (int64_t)nonce);
    enum kolam_status status = kolam_sql_step(find, &has_row);
    if (status == KOLAM_OK && has_row) {
        known->origin = sqlite3_column_int64(find, 0);
    }
    (void)sqlite3_reset(find);
    return status;
}

static enum kolam_status find_author(struct kolam_canvas_writer *writer,
                                     const struct kolam_submission *submission,
                                     struct known_author *out_known) {
    struct known_author known = {0};
    enum kolam_status status = find_artist(writer, &submission->author, &known);
    if (status == KOLAM_OK && known.artist != 0) {
        status = find_origin(writer, submission->nonce, &known);
    }
    *out_known = known;
    return status;
}

/* Recognises an op that is there already, or the partial stroke that it completes. */
static enum kolam_status find_op(struct kolam_canvas_writer *writer, int64_t origin,
                                 struct kolam_log_op *op) {
    sqlite3_stmt *find = writer->statements[FIND_OP];
    bool has_row = false;
    (void)sqlite3_bind_int64(find, 1, origin);
    (void)sqlite3_bind_int64(find, 2, op->counter);
    enum kolam_status status = kolam_sql_step(find, &has_row);
    if (status == KOLAM_OK && has_row) {
        bool was_partial = sqlite3_column_int(find, 0) != 0;
        uint64_t seq = (uint64_t)sqlite3_column_int64(find, 1);
        if (op->is_partial || !was_partial) {
            op->is_duplicate = true;
            op->seq = seq;
            op->time_ms = sqlite3_column_int64(find, 2);
        } else if (op->kind == KOLAM_OP_STROKE) {
            op->replaces = seq;
        } else {
            status = KOLAM_ERR_INVALID; /* a stroke's id for something that is no stroke */
        }
    }
    (void)sqlite3_reset(find);
    return status;
}

static bool homes_are_valid(const struct kolam_log_op *op) {
    if (!op->homes || op->home_count < 1 || op->home_count > KOLAM_STROKE_HOMES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < op->home_count; i++) {
        const struct kolam_home *home = &op->homes[i];
        if (!kolam_tile_is_valid(home->tile) || home->x0 > home->x1 || home->y0 > home->y1) {
            return false;
        }
    }
    return true;
}

static bool op_is_valid(const struct kolam_log_op *op) {
    if (op->body_size_bytes < 2 || op->body_size_bytes > KOLAM_OP_BYTES_MAX ||
        op->body[0] != KOLAM_OP_VERSION || op->body[1] != op->kind) {
        return false;
    }
    return op->kind == KOLAM_OP_STROKE ? homes_are_valid(op) : !op->is_partial;
}

/* Counters rise within a submission, so no id can come twice in it. */
static bool submission_is_valid(const struct kolam_submission *submission) {
    for (uint32_t i = 0; i < submission->op_count; i++) {
        const struct kolam_log_op *op = &submission->ops[i];
        if (!op_is_valid(op) || (i > 0 && op->counter <= op[-1].counter)) {
            return false;
        }
    }
    return true;
}

/* Joins the op's own homes and those of what it changes into plan->homes. */
static enum kolam_status unite_homes(const struct kolam_canvas_index *index,
                                     const struct kolam_log_op *op, struct plan *plan) {
    uint32_t own = op->kind == KOLAM_OP_STROKE ? op->home_count : 0;
    uint32_t count = own + plan->change_end - plan->change_first;
    struct kolam_home *homes = kolam_alloc_array(count, sizeof *homes);
    if (!homes) {
        return KOLAM_ERR_NOMEM;
    }
    if (own > 0) {
        memcpy(homes, op->homes, own * sizeof *homes);
    }
    for (uint32_t i = plan->change_first; i < plan->change_end; i++) {
        homes[own++] = index->changes[i].home;
    }
    plan->homes = homes;
    plan->home_count = kolam_homes_unite(homes, count);
    return KOLAM_OK;
}

/* Finds what a new op changes. */
static enum kolam_status plan_op(struct kolam_canvas_writer *writer,
                                 const struct kolam_submission *submission, uint32_t artist,
                                 const struct kolam_log_op *op, struct plan *plan) {
    struct kolam_canvas_index *index = &writer->index;
    enum kolam_status status = KOLAM_OK;
    plan->change_first = index->change_count;
    if (op->replaces != 0) {
        status = kolam_canvas_index_change(index, op->replaces, 0);
    } else if (op->kind == KOLAM_OP_HIDE || op->kind == KOLAM_OP_SHOW) {
        /* An author who is new here has number 0, but also no stroke: nobody's number is UINT32_MAX. */
        uint32_t owner = submission->may_change_others ? 0 : artist != 0 ? artist : UINT32_MAX;
        status = kolam_canvas_index_change_all(index, op->body, op->body_size_bytes, owner);
    }
    plan->change_end = index->change_count;
    if (status == KOLAM_OK && plan->change_end > plan->change_first) {
        status = unite_homes(index, op, plan);
    }
    return status;
}

static enum kolam_status reserve_plans(struct kolam_canvas_writer *writer, uint32_t count) {
    if (count > writer->plan_capacity) {
        struct plan *plans = kolam_realloc_array(writer->plans, count, sizeof *plans);
        if (!plans) {
            return KOLAM_ERR_NOMEM;
        }
        writer->plans = plans;
        writer->plan_capacity = count;
    }
    if (count > 0) {
        memset(writer->plans, 0, count * sizeof *writer->plans);
    }
    return KOLAM_OK;
}

static void drop_plans(struct kolam_canvas_writer *writer, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        kolam_free(writer->plans[i].homes);
        writer->plans[i].homes = NULL;
    }
}

/* Looks up everything that decides about the submission; writes nothing to the file. */
static enum kolam_status plan_submission(struct kolam_canvas_writer *writer,
                                         struct kolam_submission *submission,
                                         const struct known_author *known, bool *out_is_new) {
    uint32_t duplicates = 0;
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < submission->op_count && known->origin != 0 && status == KOLAM_OK; i++) {
        status = find_op(writer, known->origin, &submission->ops[i]);
        duplicates += submission->ops[i].is_duplicate;
    }
    if (status == KOLAM_OK && duplicates != 0 && duplicates != submission->op_count) {
        return KOLAM_ERR_INVALID; /* ids of one atomic unit used again in another */
    }
    *out_is_new = duplicates == 0;
    writer->index.change_count = 0;
    for (uint32_t i = 0; i < submission->op_count && duplicates == 0 && status == KOLAM_OK; i++) {
        status = plan_op(writer, submission, (uint32_t)known->artist, &submission->ops[i],
                         &writer->plans[i]);
    }
    return status;
}

static enum kolam_status insert_artist(struct kolam_canvas_writer *writer,
                                       const struct kolam_author *author, struct known_author *known) {
    enum statement which = known->artist == 0 ? INSERT_ARTIST : RENAME_ARTIST;
    sqlite3_stmt *statement = writer->statements[which];
    enum kolam_status status = kolam_sql_bind_blob(statement, 1, author->ident, sizeof author->ident);
    if (status == KOLAM_OK) {
        status = kolam_sql_bind_text(statement, 2, author->name);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_run(statement);
    }
    if (status == KOLAM_OK && which == INSERT_ARTIST) {
        known->artist = sqlite3_last_insert_rowid(writer->db);
    }
    return status;
}

static enum kolam_status write_author(struct kolam_canvas_writer *writer,
                                      const struct kolam_submission *submission,
                                      struct known_author *known) {
    enum kolam_status status = KOLAM_OK;
    if (known->artist == 0 || known->is_renamed) {
        status = insert_artist(writer, &submission->author, known);
    }
    if (status == KOLAM_OK && known->origin == 0 && submission->op_count > 0) {
        sqlite3_stmt *insert = writer->statements[INSERT_ORIGIN];
        (void)sqlite3_bind_int64(insert, 1, known->artist);
        (void)sqlite3_bind_int64(insert, 2, (int64_t)submission->nonce);
        status = kolam_sql_run(insert);
        known->origin = sqlite3_last_insert_rowid(writer->db);
    }
    return status;
}

static enum kolam_status insert_op(struct kolam_canvas_writer *writer,
                                   const struct known_author *known, const struct kolam_log_op *op) {
    sqlite3_stmt *insert = writer->statements[INSERT_OP];
    (void)sqlite3_bind_int64(insert, 1, (int64_t)op->seq);
    (void)sqlite3_bind_int64(insert, 2, op->time_ms);
    (void)sqlite3_bind_int64(insert, 3, known->artist);
    (void)sqlite3_bind_int64(insert, 4, known->origin);
    (void)sqlite3_bind_int64(insert, 5, op->counter);
    (void)sqlite3_bind_int(insert, 6, (int)op->kind);
    (void)sqlite3_bind_int(insert, 7, op->is_partial);
    (void)sqlite3_bind_int64(insert, 8, (int64_t)op->replaces);
    enum kolam_status status = kolam_sql_bind_blob(insert, 9, op->body, op->body_size_bytes);
    return status == KOLAM_OK ? kolam_sql_run(insert) : status;
}

static enum kolam_status write_op(struct kolam_canvas_writer *writer,
                                  const struct known_author *known, struct kolam_log_op *op,
                                  struct plan *plan) {
    op->seq = ++writer->now.last_seq;
    op->time_ms = writer->now.last_time_ms;
    enum kolam_status status = insert_op(writer, known, op);
    if (op->kind == KOLAM_OP_STROKE) {
        for (uint32_t i = 0; i < op->home_count && status == KOLAM_OK; i++) {
            status = kolam_canvas_index_insert(&writer->index, op->seq, op->kind, 0, &op->homes[i]);
            kolam_canvas_extent_add(&writer->now.extent, &op->homes[i]);
        }
    }
    if (status == KOLAM_OK) {
        /* A replacement hides what it replaces. */
        enum kolam_op_kind kind = op->kind == KOLAM_OP_SHOW ? KOLAM_OP_SHOW : KOLAM_OP_HIDE;
        status = kolam_canvas_index_insert_changes(&writer->index, op->seq, kind, plan->change_first,
                                                   plan->change_end);
    }
    if (plan->homes) {
        kolam_free(op->homes);
        op->homes = plan->homes;
        op->home_count = plan->home_count;
        plan->homes = NULL;
    }
    return status;
}

static enum kolam_status write_submission(struct kolam_canvas_writer *writer,
                                          struct kolam_submission *submission,
                                          struct known_author *known) {
    int64_t now_ms = writer->clock.now_ms(writer->clock.ctx);
    if (now_ms > writer->now.last_time_ms) {
        writer->now.last_time_ms = now_ms;
    }
    enum kolam_status status = write_author(writer, submission, known);
    for (uint32_t i = 0; i < submission->op_count && status == KOLAM_OK; i++) {
        status = write_op(writer, known, &submission->ops[i], &writer->plans[i]);
    }
    return status;
}

/* What is the submission's own fault, or passes: the rest of the batch goes on. */
static bool is_refusal(enum kolam_status status) {
    return status == KOLAM_ERR_INVALID || status == KOLAM_ERR_NOT_FOUND ||
           status == KOLAM_ERR_DENIED || status == KOLAM_ERR_CORRUPT || status == KOLAM_ERR_NOMEM;
}

/* Keeps SQLite's and the system's words, which the rollback that follows would overwrite. */
static enum kolam_status note_failure(struct kolam_canvas_writer *writer, enum kolam_status status) {
    int system_error = sqlite3_system_errno(writer->db);
    if (status == KOLAM_OK) {
        return status;
    }
    return kolam_fail(&writer->failure, status, "%s: %s%s%s", sqlite3_db_filename(writer->db, "main"),
                      sqlite3_errmsg(writer->db), system_error ? ": " : "",
                      system_error ? strerror(system_error) : "");
}

enum kolam_status kolam_canvas_writer_add(struct kolam_canvas_writer *writer,
                                          struct kolam_submission *submission) {
    struct known_author known = {0};
    bool is_new = false;
    enum kolam_status status = submission_is_valid(submission) ? KOLAM_OK : KOLAM_ERR_INVALID;
    if (status == KOLAM_OK) {
        status = reserve_plans(writer, submission->op_count);
    }
    uint32_t plan_count = status == KOLAM_OK ? submission->op_count : 0;
    if (status == KOLAM_OK) {
        status = find_author(writer, submission, &known);
    }
    if (status == KOLAM_OK) {
        status = plan_submission(writer, submission, &known, &is_new);
    }
    submission->status = status;
    if (is_refusal(status) && !sqlite3_get_autocommit(writer->db)) {
        status = KOLAM_OK; /* unless SQLite has rolled back, as it may when memory runs out */
    } else if (status == KOLAM_OK && is_new) {
        status = write_submission(writer, submission, &known);
    }
    submission->artist = (uint32_t)known.artist;
    submission->durability = KOLAM_DURABLE_DISK;
    drop_plans(writer, plan_count);
    return note_failure(writer, status);
}

enum kolam_status kolam_canvas_writer_rename(struct kolam_canvas_writer *writer,
                                             const struct kolam_author *author) {
    struct known_author known = {0};
    enum kolam_status status = find_artist(writer, author, &known);
    if (status == KOLAM_OK && known.is_renamed) {
        status = insert_artist(writer, author, &known);
    }
    return note_failure(writer, status);
}

enum kolam_status kolam_canvas_writer_begin(struct kolam_canvas_writer *writer) {
    return note_failure(writer, kolam_sql_exec(writer->db, "BEGIN IMMEDIATE"));
}

void kolam_canvas_writer_rollback(struct kolam_canvas_writer *writer) {
    /* After some errors SQLite has rolled back by itself. */
    if (!sqlite3_get_autocommit(writer->db)) {
        (void)sqlite3_exec(writer->db, "ROLLBACK", NULL, NULL, NULL);
    }
    kolam_canvas_nodes_forget(&writer->index.nodes);
    writer->now = writer->committed;
}

static bool extent_has_changed(const struct kolam_canvas_extent *a, const struct kolam_canvas_extent *b) {
    return a->has_box != b->has_box || a->level_bits != b->level_bits || a->x0 < b->x0 ||
           a->y0 < b->y0 || a->x1 > b->x1 || a->y1 > b->y1;
}

enum kolam_status kolam_canvas_writer_commit(struct kolam_canvas_writer *writer) {
    enum kolam_status status = KOLAM_OK;
    if (extent_has_changed(&writer->now.extent, &writer->committed.extent)) {
        status = kolam_canvas_extent_store(writer->db, &writer->now.extent);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_nodes_flush(&writer->index.nodes);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(writer->db, "COMMIT");
    }
    if (status != KOLAM_OK) {
        (void)note_failure(writer, status);
        kolam_canvas_writer_rollback(writer);
        return status;
    }
    writer->committed = writer->now;
    return KOLAM_OK;
}

enum kolam_status kolam_canvas_writer_probe(struct kolam_canvas_writer *writer) {
    enum kolam_status status = kolam_canvas_writer_begin(writer);
    if (status == KOLAM_OK) {
        /* The same value again is a changed page to SQLite, and goes through the WAL to the disk. */
        status = kolam_sql_exec(writer->db, "UPDATE meta SET value = value WHERE key = 'created_ms'");
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(writer->db, "COMMIT");
    }
    if (status != KOLAM_OK) {
        (void)note_failure(writer, status);
        kolam_canvas_writer_rollback(writer);
    }
    return status;
}

uint64_t kolam_canvas_writer_last_seq(const struct kolam_canvas_writer *writer) {
    return writer->committed.last_seq;
}

const struct kolam_error *kolam_canvas_writer_failure(const struct kolam_canvas_writer *writer) {
    return &writer->failure;
}

sqlite3 *kolam_canvas_writer_db(struct kolam_canvas_writer *writer) {
    return writer->db;
}

static enum kolam_status load_moment(sqlite3 *db, struct moment *out_moment) {
    struct moment moment = {0};
    int64_t last_seq = 0;
    enum kolam_status status = kolam_sql_int64(db, "SELECT max(seq) FROM op", &last_seq);
    if (status == KOLAM_OK && last_seq > 0) {
        status = kolam_sql_int64(db, "SELECT time_ms FROM op ORDER BY seq DESC LIMIT 1",
                                 &moment.last_time_ms);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_extent_load(db, &moment.extent);
    }
    moment.last_seq = (uint64_t)last_seq;
    *out_moment = moment;
    return status;
}

static enum kolam_status prepare_all(struct kolam_canvas_writer *writer) {
    enum kolam_status status = load_moment(writer->db, &writer->committed);
    writer->now = writer->committed;
    for (int i = 0; i < STATEMENT_COUNT && status == KOLAM_OK; i++) {
        status = kolam_sql_prepare(writer->db, statement_texts[i], &writer->statements[i]);
    }
    return status == KOLAM_OK ? kolam_canvas_index_init(&writer->index, writer->db) : status;
}

enum kolam_status kolam_canvas_writer_create(const char *path, struct kolam_clock clock,
                                             struct kolam_canvas_writer **out_writer,
                                             struct kolam_error *error) {
    struct kolam_canvas_writer *writer = kolam_alloc_zero(1, sizeof *writer);
    if (!writer) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    writer->clock = clock;
    enum kolam_status status = kolam_canvas_open(path, clock, &writer->db, error);
    if (status == KOLAM_OK) {
        status = prepare_all(writer);
        if (status != KOLAM_OK) {
            (void)kolam_fail(error, status, "%s: cannot be read: %s", path,
                             sqlite3_errmsg(writer->db));
        }
    }
    if (status != KOLAM_OK) {
        kolam_canvas_writer_destroy(writer);
        return status;
    }
    *out_writer = writer;
    return KOLAM_OK;
}

void kolam_canvas_writer_destroy(struct kolam_canvas_writer *writer) {
    if (!writer) {
        return;
    }
    kolam_canvas_index_finish(&writer->index);
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(writer->statements[i]);
    }
    if (writer->db) {
        /* With readers in the way this does what it can; closing the last connection does the rest. */
        (void)sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    sqlite3_close(writer->db);
    kolam_free(writer->plans);
    kolam_free(writer);
}
