/* Moments as people write them: a seq, or a time in ISO 8601. */
#include <inttypes.h>
#include <time.h>

#include "kolam/history.h"

#define TEXT_BYTES_MAX 40

struct cursor {
    const char *at, *end;
};

/* Exactly `digits` digits. */
static bool take_number(struct cursor *cursor, int digits, int *out_value) {
    int value = 0;
    for (int i = 0; i < digits; i++, cursor->at++) {
        if (cursor->at == cursor->end || *cursor->at < '0' || *cursor->at > '9') {
            return false;
        }
        value = value * 10 + (*cursor->at - '0');
    }
    *out_value = value;
    return true;
}

static bool take(struct cursor *cursor, char wanted) {
    if (cursor->at == cursor->end || *cursor->at != wanted) {
        return false;
    }
    cursor->at++;
    return true;
}

static bool take_seq(const char *text, size_t size_bytes, uint64_t *out_seq) {
    uint64_t seq = 0;
    if (size_bytes == 0 || size_bytes > 18) {
        return false;
    }
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        seq = seq * 10 + (uint64_t)(text[i] - '0');
    }
    *out_seq = seq;
    return true;
}

/* "YYYY-MM-DD", as days that exist. */
static bool take_date(struct cursor *cursor, struct tm *date) {
    int year, month, day;
    if (!take_number(cursor, 4, &year) || !take(cursor, '-') || !take_number(cursor, 2, &month) ||
        !take(cursor, '-') || !take_number(cursor, 2, &day)) {
        return false;
    }
    *date = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    struct tm normal = *date;
    time_t seconds = timegm(&normal);
    return year >= 1970 && seconds >= 0 && normal.tm_mon == date->tm_mon &&
           normal.tm_mday == date->tm_mday;
}

/* "hh:mm", "hh:mm:ss" or with a fraction of up to nine digits. */
static bool take_clock(struct cursor *cursor, struct tm *date, int *out_ms) {
    *out_ms = 0;
    if (!take_number(cursor, 2, &date->tm_hour) || !take(cursor, ':') ||
        !take_number(cursor, 2, &date->tm_min) || date->tm_hour > 23 || date->tm_min > 59) {
        return false;
    }
    if (!take(cursor, ':')) {
        return true;
    }
    if (!take_number(cursor, 2, &date->tm_sec) || date->tm_sec > 59) {
        return false;
    }
    if (!take(cursor, '.')) {
        return true;
    }
    int digits = 0;
    int digit;
    for (int scale = 100; take_number(cursor, 1, &digit); scale /= 10) {
        *out_ms += digit * scale;
        if (++digits > 9) {
            return false;
        }
    }
    return digits > 0;
}

/* "Z", "+hh:mm", "-hh:mm", or nothing, which is UTC. A '+' in an address may have become a space. */
static bool take_offset(struct cursor *cursor, int *out_minutes) {
    int hours, minutes, sign;
    *out_minutes = 0;
    if (cursor->at == cursor->end || take(cursor, 'Z')) {
        return true;
    }
    sign = take(cursor, '-') ? -1 : 1;
    if (sign > 0 && !take(cursor, '+') && !take(cursor, ' ')) {
        return false;
    }
    if (!take_number(cursor, 2, &hours) || !take(cursor, ':') ||
        !take_number(cursor, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *out_minutes = sign * (hours * 60 + minutes);
    return true;
}

enum kolam_status kolam_moment_parse(const char *text, size_t size_bytes,
                                     struct kolam_moment *out_moment) {
    struct kolam_moment moment = {.is_time = false};
    struct cursor cursor = {text, text + size_bytes};
    struct tm date;
    int ms = 0;
    int offset_minutes = 0;
    if (take_seq(text, size_bytes, &moment.seq)) {
        *out_moment = moment;
        return KOLAM_OK;
    }
    if (size_bytes > TEXT_BYTES_MAX || !take_date(&cursor, &date)) {
        return KOLAM_ERR_INVALID;
    }
    if (cursor.at != cursor.end &&
        ((!take(&cursor, 'T') && !take(&cursor, ' ')) || !take_clock(&cursor, &date, &ms) ||
         !take_offset(&cursor, &offset_minutes) || cursor.at != cursor.end)) {
        return KOLAM_ERR_INVALID;
    }
    moment.is_time = true;
    moment.time_ms = ((int64_t)timegm(&date) - offset_minutes * 60) * 1000 + ms;
    *out_moment = moment;
    return KOLAM_OK;
}

static enum kolam_status fail_gone(const struct kolam_canvas_info *info,
                                   struct kolam_error *error) {
    char text[32] = "";
    time_t seconds = (time_t)kolam_floor_div(info->base_time_ms, 1000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc)) {
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    return kolam_fail(error, KOLAM_ERR_GONE,
                      "that moment is gone: this canvas's history was flattened up to seq %" PRIu64
                      " of %s, which is the first there is",
                      info->base_seq, text);
}

enum kolam_status kolam_moment_resolve(struct kolam_reader *reader,
                                       const struct kolam_moment *moment, int64_t now_ms,
                                       uint64_t *out_seq, struct kolam_error *error) {
    struct kolam_canvas_info info;
    uint64_t seq = moment->seq;
    enum kolam_status status = kolam_reader_info(reader, &info);
    if (status == KOLAM_OK && moment->is_time) {
        status = kolam_reader_seq_at(reader, moment->time_ms, &seq);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "the canvas cannot be read: %s",
                          kolam_status_text(status));
    }
    /* Of a clock that was set back since, what was drawn before is in the future: it is there all the same. */
    if (moment->is_time && moment->time_ms > now_ms && moment->time_ms > info.last_time_ms) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND,
                          "that time is in the future; leave out at= for now");
    }
    bool is_before_all = moment->is_time && moment->time_ms < info.created_ms;
    if (seq < info.base_seq && !is_before_all) {
        return fail_gone(&info, error);
    }
    if (seq == 0) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "nothing had been drawn at that moment");
    }
    if (seq > info.last_seq) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND,
                          "seq %" PRIu64 " is not there yet: the newest is %" PRIu64, seq,
                          info.last_seq);
    }
    *out_seq = seq;
    return KOLAM_OK;
}
