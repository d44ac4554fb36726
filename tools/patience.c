/* Waiting for a server that is busy; see patience.h. */
#include "patience.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>

#include "http.h"
#include "tool.h"

#define LOOK_MS 100

/* Seconds, not a date: what is far away is not waited for anyway. 0: none is told. */
static int retry_after_s(const char *head, size_t head_bytes) {
    char text[32];
    uint64_t seconds;
    if (!kolam_http_head_value(head, head_bytes, "Retry-After", text, sizeof text) ||
        !kolam_tool_parse_u64(text, &seconds) || seconds > KOLAM_PATIENCE_S) {
        return 0;
    }
    return seconds > 0 ? (int)seconds : 1;
}

void kolam_patience_note(struct kolam_patience *patience, int code, const char *head,
                         size_t head_bytes) {
    patience->code = code;
    patience->wait_s = code == 429 || code == 503 ? retry_after_s(head, head_bytes) : 0;
}

bool kolam_patience_wait(struct kolam_patience *patience) {
    const int wait_s = patience->wait_s;
    patience->wait_s = 0;
    if (wait_s == 0 || patience->waited_s + wait_s > KOLAM_PATIENCE_S) {
        return false;
    }
    patience->waited_s += wait_s;
    fprintf(stderr, "kolam: the server answered %d (%s): trying again in %d s\n", patience->code,
            patience->code == 429 ? "too much was asked" : "it is busy", wait_s);
    const int64_t end_ms = kolam_tool_now_ms() + (int64_t)wait_s * 1000;
    while (!kolam_signals_wait()) {
        const int64_t left_ms = end_ms - kolam_tool_now_ms();
        if (left_ms <= 0) {
            return true;
        }
        (void)poll(NULL, 0, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
    }
    return false;
}
