/* Which hosts and origins are ours. A page elsewhere may neither open a WebSocket in a visitor's name (Origin) nor
 * reach a local server by rebinding its own name to our address (Host). */
#ifndef KOLAM_SERVER_ORIGIN_H
#define KOLAM_SERVER_ORIGIN_H

#include "net.h"
#include "options.h"

/* The Host header without its port: a loopback name, any address literal, what we listen on, or one
 * of --allow-host. Rebinding needs a name, so literals are harmless. */
bool kolam_host_is_allowed(const struct kolam_options *options, const char *listen_host,
                           const char *host);
/* Empty (no browser), the same host and port as `host`, or one of --allow-origin. With TLS of our own a page that
 * came without it is another's; without, there may be a proxy in front that has it. */
bool kolam_origin_is_allowed(const struct kolam_options *options, bool has_tls, const char *origin,
                             const char *host);
/* What --allow-host and --allow-origin take: a name (or an IPv6 address without brackets) without a port, and "https://" or "http://" with a
 * host and, if it is no usual one, a port: what a browser sends. */
bool kolam_host_is_name(const char *text);
bool kolam_origin_is_whole(const char *text);
/* Copies the value of a cookie; false if there is none or it does not fit. */
bool kolam_cookie_get(const char *header, const char *name, char *out, size_t capacity);

#endif
