/* What the checks cost, as CPU time and as a share of what they are part of: the sum of a log's row of a committed op, that of a
 * tile's picture of storing and reading it; and what a synced write of tiles would cost more. Usage: bench_sums [folder], the folder
 * (default: build) decides which disk. */
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "kolam/log.h"
#include "tests/support/store.h"
#include "tiles/op_sum.h"

#define OPS 20000
#define ROUNDS 5
#define TILE_BYTES 21000 /* of handwriting, compressed */
#define TILES 1000

static double cpu_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b) {
    const double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double *values) {
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

/* 100 strokes a transaction, as when many draw. */
static double commit_seconds(const char *folder) {
    char path[600];
    struct test_log log;
    temp_path(folder, "sums.kolam", path);
    test_log_open(&log, path, kolam_clock_system(), 0);
    const double begun = cpu_seconds();
    for (uint32_t i = 0; i < OPS; i += 100) {
        struct kolam_log_op ops[100];
        for (uint32_t j = 0; j < 100; j++) {
            ops[j] = test_stroke((struct kolam_tile_id){.x = (i + j) % 64}, i + j + 1, 20);
        }
        (void)test_log_commit(&log, test_submission(1, 1, ops, 100));
    }
    const double seconds = cpu_seconds() - begun;
    test_log_close(&log);
    (void)unlink(path);
    return seconds / OPS;
}

static double sum_seconds(void) {
    struct kolam_log_op op = test_stroke((struct kolam_tile_id){.x = 1}, 1, 20);
    struct kolam_log_row row = {.seq = 1,
                                .counter = 1,
                                .kind = op.kind,
                                .body = op.body,
                                .body_size_bytes = op.body_size_bytes};
    uint64_t all = 0;
    const double begun = cpu_seconds();
    for (uint32_t i = 0; i < OPS * 50; i++) {
        row.seq = i;
        all += (uint32_t)kolam_op_sum(&row);
    }
    const double seconds = cpu_seconds() - begun;
    return all == 0 ? -1 : seconds / (OPS * 50);
}

static double picture_sum_seconds(void) {
    static uint8_t bytes[TILE_BYTES];
    uint64_t all = 0;
    memset(bytes, 7, sizeof bytes);
    const double begun = cpu_seconds();
    for (uint32_t i = 0; i < 20000; i++) {
        bytes[i % TILE_BYTES]++;
        all += crc32(0, bytes, sizeof bytes);
    }
    const double seconds = cpu_seconds() - begun;
    return all == 0 ? -1 : seconds / 20000;
}

/* Pictures of a tile's size, one a transaction; in CPU and in true time. */
static void store(const char *folder, const char *synchronous, double *out_cpu, double *out_wall) {
    char path[600], text[64];
    static uint8_t bytes[TILE_BYTES];
    sqlite3 *db = NULL;
    sqlite3_stmt *put = NULL;
    struct timespec begun, end;
    temp_path(folder, "sums.tiles", path);
    (void)unlink(path);
    (void)snprintf(text, sizeof text, "PRAGMA synchronous = %s", synchronous);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 16384;"
                     "CREATE TABLE tile (id INTEGER PRIMARY KEY, pixels BLOB)",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO tile (pixels) VALUES (?)", -1, &put, NULL) !=
            SQLITE_OK) {
        abort();
    }
    const double cpu = cpu_seconds();
    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    for (uint32_t i = 0; i < TILES; i++) {
        (void)sqlite3_bind_blob(put, 1, bytes, sizeof bytes, SQLITE_STATIC);
        if (sqlite3_step(put) != SQLITE_DONE || sqlite3_reset(put) != SQLITE_OK) {
            abort();
        }
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    *out_cpu = (cpu_seconds() - cpu) / TILES;
    *out_wall =
        ((double)(end.tv_sec - begun.tv_sec) + (double)(end.tv_nsec - begun.tv_nsec) / 1e9) / TILES;
    sqlite3_finalize(put);
    sqlite3_close(db);
    (void)unlink(path);
}

int main(int argc, char **argv) {
    const char *folder = argc > 1 ? argv[1] : "build";
    double commits[ROUNDS], sums[ROUNDS], pictures[ROUNDS];
    double cpu[2][ROUNDS], wall[2][ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        commits[i] = commit_seconds(folder);
        sums[i] = sum_seconds();
        pictures[i] = picture_sum_seconds();
        store(folder, "NORMAL", &cpu[0][i], &wall[0][i]);
        store(folder, "FULL", &cpu[1][i], &wall[1][i]);
    }
    const double commit = median(commits), sum = median(sums);
    const double picture = median(pictures), normal = median(cpu[0]), full = median(cpu[1]);
    printf("an op of 20 points, 100 a commit: %.2f us of CPU, its sum %.3f us: %.1f%%\n",
           commit * 1e6, sum * 1e6, sum / commit * 100);
    printf("a tile's picture of %d bytes: stored in %.1f us of CPU, its sum %.2f us: %.1f%%\n",
           TILE_BYTES, normal * 1e6, picture * 1e6, picture / normal * 100);
    printf("a transaction a tile, synchronous FULL to NORMAL: CPU %.2f x (%.1f us to %.1f), time "
           "%.2f x (%.0f us to %.0f)\n",
           full / normal, full * 1e6, normal * 1e6, median(wall[1]) / median(wall[0]),
           median(wall[1]) * 1e6, median(wall[0]) * 1e6);
    return 0;
}
