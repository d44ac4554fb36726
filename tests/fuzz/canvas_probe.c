/* See canvas_probe.h. Statuses are thrown away: a file may be refused at any step, or not at all. */
#include "canvas_probe.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/compact.h"
#include "kolam/export.h"
#include "kolam/heat.h"
#include "kolam/history.h"
#include "kolam/identity.h"
#include "tools/check.h"

#define PATHS_MAX 16
#define ROWS_SEEN_MAX 256 /* of each list: a file of a few pages can claim to have very many */

struct probe {
    struct kolam_reader *reader, *lookup;
    struct kolam_tile_store *store;
    struct kolam_raster *raster;
    struct kolam_history *history;
    struct kolam_canvas_info info;
    uint32_t *pixels;
    uint32_t seen;
    uint64_t sum;
};

static char folder[64];

static void remove_folder(void) {
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    (void)!system(command);
}

const char *probe_folder(void) {
    if (folder[0] == '\0') {
        (void)strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/kolam-fuzz-XXXXXX"
                                                           : "/tmp/kolam-fuzz-XXXXXX");
        if (!mkdtemp(folder)) {
            abort();
        }
        (void)atexit(remove_folder);
    }
    return folder;
}

const char *probe_path(const char *name) {
    static char paths[PATHS_MAX][160];
    static int count;
    if (count == PATHS_MAX) {
        abort();
    }
    (void)snprintf(paths[count], sizeof paths[count], "%s/%s", probe_folder(), name);
    return paths[count++];
}

void probe_write(const char *path, const void *bytes, size_t size_bytes) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, size_bytes) != (ssize_t)size_bytes || close(fd) != 0) {
        abort();
    }
}

void probe_remove(const char *path) {
    kolam_compact_discard(path);
}

/* ---- reading ---- */

static bool goes_on(struct probe *probe) {
    return probe->seen++ < ROWS_SEEN_MAX;
}

static void add_bytes(struct probe *probe, const void *bytes, size_t size_bytes) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size_bytes; i++) {
        probe->sum = probe->sum * 31 + at[i]; /* a sanitizer sees each byte read */
    }
}

static bool on_row(void *ctx, const struct kolam_log_row *row) {
    add_bytes(ctx, row->body, row->body_size_bytes);
    return goes_on(ctx);
}

static bool on_artist(void *ctx, uint32_t artist, const char *name) {
    struct probe *probe = ctx;
    probe->sum += artist;
    add_bytes(probe, name, name ? strlen(name) : 0);
    return goes_on(probe);
}

static bool on_home(void *ctx, const struct kolam_home_row *row) {
    struct probe *probe = ctx;
    probe->sum += row->seq;
    if (!kolam_tile_is_valid(row->home.tile)) {
        abort();
    }
    return goes_on(probe);
}

static bool on_base(void *ctx, const struct kolam_base *base) {
    if (!kolam_tile_is_valid(base->tile)) {
        abort();
    }
    return goes_on(ctx);
}

static bool on_span(void *ctx, uint64_t first_seq, uint64_t count) {
    struct probe *probe = ctx;
    probe->sum += first_seq + count;
    return goes_on(probe);
}

static void read_all(struct probe *probe) {
    struct kolam_reader *reader = probe->reader;
    const struct kolam_tile_id root = {0, 0, KOLAM_LEVEL_MIN};
    struct kolam_author author;
    uint64_t bits, newest;
    uint64_t seq = 0;
    int64_t time_ms;
    probe->seen = 0;
    (void)!kolam_reader_range(reader, 0, UINT64_MAX, on_row, probe);
    probe->seen = 0;
    (void)!kolam_reader_records(reader, on_row, probe);
    probe->seen = 0;
    (void)!kolam_reader_artists(reader, on_artist, probe);
    probe->seen = 0;
    (void)!kolam_reader_artist_ops(reader, 1, UINT64_MAX, on_row, probe);
    probe->seen = 0;
    (void)!kolam_reader_homes_below(reader, root, UINT64_MAX, on_home, probe);
    probe->seen = 0;
    (void)!kolam_reader_bases(reader, on_base, probe);
    probe->seen = 0;
    (void)!kolam_reader_base_ids(reader, on_span, probe);
    (void)!kolam_reader_artist(reader, 1, &author);
    (void)!kolam_reader_levels(reader, &bits);
    (void)!kolam_reader_newest(reader, root, &newest);
    (void)!kolam_reader_newest_at(reader, root, probe->info.last_seq / 2, &newest);
    (void)!kolam_reader_seq_at(reader, probe->info.last_time_ms, &seq);
    (void)!kolam_reader_time_of(reader, seq, &time_ms);
}

