/* See life.h: what must be there after an accident, and what may be. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/folder.h"
#include "tests/support/faults/life.h"
#include "tools/check.h"

#define NONCE UINT64_C(0x6b6f6c616d)

struct audit {
    const struct life *life;
    size_t before;
    struct life_findings found;
    char data[560], log_path[600], tiles_path[600], identity_path[600];
    uint64_t seqs[LIFE_UNITS_MAX][4]; /* found; 0: not */
    uint64_t next_seq, base_seq;
};

static void note(struct audit *audit, bool is_wrong, const char *text) {
    struct life_findings *found = &audit->found;
    if (is_wrong ? found->wrong == 0 : found->wrong + found->errors == 0) {
        (void)snprintf(found->first, sizeof found->first, "%s", text);
    }
    found->wrong += is_wrong;
    found->errors += !is_wrong;
}

static void KOLAM_PRINTF(2, 3) complain(struct audit *audit, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    note(audit, true, text);
}

static bool must(struct audit *audit, enum kolam_status status, const char *what,
                 const struct kolam_error *error) {
    char text[400];
    if (status != KOLAM_OK) {
        (void)snprintf(text, sizeof text, "%s: %s: %.250s", what, kolam_status_text(status),
                       error ? error->text : "");
        note(audit, false, text);
    }
    return status == KOLAM_OK;
}

/* ---- the log ---- */

static bool is_op(const struct kolam_log_op *op, const struct kolam_log_row *row) {
    return op->counter == row->counter && op->is_partial == row->is_partial;
}

static bool is_equal(const struct kolam_log_op *op, const struct kolam_log_row *row) {
    return op->kind == row->kind && op->body_size_bytes == row->body_size_bytes &&
           memcmp(op->body, row->body, row->body_size_bytes) == 0;
}

static void find_row(struct audit *audit, const struct kolam_log_row *row) {
    const struct life *life = audit->life;
    for (uint32_t i = 0; i < life->unit_count; i++) {
        const struct life_unit *unit = &life->units[i];
        for (uint32_t j = 0; row->nonce == NONCE + unit->author && j < unit->op_count; j++) {
            if (is_op(&unit->ops[j], row)) {
                if (audit->seqs[i][j] != 0) {
                    complain(audit, "unit %u is there twice, as %ld and %ld", i,
                             (long)audit->seqs[i][j], (long)row->seq);
                } else if (!is_equal(&unit->ops[j], row)) {
                    complain(audit, "op %ld is not what was sent", (long)row->seq);
                }
                audit->seqs[i][j] = row->seq;
                return;
            }
        }
    }
    complain(audit, "op %ld was never sent", (long)row->seq);
}

static bool visit_row(void *ctx, const struct kolam_log_row *row) {
    struct audit *audit = ctx;
    if (row->seq != audit->next_seq) {
        complain(audit, "op %ld comes where %ld should", (long)row->seq, (long)audit->next_seq);
    }
    audit->next_seq = row->seq + 1;
    find_row(audit, row);
    return true;
}

static void audit_unit(struct audit *audit, uint32_t number) {
    const struct life_unit *unit = &audit->life->units[number];
    const uint64_t *seqs = audit->seqs[number];
    for (uint32_t i = 1; i < unit->op_count; i++) {
        if ((seqs[i] != 0) != (seqs[0] != 0) || (seqs[0] != 0 && seqs[i] != seqs[0] + i)) {
            complain(audit, "unit %u is not whole", number);
        }
    }
    if (unit->promised_at > audit->before) {
        return;
    }
    if (seqs[0] == 0 && unit->seq > audit->base_seq) {
        complain(audit, "unit %u was acknowledged as %ld and is not there", number,
                 (long)unit->seq);
    } else if (seqs[0] != 0 && seqs[0] != unit->seq) {
        complain(audit, "unit %u was acknowledged as %ld and is %ld", number, (long)unit->seq,
                 (long)seqs[0]);
    }
}

/* What a client does that was not told: sends it again, and it is known. */
static void send_again(struct audit *audit, struct test_log *log, uint32_t number) {
    const struct life_unit *unit = &audit->life->units[number];
    struct kolam_log_op ops[4];
    memcpy(ops, unit->ops, sizeof ops);
    for (uint32_t i = 0; i < unit->op_count; i++) {
        ops[i].body = kolam_memdup(ops[i].body, ops[i].body_size_bytes);
        ops[i].homes = ops[i].homes
                           ? kolam_memdup(ops[i].homes, ops[i].home_count * sizeof *ops[i].homes)
                           : NULL;
    }
    struct kolam_submission *again =
        test_log_run(log, test_submission(unit->author, NONCE + unit->author, ops, unit->op_count));
    /* Of a partial stroke the complete one is told, if that came. */
    const bool is_it = again->ops[0].seq == unit->seq || unit->ops[0].is_partial;
    if (must(audit, again->status, "an op sent again", NULL) &&
        (!again->ops[0].is_duplicate || !is_it)) {
        complain(audit, "unit %u, sent again, is not known as %ld", number, (long)unit->seq);
    }
    kolam_submission_destroy(again);
}

static void goes_on(struct audit *audit, struct test_log *log) {
    const struct life *life = audit->life;
    bool is_last = true;
    for (uint32_t i = life->unit_count; i-- > 0;) {
        const struct life_unit *unit = &life->units[i];
        if (unit->promised_at <= audit->before && (is_last || unit->seq <= audit->base_seq)) {
            send_again(audit, log, i);
            is_last = false;
        }
    }
    struct kolam_log_op op = test_stroke((struct kolam_tile_id){.x = 1}, 1, 4);
    struct kolam_submission *next = test_log_run(log, test_submission(9, 1, &op, 1));
    if (must(audit, next->status, "a new op", NULL) && next->ops[0].seq != audit->next_seq) {
        complain(audit, "the next op becomes %ld instead of %ld", (long)next->ops[0].seq,
                 (long)audit->next_seq);
    }
    kolam_submission_destroy(next);
}

