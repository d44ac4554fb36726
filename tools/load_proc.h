/* Whose processor time and memory: /proc of one process. */
#ifndef KOLAM_TOOLS_LOAD_PROC_H
#define KOLAM_TOOLS_LOAD_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct kolam_load_usage {
    bool is_known;
    double cpu_s;      /* of all threads, those that ended included */
    double main_cpu_s; /* of the first thread: the server's loop */
    double rss_mb, peak_rss_mb;
};

struct kolam_load_usage kolam_load_usage_of(pid_t pid);

#endif