/* ---- drawing ---- */

static void draw_tile(struct probe *probe, struct kolam_tile_id tile, uint64_t at_seq) {
    uint64_t seq;
    bool is_empty;
    if (kolam_tile_is_valid(tile)) {
        (void)!kolam_raster_tile(probe->raster, tile, at_seq, probe->pixels, &seq, &is_empty);
    }
}

static void draw_some(struct probe *probe) {
    struct kolam_tile_id tile =
        probe->info.has_recent ? probe->info.recent_tile : (struct kolam_tile_id){0, 0, 0};
    draw_tile(probe, tile, KOLAM_SEQ_NOW);
    draw_tile(probe, tile, probe->info.last_seq / 2);
    for (int32_t up = 3; up <= 9 && tile.level - up >= KOLAM_LEVEL_MIN; up += 6) {
        draw_tile(probe, kolam_tile_ancestor(tile, tile.level - up), KOLAM_SEQ_NOW);
        draw_tile(probe, kolam_tile_ancestor(tile, tile.level - up), probe->info.last_seq / 2);
    }
    draw_tile(probe, (struct kolam_tile_id){tile.x * 2, tile.y * 2, tile.level + 1}, KOLAM_SEQ_NOW);
}

static bool on_selected(void *ctx, const struct kolam_selected *selected) {
    struct probe *probe = ctx;
    probe->sum += selected->group_seq + selected->stroke->point_count;
    return goes_on(probe);
}

static bool on_drawing(void *ctx, const struct kolam_drawing *drawing) {
    struct probe *probe = ctx;
    probe->sum += drawing->seq + drawing->point_count;
    return goes_on(probe);
}

static void look_back(struct probe *probe) {
    const struct kolam_selection selection = {
        .area.rect = {.level = 0, .x0 = -4096, .y0 = -4096, .x1 = 4096, .y1 = 4096},
        .from_seq = 1,
        .to_seq = KOLAM_SEQ_NOW,
        .takes_groups = true,
    };
    static struct kolam_heat heat;
    const struct kolam_heat_question question = {
        .corner = {-4, -4, 0}, .width = 8, .height = 8, .artist = 0};
    uint32_t counts[16];
    probe->seen = 0;
    (void)!kolam_history_select(probe->history, &selection, on_selected, probe);
    probe->seen = 0;
    (void)!kolam_history_blame(probe->history, 0, 20, 20, 8, on_drawing, probe);
    (void)!kolam_history_activity(probe->history, &selection.area.rect, probe->info.created_ms,
                                  probe->info.last_time_ms, 16, counts);
    (void)!kolam_heat_find(probe->reader, &question, &heat);
}

static bool throw_away(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    add_bytes(ctx, bytes, size_bytes);
    return true;
}

static void export_some(struct probe *probe) {
    struct kolam_export_options options = {
        .region = {.x = -200, .y = -200, .width = 400, .height = 300, .scale = 0.3},
        .at_seq = KOLAM_SEQ_NOW,
        .side_max = 1024,
        .title = "a stranger's",
    };
    (void)!kolam_export_png(probe->raster, probe->reader, &options, throw_away, probe, NULL);
}

/* ---- the verbs' work ---- */

static void check(struct probe *probe) {
    struct kolam_check check = {.canvas = "test", .signals_fd = -1};
    (void)!kolam_check_log(&check, probe->reader, probe->lookup);
    (void)!kolam_check_base(&check, probe->lookup);
    (void)!kolam_check_tiles(&check, probe->reader, probe->info.incarnation, probe->store, NULL);
    kolam_free(check.bad_tiles);
}

static void compact(struct probe *probe, const char *path) {
    static const char *new_path;
    struct kolam_compact_plan plan;
    struct kolam_compact_result result;
    if (!new_path) {
        new_path = probe_path("new.kolam");
    }
    const struct kolam_compact_options options = {
        .path = path, .new_path = new_path, .scratch = probe_folder()};
    if (kolam_compact_plan(probe->reader, probe->info.last_seq, &plan, NULL) == KOLAM_OK) {
        (void)!kolam_compact_write(&options, &plan, &result, NULL);
        kolam_compact_discard(new_path);
    }
}

