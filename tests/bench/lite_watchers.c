/* Watchers by HTTP alone, many from one process: each has one connection, polls the blocks of its view, fetches
 * the tiles whose versions rose, follows redirects. Prints what came as one JSON object.
 *
 *   lite_watchers PORT CANVAS WATCHERS SECONDS POLL_MS
 *
 * Views are 6 x 4 tiles of level 0, anywhere in 16 x 16 tiles around the origin. Built and run by lite.mjs. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 6, HEIGHT = 4, TILES = WIDTH * HEIGHT, BLOCKS = 6, BUFFER = 8192 };

struct watcher {
    int fd, x, y; /* the view's first tile */
    uint64_t seqs[TILES], wanted[TILES];
    int block, block_count, blocks[BLOCKS][2];
    int tile; /* being fetched, or -1: a block is */
    char etags[BLOCKS][24], follow[256];
    bool is_waiting;    /* for an answer */
    double due, polled; /* seconds */
    char in[BUFFER];
    size_t in_size, skip; /* bytes of a body still to come */
};

struct totals {
    uint64_t polls, tiles, redirects, unchanged, pictures, errors, bytes, cached, passed, none;
    uint64_t rounds;
    double gap_s; /* sum of times between two polls of one watcher */
};

static struct totals totals;
static const char *canvas;
static int port;
static double poll_s;
static char life[64]; /* "<incarnation>-<raster>" */

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int floor8(int at) {
    return at >= 0 ? at / 8 : -((7 - at) / 8);
}

static void ask(struct watcher *w, const char *target, const char *etag) {
    char request[640];
    int size =
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s%s%s\r\n",
                 target, port, *etag ? "If-None-Match: " : "", etag, *etag ? "\r\n" : "");
    if (send(w->fd, request, (size_t)size, MSG_NOSIGNAL) != size) {
        totals.errors++;
    }
    w->is_waiting = true;
}

static void ask_block(struct watcher *w) {
    char target[256];
    w->tile = -1;
    totals.polls++;
    snprintf(target, sizeof(target), "/api/canvas/%s/versions?level=0&bx=%d&by=%d", canvas,
             w->blocks[w->block][0], w->blocks[w->block][1]);
    ask(w, target, w->etags[w->block]);
}

/* The next thing to ask: a redirect's target, a tile, the next block; or rest until the next poll. */
static void go_on(struct watcher *w) {
    char target[256];
    if (w->follow[0]) {
        snprintf(target, sizeof(target), "%s", w->follow);
        w->follow[0] = '\0';
        ask(w, target, "");
        return;
    }
    if (w->block + 1 < w->block_count && w->tile < 0) {
        w->block++;
        ask_block(w);
        return;
    }
    for (int i = 0; i < TILES; i++) {
        if (w->wanted[i] > w->seqs[i]) {
            w->tile = i;
            w->seqs[i] = w->wanted[i];
            totals.tiles++;
            snprintf(target, sizeof(target), "/tiles/%s/0/%d/%d.png?v=%s-%llu", canvas,
                     w->x + i % WIDTH, w->y + i / WIDTH, life, (unsigned long long)w->wanted[i]);
            ask(w, target, "");
            return;
        }
    }
    const double now = now_s();
    w->due = w->polled + poll_s * (0.9 + 0.2 * drand48());
    w->due = w->due > now ? w->due : now;
}

static const char *header(const char *head, const char *name, char *out, size_t capacity) {
    const char *at = strcasestr(head, name);
    out[0] = '\0';
    if (at) {
        at += strlen(name);
        snprintf(out, capacity, "%.*s", (int)strcspn(at, "\r"), at);
    }
    return out;
}

static void read_versions(struct watcher *w, char *body) {
    char incarnation[20];
    int raster = 0;
    char *at = strstr(body, "\"versions\":[");
    if (!at ||
        sscanf(body, "{\"incarnation\":\"%16[0-9a-f]\",\"raster\":%d", incarnation, &raster) != 2) {
        totals.errors++;
        return;
    }
    snprintf(life, sizeof(life), "%s-%d", incarnation, raster);
    at += strlen("\"versions\":[");
    for (int i = 0; i < 64; i++) {
        const uint64_t seq = strtoull(at, &at, 10);
        const int column = w->blocks[w->block][0] * 8 + i % 8 - w->x;
        const int row = w->blocks[w->block][1] * 8 + i / 8 - w->y;
        at++;
        if (column >= 0 && column < WIDTH && row >= 0 && row < HEIGHT &&
            seq > w->wanted[row * WIDTH + column]) {
            w->wanted[row * WIDTH + column] = seq;
        }
    }
}

static void count_cache(const char *head) {
    char cache[32];
    header(head, "x-cache: ", cache, sizeof(cache));
    if (!cache[0]) {
        totals.none++;
    } else if (strcmp(cache, "MISS") == 0 || strcmp(cache, "EXPIRED") == 0 ||
               strcmp(cache, "BYPASS") == 0) {
        totals.passed++;
    } else if (strcmp(cache, "REVALIDATED") == 0) {
        totals.passed++; /* it had to ask, too */
    } else {
        totals.cached++;
    }
}

