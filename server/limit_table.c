/* The table of limits: one row is one limit with its name, its words and its defaults; --limit, --help, /metrics and the
 * documentation's table (a test compares them) go by it.
 *
 * The defaults: one identity may do several times what a fast hand does, and burst as a journal of an afternoon without
 * network does; an address may do what a class of sixty behind one router does, all of them at once; a network four times that;
 * the total is about what two cores can take. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"

struct row {
    const char *name, *what;
    struct kolam_limit_setting of[KOLAM_SCOPES]; /* identity, address, network, total */
};

#define K 1000.0
#define M 1000000.0
#define KIB 1024.0
#define MIB 1048576.0
#define NONE                                                                                       \
    { 0, 0 }
#define AT_ONCE(n)                                                                                 \
    { 1, n }

static const struct row rows[KOLAM_LIMITS] = {
    [KOLAM_LIMIT_CONNECTIONS] = {"connections",
                                 "connections accepted",
                                 {NONE, {100, 2000}, {400, 8000}, {2000, 20 * K}}},
    [KOLAM_LIMIT_REQUESTS] = {"requests",
                              "HTTP requests",
                              {NONE, {1000, 10 * K}, {4000, 40 * K}, {20 * K, 100 * K}}},
    [KOLAM_LIMIT_BYTES] = {"bytes",
                           "bytes received over WebSockets",
                           {{512 * KIB, 16 * MIB},
                            {16 * MIB, 128 * MIB},
                            {64 * MIB, 256 * MIB},
                            {128 * MIB, 512 * MIB}}},
    [KOLAM_LIMIT_FRAMES] = {"frames",
                            "WebSocket frames received",
                            {{400, 8000}, {10 * K, 40 * K}, {40 * K, 160 * K}, {100 * K, 400 * K}}},
    [KOLAM_LIMIT_STROKES] = {"strokes",
                             "strokes and undos submitted",
                             {{60, 2000}, {1000, 10 * K}, {4000, 40 * K}, {10 * K, 100 * K}}},
    [KOLAM_LIMIT_POINTS] =
        {"points",
         "points of strokes and previews",
         {{20 * K, 1 * M}, {400 * K, 8 * M}, {1600 * K, 16 * M}, {4 * M, 40 * M}}},
    [KOLAM_LIMIT_PREVIEWS] = {"previews",
                              "previews and pointers passed on; more are dropped",
                              {{240, 240}, {10 * K, 20 * K}, {40 * K, 80 * K}, {100 * K, 200 * K}}},
    [KOLAM_LIMIT_VIEWS] = {"views",
                           "views, one more for each 256 tiles",
                           {{100, 1000}, {3000, 30 * K}, {12 * K, 60 * K}, {40 * K, 200 * K}}},
    [KOLAM_LIMIT_ASKS] = {"asks",
                          "questions over WebSockets, and of the past",
                          {{50, 200}, {200, 4000}, {800, 16 * K}, {2000, 40 * K}}},
    [KOLAM_LIMIT_IDENTITIES] = {"identities",
                                "new identities",
                                {NONE, {2, 100}, {8, 400}, {200, 5000}}},
    [KOLAM_LIMIT_CANVASES] = {"canvases",
                              "new canvases",
                              {{0.1, 100}, {0.5, 200}, {1, 400}, {10, 1000}}},
    [KOLAM_LIMIT_TILES] = {"tiles",
                           "tiles that must be drawn for an answer",
                           {NONE, {200, 4000}, {800, 16 * K}, {2000, 40 * K}}},
    [KOLAM_LIMIT_PIXELS] = {"pixels",
                            "pixels of snapshots",
                            {NONE, {20 * M, 600 * M}, {80 * M, 1200 * M}, {100 * M, 3000 * M}}},
    [KOLAM_LIMIT_SENDS] = {"sends",
                           "frames of what is drawn, to those who only look",
                           {NONE, {4000, 4000}, {16 * K, 16 * K}, NONE}},
    [KOLAM_LIMIT_OPEN] = {"open",
                          "connections at once",
                          {NONE, AT_ONCE(1500), AT_ONCE(6000), NONE}},
    [KOLAM_LIMIT_UNFINISHED] = {"unfinished",
                                "connections at once that have asked for nothing yet",
                                {NONE, AT_ONCE(250), AT_ONCE(1000), AT_ONCE(4000)}},
    [KOLAM_LIMIT_SNAPSHOTS] = {"snapshots",
                               "snapshots at once, drawn or waiting",
                               {NONE, AT_ONCE(4), AT_ONCE(8), AT_ONCE(16)}},
};

static const char *const scope_names[KOLAM_SCOPES] = {"identity", "address", "network", "total"};

const char *kolam_limit_name(enum kolam_limit limit) {
    return rows[limit].name;
}

const char *kolam_scope_name(enum kolam_limit_scope scope) {
    return scope_names[scope];
}

void kolam_limit_defaults(struct kolam_limit_settings *out_settings) {
    *out_settings = (struct kolam_limit_settings){0};
    for (int i = 0; i < KOLAM_LIMITS; i++) {
        memcpy(out_settings->of[i], rows[i].of, sizeof(rows[i].of));
    }
}

/* ---- --limit ---- */

static bool is_name(const char *text, size_t size, const char *name) {
    return strlen(name) == size && strncmp(text, name, size) == 0;
}

static int find_limit(const char *text, size_t size) {
    for (int i = 0; i < KOLAM_LIMITS; i++) {
        if (is_name(text, size, rows[i].name)) {
            return i;
        }
    }
    return -1;
}

static int find_scope(const char *text, size_t size) {
    for (int i = 0; i < KOLAM_SCOPES; i++) {
        if (is_name(text, size, scope_names[i])) {
            return i;
        }
    }
    return -1;
}

