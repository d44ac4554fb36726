/* See life.h: what is done. life_audit.c says what must be there afterwards. */
#include "tests/support/faults/life.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/compact.h"
#include "kolam/folder.h"
#include "kolam/raster.h"
#include "tests/support/faults/chance.h"
#include "tests/support/faults/disk.h"
#include "tests/support/faults/explore.h"
#include "tests/support/faults/ram.h"
#include "tests/unit/random.h"

#define NONCE UINT64_C(0x6b6f6c616d)
#define POINTS_MAX 12

static void require(bool is_true, const char *what) {
    if (!is_true) {
        (void)fprintf(stderr, "life: %s\n", what);
        abort();
    }
}

/* So much time is a step: it is the same then whatever failed before. */
#define STEP_MS 1000

static int64_t now_ms(void *ctx) {
    const struct life *life = ctx;
    return __atomic_load_n(&life->now_ms, __ATOMIC_RELAXED);
}

struct kolam_clock life_clock(struct life *life) {
    return (struct kolam_clock){.now_ms = now_ms, .ctx = life};
}

/* ---- what is drawn ---- */

static struct test_random dice_of(const struct life *life) {
    return test_random_from(life->seed * 1000003 + life->unit_count);
}

static void encode(const struct kolam_op *op, struct kolam_log_op *out) {
    out->kind = op->kind;
    out->body = kolam_alloc(KOLAM_OP_BYTES_MAX);
    require(out->body != NULL, "no memory");
    require(kolam_op_encode(op, out->body, KOLAM_OP_BYTES_MAX, &out->body_size_bytes) == KOLAM_OK,
            "an op cannot be encoded");
    out->body = kolam_realloc_array(out->body, out->body_size_bytes, 1);
    if (op->kind == KOLAM_OP_STROKE) {
        out->homes = kolam_alloc_array(KOLAM_STROKE_HOMES_MAX, sizeof *out->homes);
        require(out->homes &&
                    kolam_stroke_homes(&op->stroke, out->homes, &out->home_count) == KOLAM_OK,
                "a stroke has no homes");
    }
}

static void make_stroke(struct test_random *random, uint32_t part, uint32_t parts,
                        struct kolam_log_op *out) {
    struct kolam_point points[POINTS_MAX];
    const int32_t level = parts > 1 ? 0 : -(int32_t)test_random_below(random, 3);
    struct kolam_op op = {
        .kind = KOLAM_OP_STROKE,
        .stroke = {.origin = {.level = level, .x = (int64_t)test_random_below(random, 2)},
                   .tool = parts > 1 ? KOLAM_TOOL_MARKER
                                     : (enum kolam_tool)test_random_below(random, 5),
                   .color = parts > 1 ? 0x40608050 : (uint32_t)test_random_next(random) | 0x80,
                   .width = parts > 1 ? 900 : 100 + (uint32_t)test_random_below(random, 3000),
                   .part = part,
                   .part_count = parts,
                   .has_pressure = true,
                   .point_count = 1 + (uint32_t)test_random_below(random, POINTS_MAX),
                   .points = points}};
    for (uint32_t i = 0; i < op.stroke.point_count; i++) {
        points[i] = (struct kolam_point){.x = (int32_t)test_random_below(random, 2000),
                                         .y = (int32_t)test_random_below(random, 2000),
                                         .pressure = (uint8_t)test_random_below(random, 256)};
    }
    encode(&op, out);
}

static void make_change(enum kolam_op_kind kind, uint64_t target, uint32_t follow_count,
                        struct kolam_log_op *out) {
    struct kolam_op op = {.kind = kind,
                          .targets = &target,
                          .target_count = 1,
                          .follow_count = follow_count,
                          .is_edit = follow_count > 0};
    encode(&op, out);
}

static void encode_record(const char *text, struct kolam_log_op *out) {
    struct kolam_op op = {.kind = KOLAM_OP_RECORD,
                          .record = (const uint8_t *)text,
                          .record_size_bytes = (uint32_t)strlen(text)};
    encode(&op, out);
}