/* A whole answer is there, or a picture's head: false until then. */
static bool take_answer(struct watcher *w) {
    char *end = memmem(w->in, w->in_size, "\r\n\r\n", 4), value[64];
    if (!end) {
        return false;
    }
    *end = '\0';
    const size_t head = (size_t)(end - w->in) + 4;
    const int status = atoi(w->in + 9);
    const size_t length =
        status == 304 ? 0 : (size_t)atoll(header(w->in, "content-length: ", value, sizeof(value)));
    if (w->tile < 0 && w->in_size < head + length) {
        *end = '\r';
        return false;
    }
    count_cache(w->in);
    totals.bytes += head + length;
    totals.unchanged += status == 304;
    if (status == 302) {
        totals.redirects++;
        header(w->in, "location: ", w->follow, sizeof(w->follow));
    } else if (status == 200 && w->tile < 0) {
        header(w->in, "etag: ", w->etags[w->block], sizeof(w->etags[0]));
        char kept = w->in[head + length];
        w->in[head + length] = '\0';
        read_versions(w, w->in + head);
        w->in[head + length] = kept;
    } else if (status == 200) {
        totals.pictures++;
    } else if (status != 304) {
        totals.errors++;
    }
    const size_t there = w->in_size - head < length ? w->in_size - head : length;
    w->skip = length - there;
    memmove(w->in, w->in + head + there, w->in_size - head - there);
    w->in_size -= head + there;
    return true;
}

static void on_readable(struct watcher *w) {
    for (;;) {
        char waste[65536];
        ssize_t count =
            w->skip > 0 ? recv(w->fd, waste, w->skip < sizeof(waste) ? w->skip : sizeof(waste),
                               MSG_DONTWAIT)
                        : recv(w->fd, w->in + w->in_size, BUFFER - 1 - w->in_size, MSG_DONTWAIT);
        if (count <= 0) {
            if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
                totals.errors++;
                close(w->fd);
                w->fd = -1;
            }
            return;
        }
        if (w->skip > 0) {
            w->skip -= (size_t)count;
        } else {
            w->in_size += (size_t)count;
            if (!take_answer(w)) {
                continue;
            }
        }
        if (w->skip == 0) {
            w->is_waiting = false;
            go_on(w);
            return; /* what comes now is the next answer: it wakes us */
        }
    }
}

static void begin(struct watcher *w, int epoll) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    w->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(w->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};
    epoll_ctl(epoll, EPOLL_CTL_ADD, w->fd, &event);
    w->x = (int)(drand48() * (16 - WIDTH)) - 8;
    w->y = (int)(drand48() * (16 - HEIGHT)) - 8;
    for (int y = floor8(w->y); y <= floor8(w->y + HEIGHT - 1); y++) {
        for (int x = floor8(w->x); x <= floor8(w->x + WIDTH - 1); x++) {
            w->blocks[w->block_count][0] = x;
            w->blocks[w->block_count++][1] = y;
        }
    }
}

static void poll_due(struct watcher *w, double now) {
    if (w->fd < 0 || w->is_waiting || now < w->due) {
        return;
    }
    if (w->polled > 0) {
        totals.rounds++;
        totals.gap_s += now - w->polled;
    }
    w->polled = now;
    w->block = 0;
    ask_block(w);
}

int main(int argc, char **argv) {
    if (argc < 6) {
        return 2;
    }
    port = atoi(argv[1]);
    canvas = argv[2];
    const int count = atoi(argv[3]);
    const double seconds = atof(argv[4]);
    poll_s = atof(argv[5]) / 1000;
    struct watcher *watchers = calloc((size_t)count, sizeof(*watchers));
    struct epoll_event events[256];
    const int epoll = epoll_create1(0);
    for (int i = 0; i < count; i++) {
        begin(&watchers[i], epoll);
        watchers[i].due = now_s() + poll_s * drand48();
    }
    /* The first pictures of everybody are no part of what is measured. */
    double begun = now_s();
    const double warm = begun + seconds / 3 + 2;
    bool is_warm = false;
    for (double now = begun; now < warm + seconds; now = now_s()) {
        if (!is_warm && now >= warm) {
            is_warm = true;
            memset(&totals, 0, sizeof(totals));
            begun = now;
            puts("warm");
            fflush(stdout);
        }
        for (int i = 0; i < count; i++) {
            poll_due(&watchers[i], now);
        }
        int ready = epoll_wait(epoll, events, 256, 5);
        for (int i = 0; i < ready; i++) {
            on_readable(events[i].data.ptr);
        }
    }
    printf("{\"seconds\":%.2f,\"polls\":%llu,\"tiles\":%llu,\"pictures\":%llu,\"redirects\":%llu,"
           "\"unchanged\":%llu,\"errors\":%llu,"
           "\"bytes\":%llu,\"cached\":%llu,\"passed\":%llu,\"uncached\":%llu,\"poll_ms\":%.0f}\n",
           now_s() - begun, (unsigned long long)totals.polls, (unsigned long long)totals.tiles,
           (unsigned long long)totals.pictures, (unsigned long long)totals.redirects,
           (unsigned long long)totals.unchanged, (unsigned long long)totals.errors,
           (unsigned long long)totals.bytes, (unsigned long long)totals.cached,
           (unsigned long long)totals.passed, (unsigned long long)totals.none,
           totals.rounds > 0 ? 1000 * totals.gap_s / (double)totals.rounds : 0);
    return 0;
}