static bool parse_number(const char *text, char end, const char **out_rest, double *out) {
    char *stop;
    if (!(*text >= '0' && *text <= '9')) {
        return false;
    }
    *out = strtod(text, &stop);
    *out_rest = stop;
    return (*stop == '\0' || *stop == end) && *out > 0 && *out <= 1e12 &&
           strspn(text, "0123456789.") == (size_t)(stop - text);
}

/* Without a burst: ten seconds' worth, and at least one. */
static bool parse_setting(const char *text, bool is_at_once, struct kolam_limit_setting *out) {
    const char *rest;
    double rate, burst;
    if (strcmp(text, "off") == 0) {
        *out = (struct kolam_limit_setting){0};
        return true;
    }
    if (!parse_number(text, ':', &rest, &rate) || (is_at_once && (*rest != '\0' || rate < 1))) {
        return false;
    }
    if (is_at_once) {
        *out = (struct kolam_limit_setting){1, rate};
        return true;
    }
    burst = rate * 10 < 1 ? 1 : rate * 10;
    if (*rest == ':' && (!parse_number(rest + 1, '\0', &rest, &burst) || *rest != '\0')) {
        return false;
    }
    *out = (struct kolam_limit_setting){rate, burst};
    return true;
}

static void turn_off(struct kolam_limit_settings *settings, int limit) {
    memset(settings->of[limit], 0, sizeof(settings->of[limit]));
}

bool kolam_limit_parse(const char *text, struct kolam_limit_settings *settings, char *out_problem,
                       uint32_t capacity) {
    const char *equals = strchr(text, '=');
    const size_t size = equals ? (size_t)(equals - text) : 0;
    const char *dot = equals ? memchr(text, '.', size) : NULL;
    if (equals && strcmp(text, "all=off") == 0) {
        for (int i = 0; i < KOLAM_LIMITS; i++) {
            turn_off(settings, i);
        }
        return true;
    }
    const int limit = equals ? find_limit(text, dot ? (size_t)(dot - text) : size) : -1;
    if (limit < 0) {
        snprintf(out_problem, capacity,
                 "not NAME.SCOPE=RATE[:BURST] with a name of those in "
                 "kolam serve --help");
        return false;
    }
    if (!dot && strcmp(equals, "=off") == 0) {
        turn_off(settings, limit);
        return true;
    }
    const int scope = dot ? find_scope(dot + 1, (size_t)(equals - dot - 1)) : -1;
    if (scope < 0 || (limit == KOLAM_LIMIT_OPEN && scope == KOLAM_SCOPE_TOTAL)) {
        snprintf(out_problem, capacity, "%s",
                 scope < 0 ? "a scope is needed: identity, address, network or total"
                           : "connections in total are --max-connections");
        return false;
    }
    if (!parse_setting(equals + 1, limit >= KOLAM_LIMIT_RATES, &settings->of[limit][scope])) {
        snprintf(out_problem, capacity, "%s",
                 limit >= KOLAM_LIMIT_RATES ? "not a number of at least 1, or off"
                                            : "not RATE[:BURST], numbers above 0, or off");
        return false;
    }
    return true;
}

/* ---- --help ---- */

/* 20000 as 20k: columns stay narrow. */
static void format_number(double number, char *out, size_t capacity) {
    static const struct {
        double from, unit, step;
        const char *suffix;
    } units[] = {
        {M, M, M / 10, "M"}, {MIB, MIB, MIB, "Mi"}, {K, K, K / 10, "k"}, {KIB, KIB, KIB, "Ki"}};
    for (size_t i = 0; i < 4; i++) {
        if (number >= units[i].from && fmod(number, units[i].step) == 0) {
            snprintf(out, capacity, "%g%s", number / units[i].unit, units[i].suffix);
            return;
        }
    }
    snprintf(out, capacity, "%g", number);
}

static void format_setting(const struct kolam_limit_setting *setting, bool is_at_once,
                           char out[24]) {
    char rate[16], burst[16];
    if (setting->rate <= 0) {
        snprintf(out, 24, "-");
        return;
    }
    format_number(setting->rate, rate, sizeof(rate));
    format_number(setting->burst, burst, sizeof(burst));
    snprintf(out, 24, is_at_once ? "%s" : "%s:%s", is_at_once ? burst : rate, burst);
}

void kolam_limit_print_help(void) {
    printf("Limits. --limit NAME.SCOPE=RATE[:BURST] allows RATE a second and BURST at once (ten "
           "times RATE if\nit is left out); off allows any: --limit strokes.address=off, --limit "
           "strokes=off, --limit all=off.\nWhat is counted at once is one number: --limit "
           "open.address=200. Scopes: an identity (or a\nconnection without one), an address (of "
           "IPv6 the /64), its network (the /24; the /48), all together.\nLoopback addresses "
           "(a proxy on this machine, tests) are counted by identity and in total only, unless\n"
           "--limit-loopback is given.\n\n  %-11s %-10s %-10s %-10s %-10s\n",
           "NAME", "identity", "address", "network", "total");
    for (int i = 0; i < KOLAM_LIMITS; i++) {
        char of[KOLAM_SCOPES][24];
        for (int scope = 0; scope < KOLAM_SCOPES; scope++) {
            format_setting(&rows[i].of[scope], i >= KOLAM_LIMIT_RATES, of[scope]);
        }
        if (i == KOLAM_LIMIT_OPEN) {
            snprintf(of[KOLAM_SCOPE_TOTAL], 24, "(option)");
        }
        printf("  %-11s %-10s %-10s %-10s %-10s %s\n", rows[i].name, of[0], of[1], of[2], of[3],
               rows[i].what);
    }
}
