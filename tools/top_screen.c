/* Lays out what `kolam top` knows; see top_screen.h. A line is put together cell by cell, so that colours take no room
 * and nothing is wider than the terminal. */
#include "top_screen.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kolam/status.h"

enum style { PLAIN, DIM, STRONG, WARM, HOT, STYLES };
static const char *const codes[STYLES] = {"", "\033[2m", "\033[1m", "\033[33m", "\033[1;31m"};

struct page {
    const struct kolam_top_layout *layout;
    char *out;
    size_t used;
    int row, column;
};

/* ---- cells ---- */

static void add_raw(struct page *page, const char *bytes, size_t size) {
    if (page->used + size < KOLAM_TOP_SCREEN_BYTES) {
        memcpy(page->out + page->used, bytes, size);
        page->used += size;
        page->out[page->used] = '\0';
    }
}

/* As much of the text as has room; each character takes one cell. */
static void put(struct page *page, enum style style, const char *text) {
    const char *end = text;
    int cells = 0;
    while (*end && page->column + cells < page->layout->columns) {
        cells++;
        end++;
        while ((*end & 0xc0) == 0x80) {
            end++;
        }
    }
    if (cells == 0 || page->row >= page->layout->rows) {
        return;
    }
    const bool is_colored = page->layout->has_color && style != PLAIN;
    if (is_colored) {
        add_raw(page, codes[style], strlen(codes[style]));
    }
    add_raw(page, text, (size_t)(end - text));
    if (is_colored) {
        add_raw(page, "\033[0m", 4);
    }
    page->column += cells;
}

KOLAM_PRINTF(3, 4)
static void putf(struct page *page, enum style style, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    put(page, style, text);
}

static void go_to(struct page *page, int column) {
    if (page->column < column) {
        putf(page, PLAIN, "%*s", column - page->column, "");
    }
}

static void end_line(struct page *page) {
    page->row++;
    page->column = 0;
    if (page->row < page->layout->rows) {
        add_raw(page, "\n", 1);
    }
}

/* ---- numbers as people read them ---- */

struct shown {
    char text[48];
};

static struct shown plain(double value) {
    static const char *const units[] = {"", " k", " M", " G", " T"};
    struct shown shown;
    int unit = 0;
    if (!isfinite(value)) {
        return (struct shown){"-"};
    }
    while (value >= 10000 && unit < 4) {
        value /= 1000;
        unit++;
    }
    snprintf(shown.text, sizeof(shown.text),
             value >= 100 || value == floor(value) ? "%.0f%s" : "%.1f%s", value, units[unit]);
    return shown;
}

/* Of a width that changes little while it is looked at. */
static struct shown rate(double value) {
    struct shown shown;
    if (!isfinite(value) || value >= 100) {
        return plain(isfinite(value) ? round(value) : value);
    }
    snprintf(shown.text, sizeof(shown.text), "%.1f", value);
    return shown;
}

static struct shown bytes(double value) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    struct shown shown;
    int unit = 0;
    if (!isfinite(value)) {
        return (struct shown){"-"};
    }
    while (value >= 1000 && unit < 4) {
        value /= 1000;
        unit++;
    }
    snprintf(shown.text, sizeof(shown.text), value >= 100 || unit == 0 ? "%.0f %s" : "%.1f %s",
             value, units[unit]);
    return shown;
}

/* Milliseconds. */
static struct shown span(double ms) {
    struct shown shown;
    if (!isfinite(ms)) {
        return (struct shown){"-"};
    }
    snprintf(shown.text, sizeof(shown.text), ms >= 100 ? "%.0f" : ms >= 10 ? "%.1f" : "%.2f", ms);
    return shown;
}

