/* JSON readings; see json.h. */
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"

bool kolam_json_is_shallow(const uint8_t *bytes, size_t size, uint32_t depth_max) {
    uint32_t depth = 0;
    bool is_in_string = false;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = bytes[i];
        if (is_in_string) {
            i += c == '\\'; /* whatever is escaped ends no string */
            is_in_string = c != '"';
        } else if (c == '"') {
            is_in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > depth_max) {
                return false;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

bool kolam_json_int(const json_t *object, const char *key, int64_t *out_value) {
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value)) {
        *out_value = json_integer_value(value);
        return true;
    }
    const char *text = json_string_value(value);
    if (!text || !(*text == '-' || (*text >= '0' && *text <= '9'))) {
        return false;
    }
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text) {
        return false;
    }
    *out_value = number;
    return true;
}

bool kolam_json_uint(const json_t *object, const char *key, uint64_t max, uint64_t *out_value) {
    int64_t value;
    if (!kolam_json_int(object, key, &value) || value < 0 || (uint64_t)value > max) {
        return false;
    }
    *out_value = (uint64_t)value;
    return true;
}

bool kolam_json_hex(const json_t *object, const char *key, uint8_t *out, size_t size_bytes) {
    const char *text = json_string_value(json_object_get(object, key));
    return text && strlen(text) == 2 * size_bytes && kolam_hex_decode(text, out, size_bytes);
}

bool kolam_json_nonce(const json_t *object, const char *key, uint64_t *out_nonce) {
    uint8_t bytes[8];
    if (!kolam_json_hex(object, key, bytes, sizeof(bytes))) {
        return false;
    }
    *out_nonce = 0;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        *out_nonce = *out_nonce << 8 | bytes[i];
    }
    return true;
}

json_t *kolam_json_base(uint64_t seq, int64_t time_ms) {
    return seq > 0 ? json_pack("{sI sI}", "seq", (json_int_t)seq, "time", (json_int_t)time_ms)
                   : json_null();
}

json_t *kolam_json_decimal(int64_t value) {
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, value);
    return json_string(text);
}
