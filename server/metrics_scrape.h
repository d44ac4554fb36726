/* Everything that one answer of /metrics tells, gathered at one moment. */
#ifndef KOLAM_SERVER_METRICS_SCRAPE_H
#define KOLAM_SERVER_METRICS_SCRAPE_H

#include "canvas.h"
#include "kolam/memory.h"
#include "metrics_text.h"

/* So many canvases are told one by one: the busiest of the open ones. */
#define KOLAM_CANVASES_TOLD 32

struct kolam_scrape_canvas {
    const struct kolam_canvas *canvas;
    uint64_t clients, views;
    double busyness;
};

struct kolam_process {
    uint64_t cpu_us, loop_cpu_us, resident_bytes, private_bytes, virtual_bytes, open_files,
        max_files;
    double start_s; /* Unix time; 0: not known */
};

/* What is told of memory, by what it is for. */
enum kolam_memory_part {
    KOLAM_MEMORY_STORAGE, /* SQLite: pages of logs, indexes and tiles */
    KOLAM_MEMORY_TILES,
    KOLAM_MEMORY_RECENT,   /* ops of open canvases */
    KOLAM_MEMORY_VERSIONS, /* of tiles, likewise */
    KOLAM_MEMORY_ACCOUNTS,
    KOLAM_MEMORY_UNENDED, /* messages */
    KOLAM_MEMORY_PARTS
};

struct kolam_scrape {
    struct kolam_metrics counted;
    struct kolam_log_stats logs; /* of all logs, those closed since included */
    struct kolam_pool_stats pool;
    struct kolam_loop_stats loop;
    struct kolam_process process;
    struct kolam_heap heap;
    uint64_t memory[KOLAM_MEMORY_PARTS];
    uint64_t connections, canvases, canvases_open, canvases_unwritable, tile_cache_bytes,
        tile_cache_limit_bytes, snapshots_running, damaged_rows;
    kolam_limit_hits limit_hits;
    uint64_t limit_accounts, clients_throttled;
    uint64_t views, congested, queued_bytes, queued_bytes_max, oldest_queue_us;
    struct kolam_scrape_canvas busiest[KOLAM_CANVASES_TOLD];
    uint32_t busiest_count;
};

/* Loop thread. Takes about 0.1 us a client. */
void kolam_scrape(struct kolam_server *server, struct kolam_scrape *out_scrape);
/* What the system knows of this process; the CPU of the calling thread is the loop's. */
void kolam_process_read(struct kolam_process *out_process);
/* Any thread: what is in RAM and of no file; 0: not known. */
uint64_t kolam_process_private_bytes(void);
/* Writes the whole table. */
void kolam_metrics_write(const struct kolam_scrape *scrape, struct kolam_text *text);

#endif
