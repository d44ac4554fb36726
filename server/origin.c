/* Host, Origin and Cookie headers; pure. */
#include "origin.h"

#include <arpa/inet.h>
#include <stdlib.h>
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

/* Labels of letters, digits, hyphens and underscores, a hyphen not in front, parted by one dot. */
static bool is_host(const char *text, size_t size) {
    bool begins = true;
    for (size_t i = 0; i < size; i++) {
        const char c = text[i];
        const bool is_letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (!is_letter && (begins || (c != '-' && c != '.'))) {
            return false;
        }
        begins = c == '.';
    }
    return size > 0 && size <= 253 && !begins;
}

bool kolam_host_is_name(const char *text) {
    return is_host(text, strlen(text)) || is_literal(text);
}

bool kolam_origin_is_whole(const char *text) {
    char host[256];
    const char *at = strstr(text, "://");
    if ((strncasecmp(text, "https://", 8) != 0 && strncasecmp(text, "http://", 7) != 0) ||
        !strip_port(at + 3, host, sizeof(host))) {
        return false;
    }
    at += 3;
    const bool is_v6 = *at == '[';
    if (is_v6 ? !is_literal(host) : !is_host(host, strlen(host))) {
        return false;
    }
    const char *rest = at + strlen(host) + (is_v6 ? 2 : 0);
    if (*rest == '\0') {
        return true;
    }
    const size_t digits = strspn(rest + 1, "0123456789");
    return *rest == ':' && digits > 0 && digits <= 5 && rest[1 + digits] == '\0' &&
           atoi(rest + 1) <= 65535;
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
