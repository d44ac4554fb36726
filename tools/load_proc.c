/* /proc, read anew each time: twice a run. */
#include "load_proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool read_text(pid_t pid, const char *name, char *out_text, size_t capacity_bytes) {
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    if (!file) {
        return false;
    }
    size_t size = fread(out_text, 1, capacity_bytes - 1, file);
    fclose(file);
    out_text[size] = '\0';
    return size > 0;
}

static double field_mb(const char *status, const char *name) {
    const char *at = strstr(status, name);
    unsigned long kb = 0;
    return at && sscanf(at + strlen(name), ": %lu", &kb) == 1 ? (double)kb / 1024 : 0;
}

struct kolam_load_usage kolam_load_usage_of(pid_t pid) {
    struct kolam_load_usage usage = {0};
    char text[4096];
    unsigned long user = 0, kernel = 0;
    uint64_t main_ns = 0;
    if (pid <= 0 || !read_text(pid, "stat", text, sizeof text)) {
        return usage;
    }
    /* The name, which may hold anything, ends at the last parenthesis; utime is the 12th field after it. */
    const char *after = strrchr(text, ')');
    if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                         &kernel) != 2) {
        return usage;
    }
    usage.cpu_s = (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
    if (read_text(pid, "schedstat", text, sizeof text) && sscanf(text, "%" SCNu64, &main_ns) == 1) {
        usage.main_cpu_s = (double)main_ns / 1e9;
    }
    if (read_text(pid, "status", text, sizeof text)) {
        usage.rss_mb = field_mb(text, "VmRSS");
        usage.peak_rss_mb = field_mb(text, "VmHWM");
    }
    usage.is_known = true;
    return usage;
}
