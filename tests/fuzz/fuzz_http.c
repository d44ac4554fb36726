/* A request to the whole server, as the network hands it on: flags in the first byte, then path, query, Host, Origin, Cookie and
 * If-None-Match, a line each. Whatever is asked is answered, with headers that nobody else wrote. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define STREAM_BYTES_MAX (256u << 10)

struct asking {
    struct kolam_http *http;
    bool has_begun, is_gone;
    size_t streamed;
};

static void copy_line(const char **at, const char *end, char *out, size_t capacity) {
    const char *line_end = memchr(*at, '\n', (size_t)(end - *at));
    line_end = line_end ? line_end : end;
    size_t size = (size_t)(line_end - *at);
    size = size < capacity ? size : capacity - 1;
    memcpy(out, *at, size);
    out[size] = '\0';
    *at = line_end < end ? line_end + 1 : end;
}

static void leave(struct asking *asking) {
    if (asking->http->on_gone) {
        asking->http->on_gone(asking->http->gone_ctx);
    }
    asking->is_gone = true;
}

/* True when the stream is over, or enough of it was read. */
static bool pull_some(struct asking *asking) {
    static uint8_t room[65536];
    struct kolam_http *http = asking->http;
    const long pulled = http->pull(http->pull_ctx, room, sizeof room);
    if (pulled <= KOLAM_PULL_END) {
        return true;
    }
    if (pulled > (long)sizeof room) {
        abort();
    }
    asking->streamed += (size_t)pulled;
    if (asking->streamed > STREAM_BYTES_MAX) {
        leave(asking);
        return true;
    }
    return false;
}

static bool work(void *ctx, bool is_late) {
    struct asking *asking = ctx;
    struct kolam_http *http = asking->http;
    if (!asking->has_begun) {
        asking->has_begun = true;
        inner_server_handlers()->on_request(inner_server_handlers()->ctx, http, &http->request);
    }
    if (http->is_answered) {
        if (!http->pull || pull_some(asking)) {
            return true;
        }
    }
    if (is_late) { /* clients do not wait for ever; nothing says that there must be an answer by then */
        leave(asking);
        return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes < 2 || memchr(bytes, '\0', size_bytes)) {
        return 0;
    }
    inner_server_start();
    struct asking asking = {.http = calloc(1, sizeof *asking.http)};
    struct kolam_request *request = &asking.http->request;
    const char *at = (const char *)bytes + 1, *end = (const char *)bytes + size_bytes;
    char text[32];
    inner_server_address(text);
    (void)kolam_address_parse(text, &request->peer);
    request->is_head = bytes[0] & 1;
    request->is_http_1_0 = bytes[0] & 2;
    request->has_gzip = bytes[0] & 4;
    request->is_ours = bytes[0] & 8;
    copy_line(&at, end, request->path, sizeof request->path);
    copy_line(&at, end, request->query, sizeof request->query);
    copy_line(&at, end, request->host, sizeof request->host);
    copy_line(&at, end, request->origin, sizeof request->origin);
    copy_line(&at, end, request->cookie, sizeof request->cookie);
    copy_line(&at, end, request->if_none_match, sizeof request->if_none_match);
    if (request->host[0] == '\0') {
        (void)strcpy(request->host, "127.0.0.1:7700");
    }
    inner_server_run(work, &asking);
    free(asking.http);
    return 0;
}
