/* The network library's set-up: one context on our loop, one virtual host, our own listening socket.
 *
 * What is chosen here was measured: a loop handed over (its own never returns), no per-connection timers (a zeroed
 * retry policy), large transmit packets, HTTP/1.1 only (frames are written raw), no compression. We accept
 * ourselves: bind errors get words, and a connection limit does not need the library's help. */
#include <libwebsockets.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "net_door.h"
#include "net_first.h"
#include "net_head.h"
#include "tls.h"

#define NOTSENT_LOWAT_BYTES 32768
#define EXPIRY_WARN_DAYS 14

static struct kolam_net *net_of(struct lws *wsi) {
    return lws_context_user(lws_get_context(wsi));
}

static void gone(struct kolam_net_peer *peer) {
    switch (peer->kind) {
    case KOLAM_NET_WS:
        kolam_net_ws_gone(peer);
        return;
    case KOLAM_NET_HTTP:
        kolam_net_http_gone(peer);
        return;
    }
}

/* If it rests: rest_from_accepting. */
static void accept_again(struct kolam_net *net) {
    if (net->has_told_why && net->listen_fd >= 0) {
        ev_io_start(kolam_loop_ev(net->loop), &net->accepting);
    }
}

/* One callback for both protocols: which of them hears of a connection's end is not the same in all cases,
 * so the end goes by what we attached. */
static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size) {
    struct kolam_net *net = net_of(wsi);
    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
        net->tls = user;
        return 0;
    }
    if (reason == LWS_CALLBACK_WSI_CREATE) {
        net->connections++;
        return 0;
    }
    struct kolam_net_connection *connection = lws_get_opaque_user_data(wsi);
    if (reason == LWS_CALLBACK_WSI_DESTROY || reason == LWS_CALLBACK_CLOSED ||
        reason == LWS_CALLBACK_CLOSED_HTTP) {
        if (connection && connection->peer) {
            gone(connection->peer);
        }
        if (reason == LWS_CALLBACK_WSI_DESTROY) {
            net->connections--;
            accept_again(net);
            lws_set_opaque_user_data(wsi, NULL);
            kolam_net_door_leave(connection);
        }
        return 0;
    }
    if (!connection) {
        return 0; /* it is just being taken in */
    }
    const struct lws_protocols *protocol = lws_get_protocol(wsi);
    bool is_ws = protocol && strcmp(protocol->name, KOLAM_SUBPROTOCOL) == 0;
    return is_ws ? kolam_net_ws_callback(connection, (int)reason, in, size)
                 : kolam_net_http_callback(connection, (int)reason);
}

int kolam_net_file(struct lws *wsi) {
    return lws_get_socket_fd(wsi);
}

void *kolam_net_tls(struct lws *wsi) {
    return lws_get_ssl(wsi);
}

void kolam_net_kill(struct lws *wsi) {
    lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_SYNC);
}

void kolam_net_hold(struct lws *wsi, bool is_held) {
    lws_rx_flow_control(wsi, !is_held);
}

static const struct lws_protocols protocols[] = {
    {.name = "http", .callback = callback, .rx_buffer_size = 2048, .tx_packet_size = 65536},
    {.name = KOLAM_SUBPROTOCOL,
     .callback = callback,
     .rx_buffer_size = 2048,
     .tx_packet_size = 65536},
    {0},
};

/* Left zero: pings and deadlines are ours; the library's own cost a sorted list per connection. */
static const lws_retry_bo_t no_timers;

static bool copy_header(struct lws *wsi, enum lws_token_indexes token, char *out, int capacity) {
    out[0] = '\0';
    int size = lws_hdr_total_length(wsi, token);
    return size <= 0 || lws_hdr_copy(wsi, out, capacity, token) >= 0;
}

/* The library numbers the headers that it knows, and keeps the others by their names. */
static int token_of(const char *name) {
    for (int i = 0; i < WSI_TOKEN_COUNT; i++) {
        const unsigned char *known = lws_token_to_string((enum lws_token_indexes)i);
        if (known && strcmp((const char *)known, name) == 0) {
            return i;
        }
    }
    return -1;
}