/* An act as the server makes it. */
static void make_act(struct test_random *random, struct kolam_log_op *out) {
    static const char *const acts[] = {
        "{\"kind\":\"mode\",\"mode\":\"newcomers\",\"why\":\"a flood\"}",
        "{\"kind\":\"area\",\"area\":\"protected\",\"level\":0,\"x\":\"0\",\"y\":\"0\",\"width\":"
        "90,"
        "\"height\":80}",
        "{\"kind\":\"role\",\"artist\":1,\"role\":\"mentor\"}",
        "{\"kind\":\"mode\",\"mode\":\"open\"}",
    };
    encode_record(acts[test_random_below(random, 4)], out);
}

static void make_record(struct test_random *random, struct kolam_log_op *out) {
    char text[160];
    (void)snprintf(text, sizeof text,
                   "{\"kind\":\"place\",\"name\":\"Place %u\",\"x\":\"%u\",\"y\":\"5\",\"zoom\":0}",
                   (unsigned)test_random_below(random, 1000),
                   (unsigned)test_random_below(random, 1000));
    encode_record(text, out);
}

/* A new unit of the author's; counters are given to its ops as they are added. */
static struct life_unit *new_unit(struct life *life, uint8_t author) {
    require(life->unit_count < LIFE_UNITS_MAX, "too many units");
    struct life_unit *unit = &life->units[life->unit_count++];
    *unit = (struct life_unit){.author = author, .promised_at = LIFE_NEVER};
    return unit;
}

static struct kolam_log_op *next_op(struct life *life, struct life_unit *unit) {
    struct kolam_log_op *op = &unit->ops[unit->op_count++];
    op->counter = life->next_counter[unit->author]++;
    return op;
}

/* ---- submitting ---- */

static struct kolam_submission *submission_of(const struct life_unit *unit) {
    struct kolam_log_op ops[4];
    memcpy(ops, unit->ops, sizeof ops);
    for (uint32_t i = 0; i < unit->op_count; i++) {
        ops[i].body = kolam_memdup(ops[i].body, ops[i].body_size_bytes);
        ops[i].homes = ops[i].homes
                           ? kolam_memdup(ops[i].homes, ops[i].home_count * sizeof *ops[i].homes)
                           : NULL;
    }
    return test_submission(unit->author, NONCE + unit->author, ops, unit->op_count);
}

static void take_outcome(struct life *life, struct life_unit *unit,
                         struct kolam_submission *submission) {
    if (submission->status == KOLAM_OK) {
        unit->seq = submission->ops[0].seq;
        unit->promised_at = disk_now();
    } else {
        life->refused++;
    }
    kolam_submission_destroy(submission);
}

