/* Which wall a verb is about, and moments of its past; see wall.h. */
#include "wall.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http.h"
#include "kolam/alloc.h"
#include "kolam/export.h"
#include "kolam/folder.h"
#include "tool.h"

#define JSON_BYTES_MAX ((size_t)64 << 20)

int kolam_wall_settle(const char *verb, struct kolam_wall *wall) {
    if (wall->data && wall->server) {
        return kolam_tool_misused(verb, "--data and --server exclude each other");
    }
    if (!kolam_canvas_name_is_valid(wall->canvas)) {
        return kolam_tool_misused(verb, "'%s' is no name of a canvas (a-z 0-9 - _, at most 64)",
                                  wall->canvas);
    }
    if (!wall->data && !wall->server) {
        wall->server = kolam_tool_setting(NULL, "KOLAM_SERVER");
    }
    if (!wall->server) {
        wall->data = kolam_tool_setting(wall->data, "KOLAM_DATA");
        wall->data = wall->data ? wall->data : "./kolam-data";
        return 0;
    }
    struct kolam_url url;
    struct kolam_error error;
    return kolam_url_parse(wall->server, &url, &error) == KOLAM_OK
               ? 0
               : kolam_tool_misused(verb, "%s", error.text);
}

/* ---- moments ---- */

int kolam_wall_moment(const char *verb, const char *option, const char *text,
                      struct kolam_moment *out_moment) {
    if (!text || kolam_moment_parse(text, strlen(text), out_moment) == KOLAM_OK) {
        return 0;
    }
    return kolam_tool_misused(verb, "%s %s is no seq (4711) and no time (2026-11-22T03:15:00Z)",
                              option, text);
}

static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum kolam_status kolam_wall_resolve(struct kolam_reader *reader, const char *option,
                                     const char *text, uint64_t *out_seq,
                                     struct kolam_error *error) {
    struct kolam_moment moment;
    struct kolam_error reason = {.text = "malformed"};
    enum kolam_status status = kolam_moment_parse(text, strlen(text), &moment);
    int64_t now = now_ms();
    if (status == KOLAM_OK && moment.is_time && moment.time_ms > now) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "%s %s: that time is in the future", option,
                          text);
    }
    if (status == KOLAM_OK) {
        status = kolam_moment_resolve(reader, &moment, now, out_seq, &reason);
    }
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "%s %s: %s", option, text, reason.text);
}

/* ---- places ---- */

static bool is_whole(const struct kolam_region *region, int32_t level) {
    const double sides[] = {region->x, region->y, region->width, region->height};
    for (int i = 0; i < 4; i++) {
        double side = ldexp(sides[i], level);
        if (side != floor(side)) {
            return false;
        }
    }
    return true;
}

bool kolam_wall_rect(const char *text, struct kolam_rect *out_rect) {
    struct kolam_region region;
    int32_t level = 0;
    if (kolam_region_parse_rect(text, strlen(text), &region) != KOLAM_OK) {
        return false;
    }
    while (level < KOLAM_LEVEL_MAX && !is_whole(&region, level)) {
        level++;
    }
    *out_rect = (struct kolam_rect){(int64_t)floor(ldexp(region.x, level)),
                                    (int64_t)floor(ldexp(region.y, level)),
                                    (int64_t)ceil(ldexp(region.x + region.width, level)),
                                    (int64_t)ceil(ldexp(region.y + region.height, level)), level};
    return true;
}

const char *kolam_wall_rect_text(const struct kolam_region *region,
                                 char out_text[KOLAM_WALL_RECT_MAX]) {
    snprintf(out_text, KOLAM_WALL_RECT_MAX, "%.24f,%.24f,%.24f,%.24f", region->x, region->y,
             region->width, region->height);
    return out_text;
}

void kolam_wall_time_text(int64_t time_ms, char out_text[32]) {
    time_t seconds = (time_t)kolam_floor_div(time_ms, 1000);
    char text[24] = "";
    struct tm utc;
    if (!gmtime_r(&seconds, &utc) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
        snprintf(out_text, 32, "%lld", (long long)time_ms);
        return;
    }
    snprintf(out_text, 32, "%s.%03dZ", text, (int)(time_ms - (int64_t)seconds * 1000));
}

/* ---- asking a server ---- */

bool kolam_wall_escape(const char *text, char *out_text, size_t capacity_bytes) {
    size_t size = 0;
    for (; *text; text++) {
        bool is_plain = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') ||
                        (*text >= 'A' && *text <= 'Z') || strchr("-_.~", *text);
        if (size + 4 > capacity_bytes) {
            return false;
        }
        size += (size_t)(is_plain ? snprintf(out_text + size, 2, "%c", *text)
                                  : snprintf(out_text + size, 4, "%%%02X", (unsigned char)*text));
    }
    if (size == 0 && capacity_bytes > 0) {
        out_text[0] = '\0';
    }
    return capacity_bytes > 0;
}

struct collected {
    uint8_t *bytes;
    size_t size_bytes, capacity_bytes, size_max;
    bool is_too_large;
};

static bool collect(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct collected *collected = ctx;
    if (size_bytes > collected->size_max - collected->size_bytes) {
        collected->is_too_large = true;
        return false;
    }
    size_t needed = collected->size_bytes + size_bytes;
    if (needed > collected->capacity_bytes) {
        size_t capacity = needed < 65536 ? 65536 : needed + needed / 2;
        uint8_t *grown = kolam_realloc_array(collected->bytes, capacity, 1);
        if (!grown) {
            return false;
        }
        collected->bytes = grown;
        collected->capacity_bytes = capacity;
    }
    memcpy(collected->bytes + collected->size_bytes, bytes, size_bytes);
    collected->size_bytes = needed;
    return true;
}

enum kolam_status kolam_wall_get_bytes(const char *server, const char *target, size_t size_max,
                                       uint8_t **out_bytes, size_t *out_size_bytes,
                                       struct kolam_error *error) {
    struct kolam_url url;
    struct collected collected = {.size_max = size_max};
    enum kolam_status status = kolam_url_parse(server, &url, error);
    if (status == KOLAM_OK) {
        status = kolam_http_get_patiently(&url, target, KOLAM_WALL_TIMEOUT_MS, collect, &collected,
                                          error);
    }
    if (status != KOLAM_OK) {
        kolam_free(collected.bytes);
        return collected.is_too_large
                   ? kolam_fail(error, KOLAM_ERR_FULL, "the server's answer is too large")
                   : status;
    }
    *out_bytes = collected.bytes;
    *out_size_bytes = collected.size_bytes;
    return KOLAM_OK;
}

enum kolam_status kolam_wall_get_json(const char *server, const char *target, json_t **out_answer,
                                      struct kolam_error *error) {
    uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    enum kolam_status status =
        kolam_wall_get_bytes(server, target, JSON_BYTES_MAX, &bytes, &size_bytes, error);
    if (status != KOLAM_OK) {
        return status;
    }
    json_t *answer = bytes ? json_loadb((const char *)bytes, size_bytes, 0, NULL) : NULL;
    kolam_free(bytes);
    if (!json_is_object(answer)) {
        json_decref(answer);
        return kolam_fail(error, KOLAM_ERR_INVALID, "the server's answer is malformed");
    }
    *out_answer = answer;
    return KOLAM_OK;
}