bool kolam_net_loses_next(const char *name) {
    const size_t size = strlen(name);
    bool is_lost = false;
    for (int i = 0; i < WSI_TOKEN_COUNT; i++) {
        const char *known = (const char *)lws_token_to_string((enum lws_token_indexes)i);
        if (known && strncmp(known, name, size) == 0) {
            if (strcmp(known + size, ":") == 0) {
                return false;
            }
            is_lost = true;
        }
    }
    return is_lost;
}

static bool copy_named(struct lws *wsi, int token, const char *name, char *out, int capacity) {
    if (token >= 0) {
        return copy_header(wsi, (enum lws_token_indexes)token, out, capacity);
    }
    const int name_size = (int)strlen(name);
    out[0] = '\0';
    return lws_hdr_custom_length(wsi, name, name_size) <= 0 ||
           lws_hdr_custom_copy(wsi, out, capacity, name, name_size) >= 0;
}

/* Who somebody is to a trusted proxy. A name that is too long is none: they get another. */
static bool read_subject(struct kolam_net *net, struct lws *wsi, struct kolam_request *out) {
    const struct kolam_proxies *proxies = &net->options.proxies;
    if (proxies->subject_header[0] == '\0') {
        return true;
    }
    if (proxies->name_header[0] != '\0' &&
        !copy_named(wsi, net->name_token, proxies->name_header, out->subject_name,
                    sizeof(out->subject_name))) {
        out->subject_name[0] = '\0';
    }
    return copy_named(wsi, net->subject_token, proxies->subject_header, out->subject,
                      sizeof(out->subject));
}

/* False if a trusted proxy's header is too long to be read. */
static bool read_peer(struct kolam_net *net, struct lws *wsi, struct kolam_request *out) {
    const struct kolam_net_connection *connection = lws_get_opaque_user_data(wsi);
    char forwarded[1024];
    out->peer = connection->address;
    if (!kolam_proxies_hold(&net->options.proxies, &out->peer)) {
        return true;
    }
    if (!copy_named(wsi, net->proxy_token, net->options.proxies.header, forwarded,
                    sizeof(forwarded))) {
        return false;
    }
    out->peer = kolam_peer_forwarded(&net->options.proxies, &out->peer, forwarded);
    return read_subject(net, wsi, out);
}

bool kolam_net_has_no_body(struct lws *wsi) {
    char length[8] = "";
    return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) <= 0 &&
           copy_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof(length)) &&
           (length[0] == '\0' || strcmp(length, "0") == 0);
}

bool kolam_net_read_request(struct lws *wsi, struct kolam_request *out) {
    memset(out, 0, sizeof(*out));
    if (!kolam_net_head_taken(lws_get_opaque_user_data(wsi))) {
        return false;
    }
    out->is_head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    enum lws_token_indexes method = out->is_head ? WSI_TOKEN_HEAD_URI : WSI_TOKEN_GET_URI;
    char gzip[256], version[16];
    bool fits = copy_header(wsi, method, out->path, sizeof(out->path)) && out->path[0] &&
                copy_header(wsi, WSI_TOKEN_HOST, out->host, sizeof(out->host)) &&
                copy_header(wsi, WSI_TOKEN_ORIGIN, out->origin, sizeof(out->origin)) &&
                copy_header(wsi, WSI_TOKEN_HTTP_COOKIE, out->cookie, sizeof(out->cookie)) &&
                copy_header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, out->if_none_match,
                            sizeof(out->if_none_match)) &&
                copy_header(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, gzip, sizeof(gzip)) &&
                copy_header(wsi, WSI_TOKEN_HTTP, version, sizeof(version)) &&
                read_peer(net_of(wsi), wsi, out);
    if (!fits) {
        return false;
    }
    out->has_gzip = strstr(gzip, "gzip") != NULL;
    out->is_http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    /* Query parts come one by one: their joiner was taken out by the parser. */
    size_t used = 0;
    for (int i = 0; lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; i++) {
        if (i > 0 && used + 1 < sizeof(out->query)) {
            out->query[used++] = '&';
        }
        int size = lws_hdr_copy_fragment(wsi, out->query + used, (int)(sizeof(out->query) - used),
                                         WSI_TOKEN_HTTP_URI_ARGS, i);
        if (size < 0) {
            return false;
        }
        for (char *at = out->query + used; at < out->query + used + size; at++) {
            *at = *at == '&' ? KOLAM_QUERY_AMPERSAND : *at; /* it came as %26 */
        }
        used += (size_t)size;
    }
    char ours[8] = "";
    int ours_size = lws_hdr_custom_copy(wsi, ours, sizeof(ours), "x-kolam:", 8);
    out->is_ours = ours_size == 1 && ours[0] == '1';
    if (lws_hdr_custom_copy(wsi, out->pass, sizeof(out->pass), "x-kolam-pass:", 13) < 0) {
        out->pass[0] = '\0';
    }
    return true;
}