static void draw(struct probe *probe, bool is_to_export) {
    if (kolam_raster_create(probe->reader, probe->store, &probe->raster) != KOLAM_OK ||
        kolam_reader_begin(probe->reader) != KOLAM_OK) {
        return;
    }
    if (is_to_export) {
        export_some(probe);
    } else {
        draw_some(probe);
    }
    kolam_reader_end(probe->reader);
}

static void look(struct probe *probe) {
    if (kolam_history_create(probe->reader, &probe->history) == KOLAM_OK &&
        kolam_reader_begin(probe->reader) == KOLAM_OK) {
        look_back(probe);
        kolam_reader_end(probe->reader);
    }
}

static void use(struct probe *probe, const char *path, size_t turn) {
    if (kolam_reader_info(probe->reader, &probe->info) != KOLAM_OK) {
        return;
    }
    switch (turn % 8) {
    case 0:
    case 1:
        read_all(probe);
        return;
    case 2:
    case 3:
        look(probe);
        return;
    case 4:
        draw(probe, turn % 32 == 4);
        return;
    case 5:
        if (kolam_reader_create(path, &probe->lookup, NULL) == KOLAM_OK) {
            check(probe);
        }
        return;
    case 6:
        probe_append(path);
        return;
    default:
        if (turn % 32 == 31) {
            compact(probe, path);
        } else {
            read_all(probe);
        }
    }
}

void probe_canvas(const char *path, size_t turn) {
    struct probe probe = {.store = kolam_tile_store_null_create(),
                          .pixels = kolam_alloc(KOLAM_TILE_PIXELS * sizeof(uint32_t))};
    if (probe.store && probe.pixels && kolam_reader_create(path, &probe.reader, NULL) == KOLAM_OK) {
        use(&probe, path, turn);
    }
    kolam_history_destroy(probe.history);
    kolam_raster_destroy(probe.raster);
    kolam_tile_store_destroy(probe.store);
    kolam_reader_destroy(probe.reader);
    kolam_reader_destroy(probe.lookup);
    kolam_free(probe.pixels);
}

/* ---- writing ---- */

static int wake_pipe[2] = {-1, -1};

static void on_wake(void *ctx) {
    (void)ctx;
    (void)!write(wake_pipe[1], "w", 1);
}

static void on_done(void *ctx, struct kolam_submission *submission) {
    *(bool *)ctx = true;
    kolam_submission_destroy(submission);
}

static struct kolam_submission *make_stroke(bool *is_done) {
    struct kolam_submission *submission = kolam_submission_create(1);
    struct kolam_point points[2] = {{.x = 10, .y = 10}, {.x = 900, .y = 700}};
    struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                          .stroke = {.color = 0xff0000ff,
                                     .width = 1024,
                                     .part_count = 1,
                                     .point_count = 2,
                                     .points = points}};
    struct kolam_log_op *log_op = &submission->ops[0];
    log_op->kind = KOLAM_OP_STROKE;
    log_op->body = kolam_alloc(KOLAM_OP_BYTES_MAX);
    log_op->homes = kolam_alloc_array(KOLAM_STROKE_HOMES_MAX, sizeof *log_op->homes);
    if (kolam_op_encode(&op, log_op->body, KOLAM_OP_BYTES_MAX, &log_op->body_size_bytes) !=
            KOLAM_OK ||
        kolam_stroke_homes(&op.stroke, log_op->homes, &log_op->home_count) != KOLAM_OK) {
        abort();
    }
    (void)strcpy(submission->author.name, "Somebody");
    submission->nonce = 7;
    submission->done = on_done;
    submission->ctx = is_done;
    return submission;
}

void probe_append(const char *path) {
    const struct kolam_log_options options = {
        .path = path, .clock = kolam_clock_system(), .wake = on_wake};
    struct kolam_log *log;
    bool is_done = false;
    char bytes[64];
    if (wake_pipe[0] < 0 && pipe2(wake_pipe, O_CLOEXEC) != 0) {
        abort();
    }
    if (kolam_log_sqlite_create(&options, &log, NULL) != KOLAM_OK) {
        return;
    }
    kolam_log_submit(log, make_stroke(&is_done));
    while (!is_done) {
        (void)!read(wake_pipe[0], bytes, 1);
        kolam_log_dispatch(log);
    }
    kolam_log_destroy(log);
    struct pollfd rest = {.fd = wake_pipe[0], .events = POLLIN};
    while (poll(&rest, 1, 0) > 0) {
        (void)!read(wake_pipe[0], bytes, sizeof bytes);
    }
}
