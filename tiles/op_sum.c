/* A CRC-32 over each row of the log. The log is what everything else is made of and compared with, so a bit of it that another
 * one took the place of, on the disk or on its way, would be found by nobody: SQLite checks the shape of its pages, not
 * what is in them, and one body in five with a bit flipped still decodes, as another stroke. Five bytes a row. */
#include "op_sum.h"

#include <string.h>
#include <zlib.h>

#include "kolam/alloc.h"

#define SUM_VERSION 5 /* of the schema, since when rows have one */
#define HEAD_BYTES 46

static uint8_t *put(uint8_t *at, uint64_t value, int size_bytes) {
    for (int i = 0; i < size_bytes; i++) {
        *at++ = (uint8_t)(value >> 8 * i);
    }
    return at;
}

int32_t kolam_op_sum(const struct kolam_log_row *row) {
    uint8_t head[HEAD_BYTES], *at = head;
    at = put(at, row->seq, 8);
    at = put(at, (uint64_t)row->time_ms, 8);
    at = put(at, row->replaces, 8);
    at = put(at, row->nonce, 8);
    at = put(at, row->artist, 4);
    at = put(at, row->counter, 4);
    at = put(at, (uint64_t)row->kind, 1);
    at = put(at, row->is_partial, 1);
    at = put(at, row->body_size_bytes, 4);
    uLong sum = crc32(0, head, (uInt)(at - head));
    if (row->body_size_bytes > 0) {
        sum = crc32(sum, row->body, (uInt)row->body_size_bytes);
    }
    return (int32_t)(uint32_t)sum;
}

enum kolam_status kolam_op_sum_prepare(sqlite3 *db, const char *text,
                                       sqlite3_stmt **out_statement) {
    static const char name[] = "op.sum", nothing[] = " NULL ";
    int64_t version = 0;
    enum kolam_status status = kolam_sql_int64(db, "PRAGMA user_version", &version);
    if (status != KOLAM_OK || version >= SUM_VERSION) {
        return status == KOLAM_OK ? kolam_sql_prepare(db, text, out_statement) : status;
    }
    char *copy = kolam_strdup(text);
    if (!copy) {
        return KOLAM_ERR_NOMEM;
    }
    char *place = strstr(copy, name);
    if (place) {
        memcpy(place, nothing, sizeof name - 1);
    }
    status = kolam_sql_prepare(db, copy, out_statement);
    kolam_free(copy);
    return status;
}
