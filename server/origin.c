/* Host, Origin and Cookie headers; pure. */
#include "origin.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* Copies the host without port and brackets; false if it is malformed. */
static bool strip_port(const char *host, char *out, size_t capacity) {
    const char *begin = host, *end;
    if (*host == '[') {
        begin = host + 1;
        end = strchr(begin, ']');
    } else {
        end = strchr(host, ':');
        end = end ? end : host + strlen(host);
    }
    if (!end || end == begin || (size_t)(end - begin) >= capacity) {
        return false;
    }
    memcpy(out, begin, (size_t)(end - begin));
    out[end - begin] = '\0';
    return true;
}

static bool is_literal(const char *name) {
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

bool kolam_host_is_allowed(const struct kolam_options *options, const char *listen_host,
                           const char *host) {
    char name[256];
    if (!strip_port(host, name, sizeof(name))) {
        return false;
    }
    if (is_literal(name) || strcasecmp(name, "localhost") == 0 ||
        strcasecmp(name, listen_host) == 0) {
        return true;
    }
    for (uint32_t i = 0; i < options->allow_host_count; i++) {
        if (strcasecmp(name, options->allow_hosts[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool kolam_origin_is_allowed(const struct kolam_options *options, bool has_tls, const char *origin,
                             const char *host) {
    if (origin[0] == '\0') {
        return true;
    }
    const char *scheme_end = strstr(origin, "://");
    if (scheme_end && strcasecmp(scheme_end + 3, host) == 0 &&
        (!has_tls || strncasecmp(origin, "https:", 6) == 0)) {
        return true;
    }
    for (uint32_t i = 0; i < options->allow_origin_count; i++) {
        if (strcasecmp(origin, options->allow_origins[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool kolam_cookie_get(const char *header, const char *name, char *out, size_t capacity) {
    const size_t name_size = strlen(name);
    for (const char *at = header; at; at = strchr(at, ';')) {
        at += strspn(at, "; ");
        if (strncmp(at, name, name_size) == 0 && at[name_size] == '=') {
            const char *value = at + name_size + 1;
            size_t size = strcspn(value, "; ");
            if (size >= capacity) {
                return false;
            }
            memcpy(out, value, size);
            out[size] = '\0';
            return true;
        }
    }
    return false;
}
