/* kolam admin: acts and ends as a sentence for whoever reads the audit on a terminal; --json has them as they are stored. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin.h"

const char *kolam_admin_time(const json_t *time_ms, char out_text[32]) {
    const time_t seconds = (time_t)(json_integer_value(time_ms) / 1000);
    struct tm utc;
    return json_is_integer(time_ms) && gmtime_r(&seconds, &utc) &&
                   strftime(out_text, 32, "%Y-%m-%d %H:%M", &utc) > 0
               ? out_text
               : "";
}

const char *kolam_admin_until(const json_t *time_ms, char out_text[40]) {
    char time[32];
    if (!json_is_integer(time_ms)) {
        return "for good";
    }
    snprintf(out_text, 40, "until %s", kolam_admin_time(time_ms, time));
    return out_text;
}

void kolam_admin_print_area(const json_t *area) {
    const char *name = kolam_admin_text(area, "name");
    printf("%s%s%s, level %d, %s,%s,%" JSON_INTEGER_FORMAT ",%" JSON_INTEGER_FORMAT,
           name[0] ? " \"" : "", name, name[0] ? "\"" : "",
           (int)json_integer_value(json_object_get(area, "level")), kolam_admin_text(area, "x"),
           kolam_admin_text(area, "y"), json_integer_value(json_object_get(area, "width")),
           json_integer_value(json_object_get(area, "height")));
}

static void print_area_act(const json_t *record) {
    const char *of = kolam_admin_text(record, "of"), *kind = kolam_admin_text(record, "area");
    printf("area %s%s%s", kind, of[0] ? " in place of area " : "", of);
    if (strcmp(kind, "plain") != 0) {
        kolam_admin_print_area(record);
    }
}

/* The kinds that an operator meets in words; of another the record itself. */
static void print_record(const json_t *record, const char *name) {
    const char *kind = kolam_admin_text(record, "kind");
    if (strcmp(kind, "mode") == 0) {
        printf("mode %s", kolam_admin_text(record, "mode"));
    } else if (strcmp(kind, "area") == 0) {
        print_area_act(record);
    } else if (strcmp(kind, "role") == 0) {
        printf("role %s for %s (artist %" JSON_INTEGER_FORMAT ")", kolam_admin_text(record, "role"),
               name, json_integer_value(json_object_get(record, "artist")));
    } else if (strcmp(kind, "votes") == 0) {
        printf("votes to hide: %" JSON_INTEGER_FORMAT,
               json_integer_value(json_object_get(record, "hide")));
    } else if (strcmp(kind, "undo") == 0) {
        printf("takes back act %s", kolam_admin_text(record, "act"));
    } else if (strcmp(kind, "rollback") == 0) {
        printf("rollback of %" JSON_INTEGER_FORMAT " strokes",
               json_integer_value(json_object_get(record, "strokes")));
    } else {
        json_dumpf(record, stdout, JSON_COMPACT);
    }
}

void kolam_admin_print_act(const json_t *entry) {
    const json_t *record = json_object_get(entry, "record");
    const json_t *until = json_object_get(record, "until");
    const char *why = kolam_admin_text(record, "why");
    char end[40];
    printf("act %s%s: ", kolam_admin_text(entry, "act"),
           json_is_true(json_object_get(entry, "undone")) ? " (taken back)" : "");
    print_record(record, kolam_admin_text(entry, "name"));
    if (json_is_integer(until)) {
        printf(", %s", kolam_admin_until(until, end));
    }
    printf("%s%s\n", why[0] ? ": " : "", why);
}
