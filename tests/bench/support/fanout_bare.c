/* The limit: a bare epoll server that writes ready-made frames to all its clients at a fixed rate, and does nothing else. The clients are
 * a child process that reads and forgets. Prints one JSON object: {"seconds","frames","bytes","skipped","cpu_s"}, CPU of the server alone.
 *
 *     fanout_bare CLIENTS FRAMES_PER_S FRAME_BYTES SECONDS */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kolam/alloc.h"

struct outcome {
    uint64_t frames, bytes, skipped;
};

static _Noreturn void die(const char *what) {
    fprintf(stderr, "fanout_bare: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void) {
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void allow_files(rlim_t count) {
    struct rlimit limit = {count, count};
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur < count &&
        setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        die("more open files than are allowed");
    }
}

/* The clients: reads whatever comes, until the server is gone. */
static _Noreturn void read_all(const struct sockaddr_in *address, int count) {
    struct epoll_event events[256];
    uint8_t *room = kolam_alloc(1 << 20);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC), left = count;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
            epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
            die("connecting");
        }
    }
    while (left > 0) {
        int ready = epoll_wait(epoll_fd, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            if (recv(events[i].data.fd, room, 1 << 20, MSG_DONTWAIT) == 0) {
                close(events[i].data.fd);
                left--;
            }
        }
    }
    exit(0);
}

static int listen_on_loopback(struct sockaddr_in *out_address) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof *out_address;
    *out_address = (struct sockaddr_in){.sin_family = AF_INET};
    out_address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (const struct sockaddr *)out_address, size) != 0 ||
        listen(fd, 1024) != 0 || getsockname(fd, (struct sockaddr *)out_address, &size) != 0) {
        die("listening");
    }
    return fd;
}

static void send_tick(const int *fds, int count, const uint8_t *frame, size_t size_bytes,
                      struct outcome *outcome) {
    for (int i = 0; i < count; i++) {
        ssize_t sent = send(fds[i], frame, size_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            die("sending");
        }
        outcome->frames += sent >= 0;
        outcome->skipped += sent < 0;
        outcome->bytes += sent > 0 ? (uint64_t)sent : 0;
    }
}

/* The frame of a tick, as the server would have made it: a header and bytes. */
static uint8_t *make_frame(size_t size_bytes) {
    uint8_t *frame = kolam_alloc_zero(size_bytes, 1);
    frame[0] = 0x82;
    frame[1] = size_bytes > 1 ? 0x7e : 0;
    return frame;
}

static struct outcome serve(const int *fds, int count, double rate, size_t size_bytes,
                            double seconds) {
    struct outcome outcome = {0};
    uint8_t *frame = make_frame(size_bytes);
    const double begun_s = now_s();
    for (uint64_t tick = 1; (double)tick / rate <= seconds; tick++) {
        double at_s = begun_s + (double)tick / rate, left_s = at_s - now_s();
        if (left_s > 0) {
            struct timespec wait = {(time_t)left_s,
                                    (long)((left_s - (double)(time_t)left_s) * 1e9)};
            (void)nanosleep(&wait, NULL);
        }
        send_tick(fds, count, frame, size_bytes, &outcome);
    }
    kolam_free(frame);
    return outcome;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fputs("fanout_bare CLIENTS FRAMES_PER_S FRAME_BYTES SECONDS\n", stderr);
        return 2;
    }
    const int count = atoi(argv[1]), one = 1;
    const double rate = atof(argv[2]), seconds = atof(argv[4]);
    struct sockaddr_in address;
    int *fds = kolam_alloc_zero((size_t)count + 1, sizeof *fds);
    allow_files((rlim_t)count + 64);
    int listener = listen_on_loopback(&address);
    pid_t child = fork();
    if (child == 0) {
        close(listener);
        read_all(&address, count);
    }
    for (int i = 0; i < count; i++) {
        fds[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fds[i] < 0) {
            die("accepting");
        }
        (void)setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    double cpu_before_s = cpu_s(), begun_s = now_s();
    struct outcome outcome = serve(fds, count, rate, (size_t)atol(argv[3]), seconds);
    printf("{\"seconds\":%.3f,\"frames\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"skipped\":%" PRIu64
           ",\"cpu_s\":%.4f}\n",
           now_s() - begun_s, outcome.frames, outcome.bytes, outcome.skipped,
           cpu_s() - cpu_before_s);
    for (int i = 0; i < count; i++) {
        close(fds[i]);
    }
    kolam_free(fds);
    (void)waitpid(child, NULL, 0);
    return 0;
}
