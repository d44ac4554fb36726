/* kolam load's reader of frames in place: pieces of any size give the same messages as all at once, and none reaches beyond what
 * came. The first byte is the size of a piece. */
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "tools/load_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

struct outcome {
    enum kolam_status status;
    uint64_t messages, bytes, sum;
};

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static void on_message(void *ctx, uint32_t index, enum kolam_ws_opcode opcode,
                       const uint8_t *payload, size_t size_bytes, int64_t now_us) {
    struct outcome *outcome = ctx;
    (void)now_us;
    require(index == 3);
    outcome->messages++;
    outcome->bytes += size_bytes;
    outcome->sum = outcome->sum * 31 + opcode;
    for (size_t i = 0; i < size_bytes; i++) {
        outcome->sum = outcome->sum * 31 + payload[i];
    }
}

/* As load_net.c does: what is left of a piece is put before the next one. */
static struct outcome run(const uint8_t *bytes, size_t size_bytes, size_t piece) {
    struct outcome outcome = {.status = KOLAM_OK};
    struct kolam_load_net net = {.events = {.message = on_message}, .ctx = &outcome};
    struct kolam_load_conn conn = {.fd = 0, .index = 3};
    uint8_t *room = kolam_alloc(size_bytes + 1);
    size_t held = 0;
    for (size_t at = 0; at < size_bytes && outcome.status == KOLAM_OK; at += piece) {
        size_t count = size_bytes - at < piece ? size_bytes - at : piece, used = 0;
        memcpy(room + held, bytes + at, count);
        held += count;
        uint8_t *exact = kolam_memdup(room, held); /* so that a read beyond is seen */
        outcome.status = kolam_load_conn_parse(&net, &conn, exact, held, 0, &used);
        kolam_free(exact);
        require(used <= held);
        held -= used;
        memmove(room, room + used, held);
    }
    kolam_free(conn.message);
    kolam_free(room);
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
