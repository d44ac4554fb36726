/* See life.h: what must be there after an accident, and what may be. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/folder.h"
#include "tests/support/faults/explore.h"
#include "tests/support/faults/life_audit.h"
#include "tools/backup_files.h"
#include "tools/check.h"

#define NONCE UINT64_C(0x6b6f6c616d)

static void note(struct audit *audit, bool is_wrong, const char *text) {
    struct life_findings *found = &audit->found;
    if (is_wrong ? found->wrong == 0 : found->wrong + found->errors == 0) {
        (void)snprintf(found->first, sizeof found->first, "%s%s", audit->what, text);
    }
    found->wrong += is_wrong;
    found->errors += !is_wrong;
}

void audit_complain(struct audit *audit, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    note(audit, true, text);
}

bool audit_must(struct audit *audit, enum kolam_status status, const char *what,
                const struct kolam_error *error) {
    char text[360];
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
                    audit_complain(audit, "unit %u is there twice, as %ld and %ld", i,
                                   (long)audit->seqs[i][j], (long)row->seq);
                } else if (!is_equal(&unit->ops[j], row)) {
                    audit_complain(audit, "op %ld is not what was sent", (long)row->seq);
                }
                audit->seqs[i][j] = row->seq;
                return;
            }
        }
    }
    audit_complain(audit, "op %ld was never sent", (long)row->seq);
}

static bool visit_row(void *ctx, const struct kolam_log_row *row) {
    struct audit *audit = ctx;
    if (row->seq != audit->next_seq) {
        audit_complain(audit, "op %ld comes where %ld should", (long)row->seq,
                       (long)audit->next_seq);
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
            audit_complain(audit, "unit %u is not whole", number);
        }
    }
    if (unit->promised_at > audit->before) {
        return;
    }
    if (seqs[0] == 0 && unit->seq > audit->base_seq) {
        audit_complain(audit, "unit %u was acknowledged as %ld and is not there", number,
                       (long)unit->seq);
    } else if (seqs[0] != 0 && seqs[0] != unit->seq) {
        audit_complain(audit, "unit %u was acknowledged as %ld and is %ld", number, (long)unit->seq,
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
    if (audit_must(audit, again->status, "an op sent again", NULL) &&
        (!again->ops[0].is_duplicate || !is_it)) {
        audit_complain(audit, "unit %u, sent again, is not known as %ld", number, (long)unit->seq);
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
    if (audit_must(audit, next->status, "a new op", NULL) && next->ops[0].seq != audit->next_seq) {
        audit_complain(audit, "the next op becomes %ld instead of %ld", (long)next->ops[0].seq,
                       (long)audit->next_seq);
    }
    kolam_submission_destroy(next);
}

static void audit_rows(struct audit *audit, struct kolam_reader *reader) {
    struct kolam_canvas_info info;
    if (!audit_must(audit, kolam_reader_info(reader, &info), "the canvas", NULL)) {
        return;
    }
    audit->base_seq = info.base_seq;
    audit->next_seq = info.base_seq + 1;
    if (audit_must(audit, kolam_reader_range(reader, 1, UINT64_MAX, visit_row, audit), "the ops",
                   NULL)) {
        for (uint32_t i = 0; i < audit->life->unit_count; i++) {
            audit_unit(audit, i);
        }
    }
}

static void begin(struct audit *audit, const struct life *life, const char *root,
                  const char *folder, size_t before) {
    audit->life = life;
    audit->before = audit->now = before;
    audit->what = strcmp(folder, "data") == 0 ? "" : "of the backup: ";
    (void)snprintf(audit->data, sizeof audit->data, "%s/%s", root, folder);
    (void)snprintf(audit->log_path, sizeof audit->log_path, "%s/canvases/main.kolam", audit->data);
    (void)snprintf(audit->tiles_path, sizeof audit->tiles_path, "%s/canvases/main.tiles",
                   audit->data);
}

/* As `kolam check --thorough` does, over the tiles as a server opens them. */
static void check(struct audit *audit, struct kolam_reader *reader, struct kolam_reader *lookup) {
    struct kolam_check check = {
        .canvas = "audit", .signals_fd = -1, .is_thorough = true, .progress = {0}};
    struct kolam_canvas_info info;
    struct kolam_tile_store *store = NULL;
    struct kolam_error error = {.text = ""};
    bool goes = audit_must(audit, kolam_check_log(&check, reader, lookup), "the check", NULL) &&
                audit_must(audit, kolam_check_base(&check, lookup), "the base's check", NULL) &&
                audit_must(audit, kolam_reader_info(reader, &info), "the canvas", NULL) &&
                audit_must(audit,
                           kolam_tile_store_sqlite_create(audit->tiles_path, info.incarnation,
                                                          false, &store, &error),
                           "the tiles", &error);
    if (goes) {
        error.text[0] = '\0';
        (void)audit_must(audit, kolam_check_tiles(&check, reader, info.incarnation, store, &error),
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
    if (!audit_must(audit, test_log_try_open(&log, audit->log_path, kolam_clock_system(), 0),
                    "the log does not open", &log.error)) {
        return;
    }
    if (audit_must(audit, kolam_reader_create(audit->log_path, &reader, &error), "no reader",
                   &error) &&
        audit_must(audit, kolam_reader_create(audit->log_path, &lookup, &error), "no reader",
                   &error)) {
        audit_rows(audit, reader);
        check(audit, reader, lookup);
    }
    goes_on(audit, &log);
    kolam_reader_destroy(lookup);
    kolam_reader_destroy(reader);
    test_log_close(&log);
}

/* ---- copies ---- */

/* A copy that is done holds what was promised when it was asked for; one that is not is whole. */
static void begin_copy(const struct audit *audit, const char *root, struct audit *copy) {
    const struct life *life = audit->life;
    begin(copy, life, root, "backup", audit->before);
    copy->before = 0;
    copy->is_copy = true;
    for (uint32_t i = 0; i < life->copy_count; i++) {
        if (life->copies[i].promised_at <= audit->before) {
            copy->before = life->copies[i].asked_at;
            copy->is_done = true;
        }
    }
}

static void audit_copy(struct audit *copy) {
    struct kolam_error error = {.text = ""};
    struct kolam_reader *reader = NULL;
    if (!copy->is_done && !file_exists(copy->log_path)) {
        return;
    }
    if (audit_must(copy, kolam_backup_verify(copy->log_path, "copy", -1, &error), "the copy",
                   &error) &&
        audit_must(copy, kolam_reader_create(copy->log_path, &reader, &error), "the copy",
                   &error)) {
        audit_rows(copy, reader);
    }
    kolam_reader_destroy(reader);
    if (copy->is_done) {
        audit_people(copy);
    }
}

static void audit_token(struct audit *audit) {
    char hex[65];
    struct kolam_error error = {.text = ""};
    const struct life *life = audit->life;
    if (life->token_promised_at <= audit->before &&
        audit_must(audit, kolam_admin_token_load(audit->data, hex, &error), "the token", &error) &&
        strcmp(hex, life->token) != 0) {
        audit_complain(audit, "the admin token is another");
    }
}

static void add_findings(struct audit *audit, const struct audit *copy) {
    if (copy->found.first[0] != '\0' && audit->found.first[0] == '\0') {
        memcpy(audit->found.first, copy->found.first, sizeof audit->found.first);
    }
    audit->found.wrong += copy->found.wrong;
    audit->found.errors += copy->found.errors;
}

/* A part of what is to be looked at, unless the same was seen to be good. */
static void look_at(struct audit *audit, void (*part)(struct audit *), struct ram_print print,
                    bool remembers) {
    const uint32_t before = audit->found.wrong + audit->found.errors + audit->found.checks;
    if (remembers && explore_knows(print.low, print.high)) {
        return;
    }
    part(audit);
    if (remembers && audit->found.wrong + audit->found.errors + audit->found.checks == before) {
        explore_learn(print.low, print.high);
    }
}

static struct life_findings look(const struct life *life, const char *root, size_t before,
                                 bool remembers) {
    struct audit *audit = kolam_alloc_zero(2, sizeof *audit);
    struct kolam_folder *folder = NULL;
    struct kolam_error error = {.text = ""};
    if (!audit) {
        return (struct life_findings){.errors = 1, .first = "no memory"};
    }
    begin(audit, life, root, "data", before);
    if (audit_must(audit, kolam_folder_open(audit->data, &folder, &error), "the folder", &error)) {
        look_at(audit, audit_canvas, audit_print_canvas(audit), remembers);
        look_at(audit, audit_people, audit_print_people(audit), remembers);
        audit_token(audit);
    }
    kolam_folder_close(folder);
    if (life->copy_count > 0) {
        begin_copy(audit, root, &audit[1]);
        look_at(&audit[1], audit_copy, audit_print_copy(&audit[1]), remembers);
        add_findings(audit, &audit[1]);
    }
    const struct life_findings found = audit->found;
    kolam_free(audit);
    return found;
}

struct life_findings life_audit(const struct life *life, const char *root, size_t before) {
    return look(life, root, before, ram_has(root));
}

struct life_findings life_look(const struct life *life, const char *root, size_t before) {
    return look(life, root, before, false);
}
