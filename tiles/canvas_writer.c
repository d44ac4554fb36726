/* From submissions to rows, a batch a transaction. Everything that can be refused is found out before
 * the first row is written (canvas_plan.c), so that one bad submission costs the others of its batch
 * nothing; what fails after that (disk, memory) fails the batch as a whole. */
#include "canvas_writer.h"

#include <string.h>

#include "canvas_open.h"
#include "canvas_plan.h"
#include "canvas_withhold.h"
#include "kolam/alloc.h"
#include "op_sum.h"
#include "wal_room.h"

enum statement { INSERT_ARTIST, RENAME_ARTIST, INSERT_ORIGIN, INSERT_OP, STATEMENT_COUNT };

static const char *const statement_texts[STATEMENT_COUNT] = {
    [INSERT_ARTIST] = "INSERT INTO artist (ident, name) VALUES (?, ?)",
    [RENAME_ARTIST] = "UPDATE artist SET name = ?2 WHERE ident = ?1",
    [INSERT_ORIGIN] = "INSERT INTO origin (artist, nonce) VALUES (?, ?)",
    [INSERT_OP] = ("INSERT INTO op (seq, time_ms, artist, origin, counter, kind, is_partial, "
                   "replaces, body, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
};

/* What a rollback has to put back. */
struct moment {
    uint64_t last_seq;
    int64_t last_time_ms;
    struct kolam_canvas_extent extent;
};

struct kolam_canvas_writer {
    sqlite3 *db;
    struct kolam_clock clock;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct kolam_canvas_index index;
    struct kolam_canvas_plan plan;
    struct moment now, committed;
    struct kolam_wal_room room;
    struct kolam_error failure;
};

static enum kolam_status insert_artist(struct kolam_canvas_writer *writer,
                                       const struct kolam_author *author,
                                       struct kolam_known_author *known) {
    enum statement which = known->artist == 0 ? INSERT_ARTIST : RENAME_ARTIST;
    sqlite3_stmt *statement = writer->statements[which];
    enum kolam_status status =
        kolam_sql_bind_blob(statement, 1, author->ident, sizeof author->ident);
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
                                      struct kolam_known_author *known) {
    enum kolam_status status = KOLAM_OK;
    known->nonce = submission->nonce;
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

static int32_t sum_of(const struct kolam_known_author *known, const struct kolam_log_op *op) {
    return kolam_op_sum(&(struct kolam_log_row){.seq = op->seq,
                                                .replaces = op->replaces,
                                                .nonce = known->nonce,
                                                .time_ms = op->time_ms,
                                                .artist = (uint32_t)known->artist,
                                                .counter = op->counter,
                                                .kind = op->kind,
                                                .is_partial = op->is_partial,
                                                .body = op->body,
                                                .body_size_bytes = op->body_size_bytes});
}

static enum kolam_status insert_op(struct kolam_canvas_writer *writer,
                                   const struct kolam_known_author *known,
                                   const struct kolam_log_op *op) {
    sqlite3_stmt *insert = writer->statements[INSERT_OP];
    (void)sqlite3_bind_int64(insert, 1, (int64_t)op->seq);
    (void)sqlite3_bind_int64(insert, 2, op->time_ms);
    (void)sqlite3_bind_int64(insert, 3, known->artist);
    (void)sqlite3_bind_int64(insert, 4, known->origin);
    (void)sqlite3_bind_int64(insert, 5, op->counter);
    (void)sqlite3_bind_int(insert, 6, (int)op->kind);
    (void)sqlite3_bind_int(insert, 7, op->is_partial);
    (void)sqlite3_bind_int64(insert, 8, (int64_t)op->replaces);
    (void)sqlite3_bind_int(insert, 10, sum_of(known, op));
    enum kolam_status status = kolam_sql_bind_blob(insert, 9, op->body, op->body_size_bytes);
    return status == KOLAM_OK ? kolam_sql_run(insert) : status;
}

static enum kolam_status write_op(struct kolam_canvas_writer *writer,
                                  const struct kolam_known_author *known, struct kolam_log_op *op,
                                  struct kolam_op_plan *plan) {
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
        status = kolam_canvas_index_insert_changes(&writer->index, op->seq, kind, known->artist,
                                                   plan->change_first, plan->change_end);
    }
    if (plan->homes) {
        kolam_free(op->homes);
        op->homes = plan->homes;
        op->home_count = plan->home_count;
        plan->homes = NULL;
    }
    return status;
}

/* The hide of what is withheld is another author's, and its id is its seq: nobody else's can be the same. */
static enum kolam_status write_hide(struct kolam_canvas_writer *writer,
                                    struct kolam_submission *submission) {
    const uint64_t seq = writer->now.last_seq + 1;
    const uint32_t place = submission->op_count - 1;
    const struct kolam_submission hiding = {
        .author = *submission->withheld_by, .nonce = seq >> 32, .op_count = 1};
    struct kolam_log_op *hide = &submission->ops[place];
    struct kolam_known_author known = {0};
    hide->counter = (uint32_t)seq;
    enum kolam_status status = kolam_canvas_withhold_make(&writer->plan, submission);
    if (status == KOLAM_OK) {
        status = kolam_canvas_plan_author(&writer->plan, &hiding, &known);
    }
    if (status == KOLAM_OK) {
        status = write_author(writer, &hiding, &known);
    }
    return status == KOLAM_OK ? write_op(writer, &known, hide, &writer->plan.ops[place]) : status;
}

static enum kolam_status write_submission(struct kolam_canvas_writer *writer,
                                          struct kolam_submission *submission,
                                          struct kolam_known_author *known) {
    int64_t now_ms = writer->clock.now_ms(writer->clock.ctx);
    if (now_ms > writer->now.last_time_ms) {
        writer->now.last_time_ms = now_ms;
    }
    enum kolam_status status = write_author(writer, submission, known);
    const uint32_t own_count = kolam_submission_own_count(submission);
    for (uint32_t i = 0; i < own_count && status == KOLAM_OK; i++) {
        status = write_op(writer, known, &submission->ops[i], &writer->plan.ops[i]);
    }
    return status == KOLAM_OK && submission->withheld_by ? write_hide(writer, submission) : status;
}

/* What is the submission's own fault, or passes: the rest of the batch goes on. */
static bool is_refusal(enum kolam_status status) {
    return status == KOLAM_ERR_INVALID || status == KOLAM_ERR_NOT_FOUND ||
           status == KOLAM_ERR_DENIED || status == KOLAM_ERR_GONE || status == KOLAM_ERR_NOMEM;
}

/* Keeps SQLite's and the system's words, which the rollback that follows would overwrite. */
static enum kolam_status note_failure(struct kolam_canvas_writer *writer,
                                      enum kolam_status status) {
    int system_error = sqlite3_system_errno(writer->db);
    if (status == KOLAM_OK) {
        return status;
    }
    return kolam_fail(&writer->failure, status, "%s: %s%s%s",
                      sqlite3_db_filename(writer->db, "main"), sqlite3_errmsg(writer->db),
                      system_error ? ": " : "", system_error ? strerror(system_error) : "");
}

enum kolam_status kolam_canvas_writer_add(struct kolam_canvas_writer *writer,
                                          struct kolam_submission *submission) {
    struct kolam_known_author known = {0};
    bool is_new = false;
    enum kolam_status status = kolam_canvas_plan_make(&writer->plan, submission, &known, &is_new);
    submission->status = status;
    if (is_refusal(status) && !sqlite3_get_autocommit(writer->db)) {
        status = KOLAM_OK; /* unless SQLite has rolled back, as it may when memory runs out */
    } else if (status == KOLAM_OK && is_new && (known.artist != 0 || !submission->is_for_known)) {
        status = write_submission(writer, submission, &known);
    }
    submission->artist = (uint32_t)known.artist;
    submission->durability = KOLAM_DURABLE_DISK;
    kolam_canvas_plan_drop(&writer->plan);
    return note_failure(writer, status);
}

enum kolam_status kolam_canvas_writer_rename(struct kolam_canvas_writer *writer,
                                             const struct kolam_author *author) {
    struct kolam_known_author known = {0};
    enum kolam_status status = kolam_canvas_plan_artist(&writer->plan, author, &known);
    if (status == KOLAM_OK && known.is_renamed) {
        status = insert_artist(writer, author, &known);
    }
    return note_failure(writer, status);
}

/* A file that somebody moved or deleted is written to all the same, and what is in it then is found by nobody. */
static bool has_moved(sqlite3 *db) {
    int has_moved = 0;
    const int result = sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    return result == SQLITE_OK && has_moved;
}

enum kolam_status kolam_canvas_writer_begin(struct kolam_canvas_writer *writer) {
    if (has_moved(writer->db)) {
        return kolam_fail(&writer->failure, KOLAM_ERR_IO,
                          "%s: was moved or deleted: put it back, or restart kolam",
                          sqlite3_db_filename(writer->db, "main"));
    }
    /* A ROLLBACK needs memory: one that found none left its transaction. */
    enum kolam_status status = KOLAM_OK;
    if (!sqlite3_get_autocommit(writer->db)) {
        status = kolam_sql_exec(writer->db, "ROLLBACK");
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(writer->db, "BEGIN IMMEDIATE");
    }
    return note_failure(writer, status);
}

void kolam_canvas_writer_rollback(struct kolam_canvas_writer *writer) {
    /* After some errors SQLite has rolled back by itself. */
    if (!sqlite3_get_autocommit(writer->db)) {
        (void)sqlite3_exec(writer->db, "ROLLBACK", NULL, NULL, NULL);
    }
    kolam_canvas_nodes_forget(&writer->index.nodes);
    writer->now = writer->committed;
}

static bool extent_has_changed(const struct kolam_canvas_extent *a,
                               const struct kolam_canvas_extent *b) {
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

void kolam_canvas_writer_rest(struct kolam_canvas_writer *writer) {
    kolam_wal_room_rest(&writer->room);
}

void kolam_canvas_writer_idle(struct kolam_canvas_writer *writer) {
    kolam_canvas_index_rest(&writer->index);
    (void)sqlite3_db_release_memory(writer->db);
}

enum kolam_status kolam_canvas_writer_probe(struct kolam_canvas_writer *writer) {
    enum kolam_status status = kolam_canvas_writer_begin(writer);
    if (status == KOLAM_OK) {
        /* The same value again is a changed page to SQLite, and goes through the WAL to the disk. */
        status =
            kolam_sql_exec(writer->db, "UPDATE meta SET value = value WHERE key = 'created_ms'");
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

/* With nothing after the base, seqs and times go on from there. */
static enum kolam_status load_base_moment(sqlite3 *db, int64_t *last_seq, int64_t *last_time_ms) {
    enum kolam_status status = kolam_sql_meta_get(db, "base_seq", last_seq);
    if (status == KOLAM_OK) {
        status = kolam_sql_meta_get(db, "base_time_ms", last_time_ms);
    }
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

static enum kolam_status load_moment(sqlite3 *db, struct moment *out_moment) {
    struct moment moment = {0};
    int64_t last_seq = 0;
    enum kolam_status status = kolam_sql_int64(db, "SELECT max(seq) FROM op", &last_seq);
    if (status == KOLAM_OK && last_seq > 0) {
        status = kolam_sql_int64(db, "SELECT time_ms FROM op ORDER BY seq DESC LIMIT 1",
                                 &moment.last_time_ms);
    } else if (status == KOLAM_OK) {
        status = load_base_moment(db, &last_seq, &moment.last_time_ms);
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
    if (status == KOLAM_OK) {
        status = kolam_canvas_index_init(&writer->index, writer->db);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_plan_init(&writer->plan, writer->db, &writer->index);
    }
    return status;
}

enum kolam_status kolam_canvas_writer_create(const char *path, uint64_t incarnation,
                                             struct kolam_clock clock,
                                             struct kolam_canvas_writer **out_writer,
                                             struct kolam_error *error) {
    struct kolam_canvas_writer *writer = kolam_alloc_zero(1, sizeof *writer);
    if (!writer) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    writer->clock = clock;
    enum kolam_status status = kolam_canvas_open(path, incarnation, clock, &writer->db, error);
    if (status == KOLAM_OK) {
        status = kolam_wal_room_init(&writer->room, writer->db);
        status = status == KOLAM_OK ? prepare_all(writer) : status;
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
    kolam_canvas_plan_finish(&writer->plan);
    kolam_canvas_index_finish(&writer->index);
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(writer->statements[i]);
    }
    if (writer->db) {
        /* With readers in the way this does what it can; closing the last connection does the rest. */
        kolam_sql_empty_wal(writer->db);
    }
    sqlite3_close(writer->db);
    kolam_free(writer);
}
