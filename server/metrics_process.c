/* What the system knows of this process, under the names that every Prometheus client uses. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "metrics_scrape.h"

static uint64_t cpu_us(clockid_t clock) {
    struct timespec used;
    return clock_gettime(clock, &used) == 0
               ? (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000
               : 0;
}

static void read_memory(struct kolam_process *process) {
    unsigned long pages = 0, resident = 0, shared = 0;
    const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%lu %lu %lu", &pages, &resident, &shared) == 3) {
        process->virtual_bytes = pages * page_bytes;
        process->resident_bytes = resident * page_bytes;
        process->private_bytes = resident > shared ? (resident - shared) * page_bytes : 0;
    }
    if (file) {
        fclose(file);
    }
}

/* Newer kernels tell the number as the folder's size; with ten thousand connections reading the folder
 * itself would stop the loop for milliseconds. */
static void read_files(struct kolam_process *process) {
    struct stat info;
    struct rlimit limit;
    if (stat("/proc/self/fd", &info) == 0 && info.st_size > 0) {
        process->open_files = (uint64_t)info.st_size;
    } else {
        DIR *folder = opendir("/proc/self/fd");
        while (folder && readdir(folder)) {
            process->open_files++;
        }
        /* Without ".", ".." and the folder itself. */
        process->open_files -= process->open_files >= 3 ? 3 : process->open_files;
        if (folder) {
            closedir(folder);
        }
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        process->max_files = limit.rlim_cur;
    }
}

/* Field 22 of stat is the start in clock ticks since boot; the name before it may hold anything but ')'
 * at its end. */
static double start_s(void) {
    char text[1024];
    unsigned long long ticks;
    struct timespec boot, now;
    FILE *file = fopen("/proc/self/stat", "re");
    size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file) {
        fclose(file);
    }
    text[size] = '\0';
    const char *after_name = strrchr(text, ')');
    if (!after_name ||
        sscanf(after_name + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &ticks) != 1 ||
        clock_gettime(CLOCK_BOOTTIME, &boot) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return 0;
    }
    double booted_s =
        (double)(now.tv_sec - boot.tv_sec) + (double)(now.tv_nsec - boot.tv_nsec) / 1e9;
    return booted_s + (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

void kolam_process_read(struct kolam_process *out_process) {
    *out_process = (struct kolam_process){.cpu_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID),
                                          .loop_cpu_us = cpu_us(CLOCK_THREAD_CPUTIME_ID),
                                          .start_s = start_s()};
    read_memory(out_process);
    read_files(out_process);
}

uint64_t kolam_process_private_bytes(void) {
    struct kolam_process process = {0};
    read_memory(&process);
    return process.private_bytes;
}
