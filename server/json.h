/* Small checked readings out of JSON messages. */
#ifndef KOLAM_SERVER_JSON_H
#define KOLAM_SERVER_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* False if the text nests deeper than `depth_max`; strings are skipped. Pure. */
bool kolam_json_is_shallow(const uint8_t *bytes, size_t size, uint32_t depth_max);
/* An integer, or a string of one (for what may pass 2^53). False if it is missing, malformed or too large. */
bool kolam_json_int(const json_t *object, const char *key, int64_t *out_value);
bool kolam_json_uint(const json_t *object, const char *key, uint64_t max, uint64_t *out_value);
/* Exactly `size_bytes` bytes as hex. */
bool kolam_json_hex(const json_t *object, const char *key, uint8_t *out, size_t size_bytes);
/* 16 hex digits, the highest first: a u64 on the wire. */
bool kolam_json_nonce(const json_t *object, const char *key, uint64_t *out_nonce);
/* A decimal string. */
json_t *kolam_json_decimal(int64_t value);
/* Where a canvas's history begins: {"seq","time"}, or null (seq 0) where nothing was flattened. */
json_t *kolam_json_base(uint64_t seq, int64_t time_ms);

#endif