/* Splits "host:port" or "[v6]:port"; false if there is no port. */
static bool split_listen(const char *text, char *host, size_t capacity, const char **out_port) {
    const char *colon = strrchr(text, ':');
    if (!colon || strspn(colon + 1, "0123456789") != strlen(colon + 1) || colon[1] == '\0' ||
        strlen(colon + 1) > 5 || atoi(colon + 1) > 65535) {
        return false;
    }
    size_t size = (size_t)(colon - text);
    if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    }
    if (size == 0 || size >= capacity) {
        return false;
    }
    memcpy(host, text, size);
    host[size] = '\0';
    *out_port = colon + 1;
    return true;
}

static int bind_address(const struct addrinfo *address) {
    const int one = 1;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    address->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, 1024) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *v6 = (const void *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* Whom to listen to, if that may be. The caller frees it. */
static enum kolam_status find_address(const struct kolam_net_options *options, char *host,
                                      size_t capacity, struct addrinfo **out_found,
                                      struct kolam_error *error) {
    const char *port, *text = options->listen;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    if (!split_listen(text, host, capacity, &port)) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "--listen %s: not host:port; for example 127.0.0.1:7700", text);
    }
    int problem = getaddrinfo(host, port, &hints, out_found);
    if (problem != 0) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "--listen %s: %s", text, gai_strerror(problem));
    }
    if (!options->tls_certificate && !options->may_be_plain &&
        !is_loopback((*out_found)->ai_addr)) {
        freeaddrinfo(*out_found);
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "--listen %s: others could listen in; give --tls-cert and --tls-key, or "
                          "--plain-http if a proxy in front encrypts",
                          text);
    }
    return KOLAM_OK;
}

enum kolam_status kolam_net_check(const struct kolam_net_options *options,
                                  struct kolam_error *error) {
    char host[256];
    struct addrinfo *found;
    enum kolam_status status = find_address(options, host, sizeof(host), &found, error);
    if (status == KOLAM_OK) {
        freeaddrinfo(found);
    }
    if (status == KOLAM_OK && options->tls_certificate) {
        struct kolam_tls_pair *pair = NULL;
        status = kolam_tls_load(options->tls_certificate, options->tls_key, &pair, error);
        kolam_tls_destroy(pair);
    }
    return status;
}

static enum kolam_status open_listener(struct kolam_net *net, struct kolam_error *error) {
    const char *text = net->options.listen;
    struct addrinfo *found;
    enum kolam_status status =
        find_address(&net->options, net->host, sizeof(net->host), &found, error);
    if (status != KOLAM_OK) {
        return status;
    }
    net->listen_fd = bind_address(found);
    int saved = errno;
    freeaddrinfo(found);
    if (net->listen_fd < 0) {
        return kolam_fail(error, KOLAM_ERR_IO,
                          "cannot listen on %s: %s; choose another with --listen", text,
                          strerror(saved));
    }
    struct sockaddr_storage bound;
    socklen_t size = sizeof(bound);
    uint16_t number = 0;
    if (getsockname(net->listen_fd, (struct sockaddr *)&bound, &size) == 0) {
        number = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                   : ((struct sockaddr_in *)&bound)->sin_port);
    }
    const bool is_v6 = strchr(net->host, ':') != NULL;
    snprintf(net->url, sizeof(net->url), is_v6 ? "%s://[%s]:%u/" : "%s://%s:%u/",
             net->options.tls_certificate ? "https" : "http", net->host, number);
    return KOLAM_OK;
}

