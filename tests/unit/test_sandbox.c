/* The sandbox from the inside: a process that gave up its rights tries to use them. Each try is a child's, which tells by its exit
 * status whether it was refused. Threads (pthread) can still be made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/in.h>

#include "server/sandbox.h"
#include "tests/support/store.h"

enum { FINE = 0, BROKEN = 1, NOT_CONFINED = 77 };

struct fixture {
    char data[512], other[512], secret[600], inside[600];
    int datagrams, stream, ends[2]; /* sockets */
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    temp_folder_make(fixture->data);
    temp_folder_make(fixture->other);
    temp_path(fixture->other, "secret", fixture->secret);
    temp_path(fixture->data, "inside", fixture->inside);
    int fd = open(fixture->secret, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    /* Made before: afterwards there are none. */
    fixture->datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    fixture->stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fixture->ends), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    temp_folder_remove(fixture->data);
    temp_folder_remove(fixture->other);
    close(fixture->datagrams);
    close(fixture->stream);
    close(fixture->ends[0]);
    close(fixture->ends[1]);
    free(fixture);
    return 0;
}

/* Runs `attempt` in a child that is confined; NOT_CONFINED where the kernel cannot. */
static int confined(const struct fixture *fixture, bool with_other,
                    int (*attempt)(const struct fixture *fixture)) {
    const pid_t child = fork();
    if (child == 0) {
        const char *const read[] = {fixture->other};
        const struct kolam_sandbox_paths paths = {
            .data = fixture->data, .read = read, .read_count = with_other};
        const bool is_confined = kolam_sandbox_files(&paths) && kolam_sandbox_calls();
        _exit(is_confined ? attempt(fixture) : NOT_CONFINED);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define SAYS(expected, value)                                                                      \
    do {                                                                                           \
        const int found_ = (value);                                                                \
        if (found_ == NOT_CONFINED) {                                                              \
            skip();                                                                                \
        }                                                                                          \
        assert_int_equal(found_, (expected));                                                      \
    } while (0)

static bool is_refused(const char *path, int flags) {
    const int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
    }
    return fd < 0 && errno == EACCES;
}

static int use_data(const struct fixture *fixture) {
    char moved[700];
    (void)snprintf(moved, sizeof moved, "%s.moved", fixture->inside);
    const int fd = open(fixture->inside, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    const bool is_written = fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0;
    return is_written && rename(fixture->inside, moved) == 0 && unlink(moved) == 0 ? FINE : BROKEN;
}

static int open_others(const struct fixture *fixture) {
    return is_refused(fixture->secret, O_RDONLY) && is_refused("/etc/passwd", O_RDONLY) &&
                   is_refused("/etc/shadow", O_RDONLY) &&
                   is_refused("/var/kolam-out", O_CREAT | O_RDWR) &&
                   is_refused("/proc/1/environ", O_RDONLY)
               ? FINE
               : BROKEN;
}

static int read_what_is_allowed(const struct fixture *fixture) {
    const int fd = open(fixture->secret, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && is_refused(fixture->secret, O_WRONLY) ? FINE : BROKEN;
}

static int start_a_program(const struct fixture *fixture) {
    (void)fixture;
    char *argv[] = {"true", NULL}, *environment[] = {NULL};
    execve("/bin/true", argv, environment);
    return errno == EPERM ? FINE : BROKEN;
}

static int make_a_process(const struct fixture *fixture) {
    (void)fixture;
    const pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child < 0 && errno == EPERM ? FINE : BROKEN;
}

static int look_into_a_process(const struct fixture *fixture) {
    (void)fixture;
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 && errno == EPERM ? FINE : BROKEN;
}

static int connect_somewhere(const struct fixture *fixture) {
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = fixture->stream;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 || errno != EPERM) {
        return BROKEN;
    }
    return bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 && errno == EPERM
               ? FINE
               : BROKEN;
}

/* What needs no connection: a datagram, the first bytes of one that is made by them, a pair whose ends reach others. */
static int send_somewhere(const struct fixture *fixture) {
    (void)fixture;
    int pair[2];
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr *to = (const struct sockaddr *)&address;
    struct msghdr message = {.msg_name = (void *)&address, .msg_namelen = sizeof address};
    const bool is_refused =
        socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno == EPERM &&
        socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno == EPERM &&
        socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0 && errno == EPERM &&
        sendto(fixture->datagrams, "x", 1, 0, to, sizeof address) < 0 && errno == EPERM &&
        sendto(fixture->stream, "x", 1, MSG_FASTOPEN, to, sizeof address) < 0 && errno == EPERM &&
        sendmsg(fixture->datagrams, &message, 0) < 0 && errno == EPERM;
    return is_refused && send(fixture->ends[0], "x", 1, 0) == 1 ? FINE : BROKEN;
}

static int signal_others(const struct fixture *fixture) {
    (void)fixture;
    const int self = (int)getpid(), parent = (int)getppid();
    const bool is_refused = kill(parent, 0) < 0 && errno == EPERM &&
                            syscall(SYS_tkill, parent, 0) < 0 && errno == EPERM &&
                            syscall(SYS_tgkill, parent, parent, 0) < 0 && errno == EPERM;
    return is_refused && syscall(SYS_tgkill, self, self, 0) == 0 ? FINE : BROKEN;
}

/* As if its user had typed it: where the server was started in a shell, that shell runs it. */
static int type_at_the_terminal(const struct fixture *fixture) {
    (void)fixture;
    char letter = 'x';
    int waiting;
    return ioctl(-1, TIOCSTI, &letter) < 0 && errno == EPERM &&
                   ioctl(-1, TIOCSTI | (1ul << 32), &letter) < 0 && errno == EPERM &&
                   ioctl(-1, TIOCLINUX, &letter) < 0 && errno == EPERM &&
                   ioctl(fixture->ends[1], FIONREAD, &waiting) == 0
               ? FINE
               : BROKEN;
}

static int write_and_run_memory(const struct fixture *fixture) {
    (void)fixture;
    void *both =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *written = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return both == MAP_FAILED && written != MAP_FAILED &&
                   mprotect(written, 4096, PROT_READ | PROT_EXEC) < 0 &&
                   mprotect(written, 4096, PROT_READ) == 0
               ? FINE
               : BROKEN;
}

static void *in_thread(void *fixture) {
    return (void *)(intptr_t)(open_others(fixture) + use_data(fixture) + start_a_program(fixture));
}

static int make_a_thread(const struct fixture *fixture) {
    pthread_t thread;
    void *result = NULL;
    if (pthread_create(&thread, NULL, in_thread, (void *)(uintptr_t)fixture) != 0) {
        return BROKEN;
    }
    pthread_join(thread, &result);
    return result == NULL ? FINE : BROKEN;
}

static int have_no_core(const struct fixture *fixture) {
    (void)fixture;
    struct rlimit limit;
    return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max <= 1 ? FINE : BROKEN;
}

static void the_data_folder_can_be_used(void **state) {
    SAYS(FINE, confined(*state, false, use_data));
}
static void other_files_cannot_be_opened(void **state) {
    SAYS(FINE, confined(*state, false, open_others));
}
static void what_may_be_read_cannot_be_written(void **state) {
    SAYS(FINE, confined(*state, true, read_what_is_allowed));
}
static void no_program_is_started(void **state) {
    SAYS(FINE, confined(*state, false, start_a_program));
}
static void no_process_is_made(void **state) {
    SAYS(FINE, confined(*state, false, make_a_process));
}
static void no_process_is_looked_into(void **state) {
    SAYS(FINE, confined(*state, false, look_into_a_process));
}
static void no_connection_is_made(void **state) {
    SAYS(FINE, confined(*state, false, connect_somewhere));
}
static void nothing_is_sent_without_a_connection(void **state) {
    SAYS(FINE, confined(*state, false, send_somewhere));
}
static void no_other_process_is_signalled(void **state) {
    SAYS(FINE, confined(*state, false, signal_others));
}
static void nothing_is_typed_at_the_terminal(void **state) {
    SAYS(FINE, confined(*state, false, type_at_the_terminal));
}
static void no_memory_is_written_and_run(void **state) {
    SAYS(FINE, confined(*state, false, write_and_run_memory));
}
static void threads_are_made_and_confined(void **state) {
    SAYS(FINE, confined(*state, false, make_a_thread));
}
static void no_core_is_dumped(void **state) {
    SAYS(FINE, confined(*state, false, have_no_core));
}

int main(void) {
    if (!kolam_sandbox_is_possible()) {
        printf("1..1\nok 1 - confined # SKIP sanitizers start and trace processes themselves\n");
        return 0;
    }
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_data_folder_can_be_used),
        TEST(other_files_cannot_be_opened),
        TEST(what_may_be_read_cannot_be_written),
        TEST(no_program_is_started),
        TEST(no_process_is_made),
        TEST(no_process_is_looked_into),
        TEST(no_connection_is_made),
        TEST(nothing_is_sent_without_a_connection),
        TEST(no_other_process_is_signalled),
        TEST(nothing_is_typed_at_the_terminal),
        TEST(no_memory_is_written_and_run),
        TEST(threads_are_made_and_confined),
        TEST(no_core_is_dumped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