static struct shown uptime(double seconds) {
    struct shown shown;
    const long s = isfinite(seconds) && seconds > 0 ? (long)seconds : 0;
    if (s >= 86400) {
        snprintf(shown.text, sizeof(shown.text), "%ld d %02ld:%02ld", s / 86400, s / 3600 % 24,
                 s / 60 % 60);
    } else {
        snprintf(shown.text, sizeof(shown.text), "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    }
    return shown;
}

static enum style heat(double value, double warm, double hot) {
    return value >= hot ? HOT : value >= warm ? WARM : STRONG;
}

/* ---- the lines ---- */

#define LABEL 9 /* cells before the first figure */

static void label(struct page *page, const char *text) {
    put(page, DIM, text);
    go_to(page, LABEL);
}

static void figure(struct page *page, enum style style, const char *value, const char *what) {
    put(page, style, value);
    put(page, PLAIN, what);
}

static void write_head(struct page *page, const struct kolam_top_figures *f) {
    put(page, STRONG, "kolam top");
    putf(page, PLAIN, "  %s", page->layout->server);
    if (f) {
        putf(page, PLAIN, "  %s  up %s", f->version, uptime(f->uptime_s).text);
    }
    if (page->layout->trouble) {
        putf(page, HOT, "  %s", page->layout->trouble);
    } else {
        putf(page, DIM, "  every %g s, q quits", page->layout->interval_s);
    }
    end_line(page);
}

static void write_people(struct page *page, const struct kolam_top_figures *f) {
    label(page, "people");
    figure(page, STRONG, plain(f->clients).text, " clients");
    if (f->clients_slow > 0) {
        putf(page, WARM, " (%s slow)", plain(f->clients_slow).text);
    }
    figure(page, STRONG, "   ", "");
    figure(page, STRONG, plain(f->views).text, " views   ");
    figure(page, STRONG, plain(f->connections).text, " connections   ");
    figure(page, STRONG, plain(f->canvases_open).text, " of ");
    figure(page, STRONG, plain(f->canvases).text, " canvases open");
    if (f->unwritable > 0) {
        putf(page, HOT, "   %s CANNOT BE WRITTEN", plain(f->unwritable).text);
    }
    end_line(page);
    label(page, "drawing");
    figure(page, STRONG, rate(f->ops_s).text, " ops/s   ");
    figure(page, STRONG, rate(f->previews_s).text, " previews/s   ");
    figure(page, STRONG, rate(f->deliveries_s).text, " deliveries/s   ");
    figure(page, STRONG, bytes(f->sent_bytes_s).text, "/s");
    end_line(page);
    label(page, "http");
    figure(page, STRONG, rate(f->http_s).text, "/s   ");
    figure(page, STRONG, bytes(f->http_bytes_s).text, "/s   ");
    figure(page, heat(f->errors_s, 0.001, 1), rate(f->errors_s).text,
           " errors/s   tiles from memory ");
    if (isfinite(f->cache_share)) {
        putf(page, STRONG, "%.0f%%", f->cache_share * 100);
    } else {
        put(page, STRONG, "-");
    }
    putf(page, PLAIN, ", %s of %s", bytes(f->cache_bytes).text, bytes(f->cache_limit_bytes).text);
    end_line(page);
}

static void write_machine(struct page *page, const struct kolam_top_figures *f) {
    label(page, "loop");
    putf(page, heat(f->busy, 0.7, 0.9), "%.0f%%", f->busy * 100);
    put(page, PLAIN, " busy   tick ");
    figure(page, heat(f->tick_ms, 30, 90), span(f->tick_ms).text, " ms (work ");
    figure(page, STRONG, span(f->tick_work_ms).text, ")   turn p99 ");
    figure(page, heat(f->turn_p99_ms, 25, 100), span(f->turn_p99_ms).text, " ms");
    end_line(page);
    label(page, "machine");
    putf(page, STRONG, "%.2f", f->cpu);
    put(page, PLAIN, " CPU   ");
    figure(page, STRONG, bytes(f->rss_bytes).text, " RSS   ");
    figure(page, STRONG, plain(f->files).text, " files   workers ");
    putf(page, STRONG, "%.0f", f->workers_busy);
    putf(page, PLAIN, " of %.0f", f->workers);
    end_line(page);
    label(page, "disk");
    put(page, PLAIN, "commit p50 ");
    figure(page, STRONG, span(f->commit_p50_ms).text, " p99 ");
    figure(page, heat(f->commit_p99_ms, 50, 250), span(f->commit_p99_ms).text,
           " ms   durable p99 ");
    figure(page, heat(f->submit_p99_ms, 100, 250), span(f->submit_p99_ms).text, " ms   batch ");
    put(page, STRONG, rate(f->batch).text);
    end_line(page);
    label(page, "jobs");
    figure(page, heat(f->jobs_interactive, 20, 100), plain(f->jobs_interactive).text,
           " interactive   ");
    figure(page, heat(f->jobs_tile, 50, 500), plain(f->jobs_tile).text, " tiles   ");
    figure(page, STRONG, plain(f->jobs_background).text, " background   a tile p50 ");
    figure(page, STRONG, span(f->tile_p50_ms).text, " p99 ");
    figure(page, STRONG, span(f->tile_p99_ms).text, " ms");
    end_line(page);
    label(page, "queues");
    figure(page, STRONG, bytes(f->queued_bytes).text, "   largest ");
    figure(page, heat(f->queued_bytes_max, 262144, 2097152), bytes(f->queued_bytes_max).text,
           "   oldest ");
    putf(page, heat(f->oldest_s, 1, 5), "%.1f", f->oldest_s);
    put(page, PLAIN, " s   dropped ");
    figure(page, heat(f->dropped_s, 0.001, 100), rate(f->dropped_s).text, "/s   refreshed ");
    figure(page, heat(f->refreshes_s, 0.001, 10), rate(f->refreshes_s).text, "/s   closed ");
    figure(page, heat(f->closed_s, 0.001, 1), rate(f->closed_s).text, "/s");
    end_line(page);
}

/* Which limits are reached now, and which were since the server began. */
static void write_limits(struct page *page, const struct kolam_top_figures *f) {
    label(page, "limits");
    figure(page, heat(f->hits_s, 0.001, 100), rate(f->hits_s).text, " reached/s");
    for (uint32_t i = 0; i < f->limit_count; i++) {
        const struct kolam_top_limit *limit = &f->limits[i];
        putf(page, PLAIN, "   %s ", limit->name);
        put(page, STRONG, plain(limit->hits).text);
        if (limit->hits_s > 0) {
            putf(page, WARM, " (%s/s)", rate(limit->hits_s).text);
        }
    }
    end_line(page);
}

/* The last minute, one cell a sample, scaled to its largest. */
static void write_spark(struct page *page, const char *name, const float *values, size_t count,
                        double scale_min, struct shown (*show)(double)) {
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const marks[] = {" ", ".", ".", ":", "-", "=", "+", "*", "#"};
    const char *const *cells = page->layout->has_unicode ? blocks : marks;
    const double per_minute = 60 / page->layout->interval_s;
    size_t shown = per_minute < 1 ? 1 : (size_t)per_minute;
    const int room = page->layout->columns - LABEL - 16;
    shown = room > 0 && shown > (size_t)room ? (size_t)room : shown;
    const size_t first = count > shown ? count - shown : 0;
    double most = 0;
    for (size_t i = first; i < count; i++) {
        most = values[i] > most ? values[i] : most;
    }
    const double scale = most > scale_min ? most : scale_min;
    label(page, name);
    go_to(page, LABEL + (int)(shown - (count - first)));
    for (size_t i = first; i < count; i++) {
        /* NaN, a sample without a figure, fails both comparisons: nothing is drawn. */
        const double height = ceil((double)values[i] / scale * 8);
        put(page, PLAIN, cells[height >= 8 ? 8 : height >= 1 ? (int)height : 0]);
    }
    putf(page, DIM, "  max %s", show(most).text);
    end_line(page);
}

static struct shown share(double value) {
    struct shown shown;
    snprintf(shown.text, sizeof(shown.text), "%.0f%%", value * 100);
    return shown;
}

static void write_canvases(struct page *page, const struct kolam_top_figures *f) {
    const int name_cells = page->layout->columns >= 100 ? 40 : 22;
    putf(page, DIM, "%-*s %8s %7s %9s %13s %10s", name_cells, "canvas", "clients", "views", "ops/s",
         "deliveries/s", "seq");
    end_line(page);
    for (uint32_t i = 0; i < f->canvas_count && page->row < page->layout->rows; i++) {
        const struct kolam_top_canvas *canvas = &f->busiest[i];
        putf(page, STRONG, "%-*.*s", name_cells, name_cells, canvas->name);
        putf(page, PLAIN, " %8s %7s %9s %13s %10.0f", plain(canvas->clients).text,
             plain(canvas->views).text, rate(canvas->ops_s).text, rate(canvas->deliveries_s).text,
             canvas->seq);
        end_line(page);
    }
}

size_t kolam_top_screen(const struct kolam_top_layout *layout,
                        const struct kolam_top_figures *figures, const struct kolam_top_past *past,
                        char out[KOLAM_TOP_SCREEN_BYTES]) {
    struct page page = {.layout = layout, .out = out};
    out[0] = '\0';
    write_head(&page, figures);
    if (figures) {
        write_people(&page, figures);
        write_machine(&page, figures);
        write_limits(&page, figures);
        if (layout->rows >= 17) {
            end_line(&page);
            write_spark(&page, "ops/s", past->ops_s, past->count, 1, rate);
            write_spark(&page, "sent/s", past->deliveries_s, past->count, 1, rate);
            write_spark(&page, "busy", past->busy, past->count, 0.1, share);
        }
        end_line(&page);
        write_canvases(&page, figures);
    } else if (!layout->trouble) {
        end_line(&page);
        putf(&page, DIM, "The first figures come in %g s.", layout->interval_s);
    }
    return page.used;
}

void kolam_top_line(const struct kolam_top_figures *f, char *out, size_t capacity) {
    snprintf(
        out, capacity,
        "clients=%.0f views=%.0f ops_s=%.1f deliveries_s=%.1f bytes_s=%.0f http_s=%.1f busy=%.3f "
        "tick_ms=%s cpu=%.2f rss_mb=%.1f commit_p50_ms=%s commit_p99_ms=%s jobs=%.0f "
        "queued_bytes=%.0f dropped_s=%.1f",
        f->clients, f->views, f->ops_s, f->deliveries_s, f->sent_bytes_s, f->http_s, f->busy,
        span(f->tick_ms).text, f->cpu, f->rss_bytes / 1e6, span(f->commit_p50_ms).text,
        span(f->commit_p99_ms).text, f->jobs_interactive + f->jobs_tile + f->jobs_background,
        f->queued_bytes, f->dropped_s);
}
