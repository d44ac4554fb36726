/* See sandbox.h. Both are asked of the kernel directly: a filter of some forty calls needs no library.
 *
 * The list says what is refused, not what is allowed: a library that begins to use another harmless call after an upgrade must not end
 * a server. What is on it is what exploits need next: programs, processes, other processes' memory, the kernel's own doors. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0 /* not tried */
#endif

bool kolam_sandbox_is_possible(void) {
    return !IS_SANITIZED;
}

/* ---- files ---- */

/* Newer than the headers that we build with. */
#define ACCESS_REFER (1ull << 13)    /* since version 2 of the interface */
#define ACCESS_TRUNCATE (1ull << 14) /* 3 */
#define ACCESS_ALL_FIRST ((1ull << 13) - 1)
#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_OF_FILES                                                                            \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE |   \
     ACCESS_TRUNCATE)

static void allow(int ruleset, const char *path, uint64_t access) {
    struct landlock_path_beneath_attr rule = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
    struct stat info;
    if (rule.parent_fd < 0) {
        return;
    }
    if (fstat(rule.parent_fd, &info) == 0) {
        rule.allowed_access = S_ISDIR(info.st_mode) ? access : access & ACCESS_OF_FILES;
        (void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    (void)close(rule.parent_fd);
}

/* What libraries read of the system, some of it late: fonts, when a text is first written; names and zones. */
static const char *const system_paths[] = {
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/etc/fonts",
    "/var/cache/fontconfig",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/usr/share/icu",
    "/usr/lib",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
    "/proc/self",
    "/proc/sys/vm/overcommit_memory",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    "/dev/random",
};

static void allow_home_fonts(int ruleset) {
    static const char *const parts[] = {"/.fonts", "/.local/share/fonts", "/.cache/fontconfig",
                                        "/.config/fontconfig"};
    const char *home = getenv("HOME");
    char path[1024];
    for (size_t i = 0; home && i < sizeof parts / sizeof parts[0]; i++) {
        if ((size_t)snprintf(path, sizeof path, "%s%s", home, parts[i]) < sizeof path) {
            allow(ruleset, path, ACCESS_READ);
        }
    }
}

static void give_up_cores(void) {
    /* 1 and not 0: where cores are piped to a program, 0 does not stop them. */
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max = limit.rlim_max < 1 ? 0 : 1;
        (void)setrlimit(RLIMIT_CORE, &limit);
    }
}

bool kolam_sandbox_files(const struct kolam_sandbox_paths *paths) {
    give_up_cores();
    (void)setenv("SQLITE_TMPDIR", paths->data, 1);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return false;
    }
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) {
        return false;
    }
    struct landlock_ruleset_attr rules = {.handled_access_fs = ACCESS_ALL_FIRST};
    rules.handled_access_fs |= version >= 2 ? ACCESS_REFER : 0;
    rules.handled_access_fs |= version >= 3 ? ACCESS_TRUNCATE : 0;
    const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    if (ruleset < 0) {
        return false;
    }
    allow(ruleset, paths->data, rules.handled_access_fs & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE);
    allow(ruleset, "/dev/null", ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE);
    for (size_t i = 0; i < sizeof system_paths / sizeof system_paths[0]; i++) {
        allow(ruleset, system_paths[i], ACCESS_READ);
    }
    allow_home_fonts(ruleset);
    for (unsigned i = 0; i < paths->read_count; i++) {
        allow(ruleset, paths->read[i], ACCESS_READ);
    }
    const bool is_on = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    (void)close(ruleset);
    return is_on;
}

/* ---- calls ---- */

static const int refused[] = {
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_setns,
    SYS_unshare,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_open_by_handle_at,
    SYS_acct,
    SYS_quotactl,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_personality,
    SYS_bind,
    SYS_listen,
    SYS_connect,
    /* Without a connection, too: a datagram goes anywhere. What is there sends and receives by itself. */
    SYS_socket,
    SYS_socketpair,
    SYS_sendmsg,
    SYS_sendmmsg,
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_send_signal,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_mknodat,
    SYS_pidfd_getfd,
    SYS_vhangup,
    SYS_syslog,
    SYS_kcmp,
    SYS_lookup_dcookie,
#ifdef __x86_64__
    SYS_fork,
    SYS_vfork,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_mknod,
    SYS_kexec_file_load,
#endif
};
#define REFUSED (sizeof refused / sizeof refused[0])

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define DENIED RETURN(SECCOMP_RET_ERRNO | EPERM)

struct program {
    struct sock_filter at[2 * REFUSED + 96];
    unsigned short count;
};

static void add(struct program *program, struct sock_filter step) {
    program->at[program->count++] = step;
}

/* If the call is `number`: refused, where the argument has all of `bits` (0: always); and else allowed. */
static void refuse(struct program *program, int number, unsigned argument, uint32_t bits,
                   bool is_refused_with) {
    const unsigned offset = (unsigned)offsetof(struct seccomp_data, args) + 8 * argument;
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 5));
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
    add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits,
                                              is_refused_with ? 0 : 1, is_refused_with ? 1 : 0));
    add(program, (struct sock_filter)DENIED);
    add(program, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
}

/* If the call is `number`: refused, where that half of an argument (0: the lower one of the first) is `value`, or is not; else what
 * follows decides. */
static void refuse_value(struct program *program, int number, unsigned half, uint32_t value,
                         bool is_refused_with) {
    const unsigned offset = (unsigned)offsetof(struct seccomp_data, args) + 4 * half;
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4));
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value,
                                              is_refused_with ? 0 : 1, is_refused_with ? 1 : 0));
    add(program, (struct sock_filter)DENIED);
    add(program, (struct sock_filter)LOAD(nr));
}

static void make_program(struct program *program) {
    add(program, (struct sock_filter)LOAD(arch));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    add(program,
        (struct sock_filter)DENIED); /* another architecture's numbers mean something else */
    add(program, (struct sock_filter)LOAD(nr));
#ifdef __x86_64__
    add(program,
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1)); /* x32 */
    add(program, (struct sock_filter)DENIED);
#endif
    for (size_t i = 0; i < REFUSED; i++) {
        add(program,
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refused[i], 0, 1));
        add(program, (struct sock_filter)DENIED);
    }
    /* Threads are made, processes not. clone3's flags cannot be seen from here: the C library goes back to clone. */
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
    add(program, (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | ENOSYS));
    /* To an address of one's own choice, which with MSG_FASTOPEN is a connection. */
    refuse_value(program, SYS_sendto, 8, 0, false);
    refuse_value(program, SYS_sendto, 9, 0, false);
    /* Only to ourselves: abort() does it. */
    refuse_value(program, SYS_tgkill, 0, (uint32_t)getpid(), false);
    /* What a terminal takes for its user's typing, a shell that started us would run. */
    refuse_value(program, SYS_ioctl, 2, TIOCSTI, true);
    refuse_value(program, SYS_ioctl, 2, TIOCLINUX, true);
    refuse(program, SYS_clone, 0, CLONE_THREAD, false);
    refuse(program, SYS_mprotect, 2, PROT_EXEC, true);
    refuse(program, SYS_pkey_mprotect, 2, PROT_EXEC, true);
    refuse(program, SYS_mmap, 2, PROT_WRITE | PROT_EXEC, true);
    add(program, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
}

bool kolam_sandbox_calls(void) {
    struct program program = {.count = 0};
    if (ARCHITECTURE == 0) {
        return false;
    }
    make_program(&program);
    const struct sock_fprog filter = {.len = program.count, .filter = program.at};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0;
}