static void audit_rows(struct audit *audit, struct kolam_reader *reader) {
    struct kolam_canvas_info info;
    if (!must(audit, kolam_reader_info(reader, &info), "the canvas", NULL)) {
        return;
    }
    audit->base_seq = info.base_seq;
    audit->next_seq = info.base_seq + 1;
    if (must(audit, kolam_reader_range(reader, 1, UINT64_MAX, visit_row, audit), "the ops", NULL)) {
        for (uint32_t i = 0; i < audit->life->unit_count; i++) {
            audit_unit(audit, i);
        }
    }
}

/* As `kolam check --thorough` does, over the tiles as a server opens them. */
static void check(struct audit *audit, struct kolam_reader *reader, struct kolam_reader *lookup) {
    struct kolam_check check = {
        .canvas = "audit", .signals_fd = -1, .is_thorough = true, .progress = {0}};
    struct kolam_canvas_info info;
    struct kolam_tile_store *store = NULL;
    struct kolam_error error = {.text = ""};
    bool goes = must(audit, kolam_check_log(&check, reader, lookup), "the check", NULL) &&
                must(audit, kolam_check_base(&check, lookup), "the base's check", NULL) &&
                must(audit, kolam_reader_info(reader, &info), "the canvas", NULL) &&
                must(audit,
                     kolam_tile_store_sqlite_create(audit->tiles_path, info.incarnation, false,
                                                    &store, &error),
                     "the tiles", &error);
    if (goes) {
        error.text[0] = '\0';
        (void)must(audit, kolam_check_tiles(&check, reader, info.incarnation, store, &error),
                   "the tiles' check", &error);
    }
    audit->found.checks += (uint32_t)check.problem_count;
    kolam_free(check.bad_tiles);
    kolam_tile_store_destroy(store);
}

static void audit_canvas(struct audit *audit) {
    struct test_log log;
    struct kolam_reader *reader = NULL, *lookup = NULL;
    struct kolam_error error = {.text = ""};
    if (!must(audit, test_log_try_open(&log, audit->log_path, kolam_clock_system(), 0),
              "the log does not open", &log.error)) {
        return;
    }
    if (must(audit, kolam_reader_create(audit->log_path, &reader, &error), "no reader", &error) &&
        must(audit, kolam_reader_create(audit->log_path, &lookup, &error), "no reader", &error)) {
        audit_rows(audit, reader);
        check(audit, reader, lookup);
    }
    goes_on(audit, &log);
    kolam_reader_destroy(lookup);
    kolam_reader_destroy(reader);
    test_log_close(&log);
}

/* ---- people ---- */

/* The name of a person is the newest that was promised, or one that was asked for later. */
static bool may_be_called(const struct audit *audit, const struct life_person *person,
                          const char *name) {
    for (uint32_t i = person->name_count; i-- > 0;) {
        if (person->names[i].asked_at <= audit->before &&
            strcmp(person->names[i].text, name) == 0) {
            return true;
        }
        if (person->names[i].promised_at <= audit->before) {
            return false;
        }
    }
    return strcmp(person->author.name, name) == 0;
}

static void audit_people(struct audit *audit) {
    struct kolam_identity_db *db = NULL;
    struct kolam_error error = {.text = ""};
    struct kolam_author author;
    if (!must(audit,
              kolam_identity_db_create(audit->identity_path, kolam_clock_system(), &db, &error),
              "identity.db", &error)) {
        return;
    }
    for (uint32_t i = 0; i < audit->life->person_count; i++) {
        const struct life_person *person = &audit->life->people[i];
        if (person->promised_at > audit->before) {
            continue;
        }
        if (must(audit, kolam_identity_find(db, person->secret, &author), "a person", NULL)) {
            if (memcmp(author.ident, person->author.ident, sizeof author.ident) != 0) {
                complain(audit, "person %u is another one", i);
            }
            if (!may_be_called(audit, person, author.name)) {
                complain(audit, "person %u is called '%s'", i, author.name);
            }
        }
    }
    kolam_identity_db_destroy(db);
}

struct life_findings life_audit(const struct life *life, const char *root, size_t before) {
    struct audit *audit = kolam_alloc_zero(1, sizeof *audit);
    struct kolam_folder *folder = NULL;
    struct kolam_error error = {.text = ""};
    if (!audit) {
        return (struct life_findings){.errors = 1, .first = "no memory"};
    }
    audit->life = life;
    audit->before = before;
    (void)snprintf(audit->data, sizeof audit->data, "%s/data", root);
    (void)snprintf(audit->log_path, sizeof audit->log_path, "%s/canvases/main.kolam", audit->data);
    (void)snprintf(audit->tiles_path, sizeof audit->tiles_path, "%s/canvases/main.tiles",
                   audit->data);
    (void)snprintf(audit->identity_path, sizeof audit->identity_path, "%s/identity.db",
                   audit->data);
    if (must(audit, kolam_folder_open(audit->data, &folder, &error), "the folder", &error)) {
        audit_canvas(audit);
        audit_people(audit);
    }
    kolam_folder_close(folder);
    const struct life_findings found = audit->found;
    kolam_free(audit);
    return found;
}
