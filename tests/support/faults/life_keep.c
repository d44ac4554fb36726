/* See life.h: what a keeper of walls does, by the command's own verbs. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kolam/command.h"
#include "tests/support/faults/disk.h"
#include "tests/support/faults/life.h"

typedef int command_verb(int argc, char **argv);

/* A verb is made for a process of its own: what it says goes nowhere, and the descriptor for signals that it leaves open, the
 * first one it opens, is closed. */
static bool run(command_verb *verb, int argc, const char *const *words) {
    char *argv[12];
    sigset_t signals;
    for (int i = 0; i < argc; i++) {
        argv[i] = (char *)(uintptr_t)words[i];
    }
    (void)fflush(NULL);
    const int out = dup(STDOUT_FILENO), error = dup(STDERR_FILENO);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(nowhere, STDOUT_FILENO);
    (void)dup2(nowhere, STDERR_FILENO);
    (void)close(nowhere); /* the number that the verb's first gets */
    (void)pthread_sigmask(SIG_BLOCK, NULL, &signals);
    optind = 0;
    const bool is_done = verb(argc, argv) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &signals, NULL);
    (void)close(nowhere);
    (void)fflush(NULL);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(error, STDERR_FILENO);
    (void)close(out);
    (void)close(error);
    return is_done;
}

static bool back_up(struct life *life) {
    const char *const words[] = {"backup", "--data",     life->data,
                                 "-o",     life->backup, "--with-admin-token"};
    if (life->copy_count == LIFE_COPIES_MAX) {
        return false;
    }
    struct life_copy *copy = &life->copies[life->copy_count++];
    *copy = (struct life_copy){.asked_at = disk_now(), .promised_at = LIFE_NEVER};
    life->is_copied = run(kolam_cmd_backup, life->token[0] != '\0' ? 6 : 5, words);
    copy->promised_at = life->is_copied ? disk_now() : LIFE_NEVER;
    return life->is_copied;
}

/* Only of what is as it was when it was copied: who restores something older wants to lose what came later. */
static bool restore(struct life *life) {
    const char *const words[] = {"restore",  life->backup, "--data",
                                 life->data, "--replace",  "--yes"};
    return life->is_copied && run(kolam_cmd_restore, 6, words);
}

static bool make_token(struct life *life) {
    if (!life_has_log(life) || kolam_admin_token_load(life->data, life->token, NULL) != KOLAM_OK) {
        return false;
    }
    life->token_promised_at =
        life->token_promised_at == LIFE_NEVER ? disk_now() : life->token_promised_at;
    return true;
}

bool life_keep_step(struct life *life, enum life_step step) {
    return step == LIFE_BACKUP  ? back_up(life)
           : step == LIFE_TOKEN ? make_token(life)
                                : restore(life);
}