/* Submits `count` units at once, and waits for all. */
static void submit(struct life *life, uint32_t first, uint32_t count) {
    struct kolam_submission *submissions[8];
    for (uint32_t i = 0; i < count; i++) {
        submissions[i] = submission_of(&life->units[first + i]);
        test_log_submit(&life->log, submissions[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct kolam_submission *done = test_log_take(&life->log);
        require(done == submissions[i], "outcomes come in another order");
        take_outcome(life, &life->units[first + i], done);
    }
}

bool life_has_log(struct life *life) {
    struct kolam_folder *folder = NULL;
    if (life->is_open) {
        return true;
    }
    if (kolam_folder_open(life->data, &folder, NULL) != KOLAM_OK) {
        return false;
    }
    kolam_folder_close(folder); /* this test is the one process */
    life->is_open = test_log_try_open(&life->log, life->log_path, life_clock(life), 0) == KOLAM_OK;
    return life->is_open;
}

static void close_log(struct life *life) {
    if (life->is_open) {
        test_log_close(&life->log);
        life->is_open = false;
    }
}

/* What is not acknowledged goes first, in order, `at_once` together. */
static bool pump(struct life *life, uint32_t at_once) {
    if (!life_has_log(life)) {
        return false;
    }
    while (life->settled < life->unit_count) {
        const uint32_t left = life->unit_count - life->settled;
        const uint32_t count = left < at_once ? left : at_once;
        const uint32_t first = life->settled;
        submit(life, first, count);
        while (life->settled < life->unit_count &&
               life->units[life->settled].promised_at != LIFE_NEVER) {
            life->settled++;
        }
        if (life->settled < first + count) {
            return false;
        }
    }
    return true;
}

/* ---- steps ---- */

/* A stroke of the author's that is acknowledged; 0 if there is none. Newer ones more often, so that compaction is not held. */
static uint64_t stroke_of(const struct life *life, uint8_t author, struct test_random *random) {
    uint64_t seq = 0;
    for (uint32_t i = life->unit_count > 12 ? life->unit_count - 12 : 0; i < life->settled; i++) {
        const struct life_unit *unit = &life->units[i];
        if (unit->author == author && unit->op_count == 1 && !unit->ops[0].is_partial &&
            unit->ops[0].kind == KOLAM_OP_STROKE && test_random_below(random, 2) == 0) {
            seq = unit->seq;
        }
    }
    return seq;
}

static void add_change(struct life *life, struct test_random *random, uint8_t author,
                       enum life_step step) {
    const uint64_t target = stroke_of(life, author, random);
    struct life_unit *unit = new_unit(life, author);
    if (target == 0) {
        make_stroke(random, 0, 1, next_op(life, unit));
        return;
    }
    make_change(step == LIFE_SHOW ? KOLAM_OP_SHOW : KOLAM_OP_HIDE, target,
                step == LIFE_EDIT ? 2 : 0, next_op(life, unit));
    for (int i = 0; step == LIFE_EDIT && i < 2; i++) {
        make_stroke(random, 0, 1, next_op(life, unit));
    }
}

/* The author's newest unit, if it is a partial stroke, is completed; else one is begun. */
static void add_partial(struct life *life, struct test_random *random, uint8_t author) {
    const struct life_unit *last = life->unit_count > 0 ? &life->units[life->unit_count - 1] : NULL;
    const bool completes = last && last->ops[0].is_partial && last->author == author;
    struct life_unit *unit = new_unit(life, author);
    struct kolam_log_op *op = next_op(life, unit);
    make_stroke(random, 0, 1, op);
    if (completes) {
        op->counter = last->ops[0].counter;
        life->next_counter[author]--;
    } else {
        op->is_partial = true;
    }
}

static void add_units(struct life *life, enum life_step step) {
    struct test_random random = dice_of(life);
    uint8_t author = (uint8_t)(1 + test_random_below(&random, 3));
    struct life_unit *unit;
    switch (step) {
    case LIFE_GROUP:
        unit = new_unit(life, author);
        for (uint32_t part = 0; part < 3; part++) {
            make_stroke(&random, part, 3, next_op(life, unit));
        }
        break;
    case LIFE_PARTIAL:
        add_partial(life, &random, 1);
        break;
    case LIFE_HIDE:
    case LIFE_SHOW:
    case LIFE_EDIT:
        add_change(life, &random, author, step);
        break;
    case LIFE_RECORD:
        unit = new_unit(life, author);
        make_record(&random, next_op(life, unit));
        break;
    case LIFE_ACT:
        unit = new_unit(life, author);
        make_act(&random, next_op(life, unit));
        break;
    case LIFE_CROWD:
        for (uint8_t i = 0; i < 6; i++) {
            make_stroke(&random, 0, 1, next_op(life, new_unit(life, (uint8_t)(1 + i % 3))));
        }
        break;
    default:
        make_stroke(&random, 0, 1, next_op(life, new_unit(life, author)));
    }
}

static bool draw_tiles(struct kolam_raster *raster) {
    uint32_t *pixels = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof *pixels);
    bool is_drawn = pixels != NULL;
    for (int32_t level = 0; level >= -2; level--) {
        for (int64_t x = 0; x < 2 && is_drawn; x++) {
            uint64_t seq;
            bool is_empty;
            is_drawn = kolam_raster_tile(raster, (struct kolam_tile_id){.x = x, .level = level},
                                         KOLAM_SEQ_NOW, pixels, &seq, &is_empty) == KOLAM_OK;
        }
    }
    kolam_free(pixels);
    return is_drawn;
}

static bool look(struct life *life) {
    struct kolam_reader *reader = NULL;
    struct kolam_tile_store *store = NULL;
    struct kolam_raster *raster = NULL;
    struct kolam_canvas_info info;
    bool is_seen =
        life_has_log(life) && kolam_reader_create(life->log_path, &reader, NULL) == KOLAM_OK &&
        kolam_reader_info(reader, &info) == KOLAM_OK &&
        kolam_tile_store_sqlite_create(life->tiles_path, info.incarnation, false, &store, NULL) ==
            KOLAM_OK &&
        kolam_raster_create(reader, store, &raster) == KOLAM_OK && draw_tiles(raster);
    kolam_raster_destroy(raster);
    kolam_tile_store_destroy(store);
    kolam_reader_destroy(reader);
    return is_seen;
}

static bool checkpoint(struct life *life) {
    static const int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_RESTART,
                                SQLITE_CHECKPOINT_TRUNCATE};
    sqlite3 *db = NULL;
    bool is_done = sqlite3_open_v2(life->log_path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK;
    (void)sqlite3_busy_timeout(db, 5000);
    for (size_t i = 0; i < 3 && is_done; i++) {
        is_done = sqlite3_wal_checkpoint_v2(db, NULL, modes[i], NULL, NULL) == SQLITE_OK;
        add_units(life, LIFE_STROKE);
        is_done = pump(life, 1) && is_done;
    }
    (void)sqlite3_close(db);
    return is_done;
}

static bool compact(struct life *life) {
    struct kolam_reader *reader = NULL;
    struct kolam_compact_plan plan;
    struct kolam_compact_result result;
    struct kolam_compact_options options = {
        .path = life->log_path, .new_path = life->new_path, .scratch = life->scratch};
    if (!pump(life, 1)) {
        return false;
    }
    close_log(life);
    bool is_done =
        kolam_reader_create(life->log_path, &reader, NULL) == KOLAM_OK &&
        kolam_compact_plan(reader, life->units[life->settled - 8].seq, &plan, NULL) == KOLAM_OK;
    kolam_reader_destroy(reader);
    return is_done && kolam_compact_write(&options, &plan, &result, NULL) == KOLAM_OK &&
           kolam_compact_replace(&options, NULL) == KOLAM_OK;
}

bool life_step(struct life *life, enum life_step step) {
    (void)__atomic_add_fetch(&life->now_ms, STEP_MS, __ATOMIC_RELAXED);
    life->is_copied &= step == LIFE_RESTORE || step == LIFE_LOOK || step == LIFE_TOKEN;
    switch (step) {
    case LIFE_RENAME:
    case LIFE_PERSON:
    case LIFE_KEYS:
    case LIFE_SIGN_OUT:
    case LIFE_INVITE:
    case LIFE_MERGE:
    case LIFE_ERASE:
    case LIFE_DECIDE:
    case LIFE_REPORTS:
        return life_people_step(life, step);
    case LIFE_TOKEN:
    case LIFE_BACKUP:
        return life_keep_step(life, step);
    case LIFE_RESTORE:
        life_close(life);
        return life_keep_step(life, step);
    case LIFE_LOOK:
        return look(life);
    case LIFE_CHECKPOINT:
        return checkpoint(life);
    case LIFE_RESTART:
        life_close(life);
        return life_has_log(life) && life_has_identity(life);
    case LIFE_COMPACT:
        return compact(life);
    default:
        add_units(life, step);
        return pump(life, step == LIFE_CROWD ? 6 : 1);
    }
}

/* Who met a failure (explore.h) lives on for so many steps, or until the next compaction; one in so many to the end. */
#define MORE_STEPS 4
#define LONG_LIVES 128

static bool is_enough(uint32_t steps_since, enum life_step next) {
    return explore_is_child() && explore_child_number() % LONG_LIVES != 0 &&
           (steps_since > MORE_STEPS || next == LIFE_COMPACT);
}

static void take_steps(struct life *life, const enum life_step *steps, uint32_t count) {
    uint32_t steps_since = 0;
    for (uint32_t i = 0; i < count; i++) {
        (void)life_step(life, steps[i]);
        steps_since += explore_is_child();
        if (i + 1 < count && is_enough(steps_since, steps[i + 1])) {
            return;
        }
    }
}

void life_live(struct life *life, uint32_t limit) {
    static const enum life_step script[] = {
        LIFE_STROKE,  LIFE_PERSON,  LIFE_GROUP,   LIFE_PARTIAL, LIFE_PARTIAL,    LIFE_HIDE,
        LIFE_LOOK,    LIFE_CROWD,   LIFE_SHOW,    LIFE_RECORD,  LIFE_EDIT,       LIFE_RENAME,
        LIFE_LOOK,    LIFE_STROKE,  LIFE_CROWD,   LIFE_PERSON,  LIFE_CHECKPOINT, LIFE_STROKE,
        LIFE_KEYS,    LIFE_DECIDE,  LIFE_INVITE,  LIFE_ACT,     LIFE_REPORTS,    LIFE_SIGN_OUT,
        LIFE_EDIT,    LIFE_LOOK,    LIFE_RESTART, LIFE_CROWD,   LIFE_HIDE,       LIFE_RENAME,
        LIFE_MERGE,   LIFE_DECIDE,  LIFE_KEYS,    LIFE_ERASE,   LIFE_REPORTS,    LIFE_ACT,
        LIFE_GROUP,   LIFE_PARTIAL, LIFE_CROWD,   LIFE_LOOK,    LIFE_COMPACT,    LIFE_STROKE,
        LIFE_PARTIAL, LIFE_CROWD,   LIFE_LOOK,    LIFE_RESTART, LIFE_EDIT,       LIFE_RENAME,
    };
    const uint32_t count = sizeof script / sizeof script[0];
    take_steps(life, script, limit == 0 || limit > count ? count : limit);
}

void life_keep(struct life *life) {
    static const enum life_step script[] = {
        LIFE_STROKE, LIFE_TOKEN,   LIFE_CROWD,   LIFE_PERSON,  LIFE_KEYS,    LIFE_DECIDE,
        LIFE_BACKUP, LIFE_CROWD,   LIFE_ACT,     LIFE_RENAME,  LIFE_BACKUP,  LIFE_RESTORE,
        LIFE_STROKE, LIFE_CROWD,   LIFE_COMPACT, LIFE_STROKE,  LIFE_REPORTS, LIFE_BACKUP,
        LIFE_LOOK,   LIFE_RESTORE, LIFE_STROKE,  LIFE_RESTART, LIFE_BACKUP,
    };
    take_steps(life, script, sizeof script / sizeof script[0]);
}

void life_promise_again(struct life *life) {
    for (uint32_t i = 0; i < life->settled; i++) {
        life->units[i].promised_at = 0;
    }
    for (uint32_t i = 0; i < life->person_count; i++) {
        struct life_person *person = &life->people[i];
        person->promised_at = 0;
        for (uint32_t j = 0; j < person->name_count; j++) {
            person->names[j].asked_at = person->names[j].promised_at = 0;
        }
    }
    for (uint32_t i = 0; i < life->fact_count; i++) {
        life->facts[i].promised_at = 0;
        require(life->facts[i].end_asked_at == LIFE_NEVER, "what has ended cannot be promised");
    }
}

void life_settle(struct life *life) {
    while (!pump(life, 1)) {
        require(life->is_open, "the log does not open");
    }
}

static struct life *begin(uint64_t seed, void (*make_folder)(char out_path[512])) {
    struct life *life = kolam_alloc_zero(1, sizeof *life);
    require(life != NULL, "no memory");
    chance_begin(seed);
    life->seed = seed;
    life->now_ms = 1700000000000;
    make_folder(life->root);
    make_folder(life->scratch);
    (void)snprintf(life->data, sizeof life->data, "%s/data", life->root);
    (void)snprintf(life->log_path, sizeof life->log_path, "%s/canvases/main.kolam", life->data);
    (void)snprintf(life->tiles_path, sizeof life->tiles_path, "%s/canvases/main.tiles", life->data);
    (void)snprintf(life->new_path, sizeof life->new_path, "%s.new", life->log_path);
    (void)snprintf(life->backup, sizeof life->backup, "%s/backup", life->root);
    (void)snprintf(life->moderation_path, sizeof life->moderation_path, "%s/moderation.db",
                   life->data);
    life->token_promised_at = LIFE_NEVER;
    (void)snprintf(life->identity_path, sizeof life->identity_path, "%s/identity.db", life->data);
    return life;
}

struct life *life_begin(uint64_t seed) {
    return begin(seed, ram_folder_make);
}

struct life *life_begin_on_disk(uint64_t seed) {
    return begin(seed, temp_folder_make);
}

void life_close(struct life *life) {
    close_log(life);
    life_close_people(life);
}

void life_end(struct life *life) {
    life_close(life);
    for (uint32_t i = 0; i < life->unit_count; i++) {
        for (uint32_t j = 0; j < life->units[i].op_count; j++) {
            kolam_free(life->units[i].ops[j].body);
            kolam_free(life->units[i].ops[j].homes);
        }
    }
    void (*remove_folder)(const char *path) =
        ram_has(life->root) ? ram_folder_remove : temp_folder_remove;
    remove_folder(life->scratch);
    remove_folder(life->root);
    kolam_free(life);
}
