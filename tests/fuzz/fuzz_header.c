/* Host, Origin, Cookie, secrets, queries and moments: what stands in a request and is taken apart by ours. Lines of the input are
 * host, origin, cookie, query. */
#include <stdlib.h>
#include <string.h>

#include "server/claims.h"
#include "server/history_args.h"
#include "server/http_head.h"
#include "server/http_route.h"
#include "server/origin.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

/* The next line, in memory of its own that ends where the line ends. */
static char *next_line(const char **at, const char *end) {
    const char *line_end = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    line_end = line_end ? line_end : end;
    char *line = text_of(*at, (size_t)(line_end - *at));
    *at = line_end < end ? line_end + 1 : end;
    return line;
}

static void check_host(const char *host, const char *origin) {
    static const struct kolam_options options = {.allow_hosts = {"wall.example"},
                                                 .allow_host_count = 1,
                                                 .allow_origins = {"https://friend.example"},
                                                 .allow_origin_count = 1};
    const bool is_allowed = kolam_host_is_allowed(&options, "me", host);
    require(!is_allowed || host[0] != '\0');
    /* A page of another site never passes: what passes ends in the host that was asked, or is listed. */
    for (int has_tls = 0; has_tls < 2; has_tls++) {
        if (origin[0] && kolam_origin_is_allowed(&options, has_tls, origin, host)) {
            const size_t size = strlen(origin), host_size = strlen(host);
            require(strcasecmp(origin, "https://friend.example") == 0 ||
                    (size > host_size && strcasecmp(origin + size - host_size, host) == 0));
        }
    }
}

static void check_cookie(const char *cookie) {
    char value[65];
    uint8_t secret[32];
    char again[65];
    if (!kolam_cookie_get(cookie, "kolam_0123456789abcdef", value, sizeof value)) {
        return;
    }
    require(strlen(value) < sizeof value && strpbrk(value, "; ") == NULL);
    require(strstr(cookie, value) != NULL);
    if (strlen(value) == 64 && kolam_hex_decode(value, secret, sizeof secret)) {
        kolam_hex_encode(secret, sizeof secret, again);
        require(strcasecmp(value, again) == 0);
    }
}

static void check_query(const char *query) {
    struct kolam_args args = {.query = query};
    struct kolam_rect rect;
    struct kolam_moment moment;
    char value[64];
    int32_t level = 0;
    int64_t number = 5, x = 0, y = 0;
    kolam_args_number(&args, "limit", 1, 100, &number, "limit");
    require(number >= 1 && number <= 100);
    kolam_args_rect(&args, &rect);
    if (!args.problem) {
        require(rect.x0 < rect.x1 && rect.y0 < rect.y1);
        require(rect.level >= KOLAM_LEVEL_MIN && rect.level <= KOLAM_LEVEL_MAX);
    }
    args = (struct kolam_args){.query = query};
    kolam_args_pixel(&args, &level, &x, &y);
    (void)kolam_args_moment(&args, &moment);
    if (kolam_query_get(query, "canvas", value, sizeof value)) {
        require(strlen(value) < sizeof value && strchr(value, '&') == NULL);
    }
}

static bool loses_next(const char *name) {
    return name[0] == 'z';
}

/* The whole input as a proxy's request: one verdict, in whichever pieces it comes. */
static void check_head(const uint8_t *bytes, size_t size_bytes) {
    const struct kolam_head_rules rules = {.once = {"host:", "x-user:"}, .loses_next = loses_next};
    struct kolam_head whole = {0}, piece = {0};
    size_t whole_used = 0, used = 0, at = 0;
    const enum kolam_head_state state =
        kolam_head_read(&whole, &rules, bytes, size_bytes, &whole_used);
    enum kolam_head_state now = KOLAM_HEAD_MORE;
    for (size_t n; now == KOLAM_HEAD_MORE && at < size_bytes; at += n) {
        n = 1 + at % 7 < size_bytes - at ? 1 + at % 7 : size_bytes - at;
        now = kolam_head_read(&piece, &rules, bytes + at, n, &used);
        if (now == KOLAM_HEAD_WHOLE) {
            require(at + used == whole_used);
        }
    }
    require(now == state);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    check_head(bytes, size_bytes);
    const char *at = (const char *)bytes, *end = at + size_bytes;
    if (memchr(bytes, '\0', size_bytes)) {
        return 0; /* the network library ends a header there */
    }
    char *host = next_line(&at, end), *origin = next_line(&at, end);
    char *cookie = next_line(&at, end), *query = next_line(&at, end);
    check_host(host, origin);
    check_cookie(cookie);
    check_query(query);
    struct kolam_moment moment;
    (void)!kolam_moment_parse(query, strlen(query), &moment);
    free(host), free(origin), free(cookie), free(query);
    return 0;
}
