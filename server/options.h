/* What `kolam serve` was told: arguments first, KOLAM_* environment variables where there are none. */
#ifndef KOLAM_SERVER_OPTIONS_H
#define KOLAM_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "logfmt.h"

#define KOLAM_OPTION_LIST_MAX 16
#define KOLAM_OPTION_COPIES_MAX 8

struct kolam_options {
    const char *listen, *data, *web;
    const char *tls_cert, *tls_key; /* both or neither */
    bool plain_http, no_new_canvases;
    bool no_sandbox;
    const char *allow_hosts[KOLAM_OPTION_LIST_MAX], *allow_origins[KOLAM_OPTION_LIST_MAX];
    uint32_t allow_host_count, allow_origin_count;
    const char *trusted_proxies[KOLAM_OPTION_LIST_MAX], *proxy_header;
    uint32_t trusted_proxy_count;
    const char *identity_header, *identity_name_header, *identity_issuer;
    uint32_t threads, max_canvases, max_connections, tile_cache_mb, page_cache_mb, gather_us,
        vanish_ms;
    uint32_t idle_s;                               /* then a canvas that nobody needs is closed */
    uint32_t artist_after_s, artist_strokes;       /* when a newcomer has become an artist: both */
    uint32_t slow_kb, slow_ms, stall_kb, stall_ms; /* outbox.h */
    enum kolam_log_level log_level;
    struct kolam_limit_settings limits;
    char *copies
        [KOLAM_OPTION_COPIES_MAX]; /* of lists in the environment, which parts are cut out of */
    uint32_t copy_count;
};

enum kolam_options_outcome { KOLAM_OPTIONS_RUN, KOLAM_OPTIONS_HELPED, KOLAM_OPTIONS_WRONG };

/* Parses; prints the help or a one-line error itself. The strings live as long as argv, environ and the options, which
 * are to be finished however it went. */
enum kolam_options_outcome kolam_options_parse(int argc, char **argv,
                                               struct kolam_options *out_options);
void kolam_options_finish(struct kolam_options *options);

#endif