/* Said to one that may not come in; who has TLS hears no more than the end. */
static void turn_away(const struct kolam_net *net, int fd) {
    static const char text[] =
        "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
        "Retry-After: 5\r\nConnection: close\r\nContent-Length: 61\r\n\r\n"
        "{\"error\":\"too many connections; try again in a few seconds\"}\n";
    if (!net->tls) {
        (void)send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    close(fd);
}

static void adopt(struct kolam_net *net, int fd, const struct sockaddr_storage *from) {
    const int one = 1, lowat = NOTSENT_LOWAT_BYTES;
    struct kolam_net_connection *connection = kolam_net_door_admit(net, from);
    if (!connection) {
        turn_away(net, fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    /* A stalled reader otherwise hides megabytes in the kernel. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat));
    /* The library closes fd itself when it fails. */
    struct lws *wsi = lws_adopt_socket_vhost(net->vhost, fd);
    if (wsi) {
        lws_set_opaque_user_data(wsi, connection);
        kolam_net_door_wait(connection, wsi);
        if (!kolam_net_head_watch(connection)) {
            kolam_net_kill(wsi);
        }
    } else {
        kolam_net_door_leave(connection);
    }
}

/* No files are left, or no memory, and who waits goes on waiting: asking again at once would be all that the loop does. So it
 * asks again when a connection ends, or with the next sweep, and tells once. */
static void rest_from_accepting(struct kolam_net *net, int why) {
    char quoted[120];
    ev_io_stop(kolam_loop_ev(net->loop), &net->accepting);
    if (!net->has_told_why) {
        net->has_told_why = true;
        kolam_logfmt(net->options.logfmt, KOLAM_LOG_WARN, "accept_failed",
                     "connections=%u reason=%s", net->connections,
                     kolam_logfmt_quote(quoted, sizeof(quoted), strerror(why)));
    }
}

static void on_acceptable(struct ev_loop *ev, struct ev_io *watcher, int events) {
    (void)ev, (void)events;
    struct kolam_net *net = watcher->data;
    /* Bounded, so that a flood of connections does not starve those that are there. */
    for (int i = 0; i < 64; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof(from);
        int fd =
            accept4(net->listen_fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
                rest_from_accepting(net, errno);
            }
            return;
        }
        net->has_told_why = false;
        adopt(net, fd, &from);
    }
}

static enum kolam_status load_certificate(struct kolam_net *net, struct kolam_tls_pair **out_pair,
                                          struct kolam_error *error) {
    const struct kolam_net_options *options = &net->options;
    enum kolam_status status =
        kolam_tls_load(options->tls_certificate, options->tls_key, out_pair, error);
    if (status == KOLAM_OK && kolam_tls_days_left(*out_pair) < EXPIRY_WARN_DAYS) {
        kolam_logfmt(options->logfmt, KOLAM_LOG_WARN, "certificate_expires", "days=%d",
                     kolam_tls_days_left(*out_pair));
    }
    return status;
}

void kolam_net_reload_certificate(struct kolam_net *net) {
    struct kolam_tls_pair *pair = NULL;
    struct kolam_error error = {0};
    if (!net->tls) {
        return;
    }
    enum kolam_status status = load_certificate(net, &pair, &error);
    if (status == KOLAM_OK && kolam_tls_use(net->tls, pair) != KOLAM_OK) {
        status = kolam_fail(&error, KOLAM_ERR_INVALID, "OpenSSL refused the certificate");
    }
    kolam_tls_destroy(pair);
    char quoted[400];
    if (status == KOLAM_OK) {
        kolam_logfmt(net->options.logfmt, KOLAM_LOG_INFO, "certificate_reloaded", NULL);
    } else {
        kolam_logfmt(net->options.logfmt, KOLAM_LOG_ERROR, "certificate_refused", "reason=%s",
                     kolam_logfmt_quote(quoted, sizeof(quoted), error.text));
    }
}

/* The files were checked before the library reads them: it would say no more than that it failed. */
static enum kolam_status check_certificate(struct kolam_net *net, struct kolam_error *error) {
    struct kolam_tls_pair *pair = NULL;
    enum kolam_status status = KOLAM_OK;
    if (net->options.tls_certificate) {
        status = load_certificate(net, &pair, error);
        kolam_tls_destroy(pair);
    }
    return status;
}

static enum kolam_status open_context(struct kolam_net *net) {
    void *loops[1] = {kolam_loop_ev(net->loop)};
    const bool has_tls = net->options.tls_certificate != NULL;
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .user = net,
        .foreign_loops = loops,
        .gid = -1,
        .uid = -1,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   (has_tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
        .ssl_cert_filepath = net->options.tls_certificate,
        .ssl_private_key_filepath = net->options.tls_key,
        .alpn = "http/1.1",
        .retry_and_idle_policy = &no_timers,
        .max_http_header_data2 = 8192,
        .keepalive_timeout = 60,
        .timeout_secs = 10,
        .vhost_name = "kolam",
    };
    net->context = lws_create_context(&info);
    if (!net->context) {
        return KOLAM_ERR_IO;
    }
    net->vhost = lws_create_vhost(net->context, &info);
    if (!net->vhost || (has_tls && !net->tls)) {
        return KOLAM_ERR_IO;
    }
    if (net->tls) {
        kolam_tls_set_up(net->tls);
    }
    return KOLAM_OK;
}

enum kolam_status kolam_net_create(struct kolam_loop *loop, const struct kolam_net_options *options,
                                   struct kolam_net **out_net, struct kolam_error *error) {
    struct kolam_net *net = kolam_alloc_zero(1, sizeof(*net));
    if (!net) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    net->options = *options;
    net->loop = loop;
    net->listen_fd = -1;
    net->proxy_token = token_of(options->proxies.header);
    net->subject_token = token_of(options->proxies.subject_header);
    net->name_token = token_of(options->proxies.name_header);
    kolam_list_init(&net->sockets);
    kolam_list_init(&net->requests);
    kolam_list_init(&net->fresh);
    kolam_list_init(&net->idle);
    /* Less urgent levels log each watcher change, and a full stderr pipe would stop the server. */
    lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
    enum kolam_status status = check_certificate(net, error);
    if (status == KOLAM_OK) {
        status = open_listener(net, error);
    }
    if (status == KOLAM_OK) {
        status = open_context(net);
        if (status != KOLAM_OK) {
            (void)kolam_fail(error, status, "the network library could not start");
        }
    }
    if (status != KOLAM_OK) {
        kolam_net_destroy(net);
        return status;
    }
    ev_io_init(&net->accepting, on_acceptable, net->listen_fd, EV_READ);
    net->accepting.data = net;
    ev_io_start(kolam_loop_ev(loop), &net->accepting);
    *out_net = net;
    return KOLAM_OK;
}

void kolam_net_stop_listening(struct kolam_net *net) {
    if (net->listen_fd >= 0) {
        ev_io_stop(kolam_loop_ev(net->loop), &net->accepting);
        close(net->listen_fd);
        net->listen_fd = -1;
    }
}

void kolam_net_destroy(struct kolam_net *net) {
    if (!net) {
        return;
    }
    kolam_net_stop_listening(net);
    if (net->context) {
        lws_context_destroy(net->context);
    }
    kolam_free(net);
}

void kolam_net_sweep(struct kolam_net *net) {
    int64_t now_ms = kolam_loop_now_ms(net->loop);
    accept_again(net);
    kolam_net_door_sweep(net, now_ms);
    kolam_net_ws_sweep(net, now_ms);
    kolam_net_http_sweep(net, now_ms);
}

bool kolam_net_has_tls(const struct kolam_net *net) {
    return net->tls != NULL;
}

const char *kolam_net_url(const struct kolam_net *net) {
    return net->url;
}

const char *kolam_net_listen_host(const struct kolam_net *net) {
    return net->host;
}

uint64_t kolam_net_http_bytes(const struct kolam_net *net) {
    return net->http_bytes;
}

uint64_t kolam_net_unended_bytes(const struct kolam_net *net) {
    return net->unended_bytes;
}

uint32_t kolam_net_connections(const struct kolam_net *net) {
    return net->connections;
}
