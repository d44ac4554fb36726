/* The command's WebSocket client: frames in pieces of any size give the same messages as all at once, and
 * the records in them never reach beyond. The first byte is the size of a piece. */
#include <stdlib.h>
#include <string.h>

#include "tools/wire.h"
#include "tools/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define MESSAGE_MAX 4096

struct outcome {
    enum kolam_status status;
    uint64_t messages, bytes, sum;
};

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static void read_records(const uint8_t *payload, size_t size_bytes) {
    struct kolam_wire_reader frame = {payload, payload + size_bytes, false}, record;
    struct kolam_wire_op op;
    struct kolam_wire_ack ack;
    struct kolam_wire_nack nack;
    struct kolam_wire_view view;
    uint8_t type;
    while (kolam_wire_record(&frame, &type, &record)) {
        require(record.at >= payload && record.end <= payload + size_bytes);
        if (kolam_wire_read_op(record, &op) == KOLAM_OK) {
            require(op.body + op.body_size_bytes == record.end);
        }
        (void)!kolam_wire_read_ack(record, &ack);
        (void)!kolam_wire_read_nack(record, &nack);
        (void)!kolam_wire_read_view(record, &view);
    }
}

static struct outcome run(const uint8_t *bytes, size_t size_bytes, size_t piece) {
    struct kolam_ws_parser parser;
    struct outcome outcome = {.status = KOLAM_OK};
    kolam_ws_parser_init(&parser, MESSAGE_MAX);
    for (size_t at = 0; at < size_bytes && outcome.status == KOLAM_OK; at += piece) {
        size_t count = size_bytes - at < piece ? size_bytes - at : piece;
        require(kolam_ws_parser_feed(&parser, bytes + at, count) == KOLAM_OK);
        enum kolam_ws_opcode opcode;
        const uint8_t *payload;
        size_t payload_bytes;
        while ((outcome.status =
                    kolam_ws_parser_next(&parser, &opcode, &payload, &payload_bytes)) == KOLAM_OK) {
            require(payload_bytes <= MESSAGE_MAX);
            outcome.messages++;
            outcome.bytes += payload_bytes;
            for (size_t i = 0; i < payload_bytes; i++) {
                outcome.sum = outcome.sum * 31 + payload[i];
            }
            read_records(payload, payload_bytes);
        }
        outcome.status = outcome.status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : outcome.status;
    }
    kolam_ws_parser_finish(&parser);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes < 2) {
        return 0;
    }
    struct outcome whole = run(bytes + 1, size_bytes - 1, size_bytes);
    struct outcome pieces = run(bytes + 1, size_bytes - 1, (size_t)bytes[0] + 1);
    require(whole.status == pieces.status && whole.messages == pieces.messages);
    require(whole.bytes == pieces.bytes && whole.sum == pieces.sum);
    return 0;
}
