/* The one command: finds the verb and hands over. */
#include <stdio.h>
#include <string.h>

#include "kolam/command.h"
#include "tool.h"

struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
};

static const struct verb verbs[] = {
    {"serve", kolam_cmd_serve},   {"import", kolam_cmd_import},
    {"export", kolam_cmd_export}, {"watch", kolam_cmd_watch},
    {"blame", kolam_cmd_blame},   {"rollback", kolam_cmd_rollback},
    {"admin", kolam_cmd_admin},   {"timelapse", kolam_cmd_timelapse},
    {"check", kolam_cmd_check},   {"compact", kolam_cmd_compact},
    {"backup", kolam_cmd_backup}, {"restore", kolam_cmd_restore},
    {"load", kolam_cmd_load},     {"top", kolam_cmd_top},
};

static const char help[] =
    "kolam " KOLAM_VERSION ": a drawing commons, one wall without edges for everybody\n"
    "\n"
    "  kolam serve      serve walls to browsers\n"
    "  kolam import     draw strokes from files, as many artists\n"
    "  kolam export     save a part of a wall, or all of it, as PNG, now or as it was\n"
    "  kolam timelapse  show how a part of a wall came to be, as animated PNG or video\n"
    "  kolam watch      print what is being drawn, as it happens, one JSON object a line\n"
    "  kolam blame      tell whose strokes lie under a pixel\n"
    "  kolam rollback   hide strokes of chosen artists, or show them again\n"
    "  kolam admin      decide as a moderator or owner: who may draw, where, how\n"
    "  kolam top        show what a running server does, live\n"
    "  kolam check      verify a wall's files, and repair what can be rebuilt\n"
    "  kolam compact    flatten a wall's older history into a picture, for good\n"
    "  kolam backup     copy walls and who drew on them, while people draw\n"
    "  kolam restore    put a backup back, as it is or as it was at a moment\n"
    "  kolam load       draw and watch as a crowd, and check what comes\n"
    "\n"
    "  kolam VERB --help    what the verb does, its options, examples\n"
    "  kolam --version\n"
    "\n"
    "To begin:  kolam serve, then open the address that it prints.\n"
    "Most options can be given by environment variables too; each verb's help names them.\n"
    "Exit status: 0 success, 1 failure, 2 wrong usage.\n";

/* What was to be told is told, or the verb has failed, whatever else it did: a full disk may be behind the output. */
static int finish(const char *name, int status) {
    const bool is_written = fflush(stdout) == 0 && !ferror(stdout);
    if (is_written || status != KOLAM_EXIT_OK) {
        return status;
    }
    return *name ? kolam_tool_failed(name, "standard output cannot be written")
                 : KOLAM_EXIT_FAILURE;
}

static int run(const struct verb *verb, int argc, char **argv) {
    const int status = verb->run(argc, argv);
    /* Its reader may go away, which is no failure: it looks at its output itself. */
    return verb->run == kolam_cmd_watch ? status : finish(verb->name, status);
}

/* NULL: there is none. */
static const struct verb *verb_of(const char *name) {
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    const struct verb *verb = verb_of(name);
    if (verb) {
        return run(verb, argc - 1, argv + 1);
    }
    if (strcmp(name, "help") == 0 && argc == 3 && (verb = verb_of(argv[2])) != NULL) {
        char asks[] = "--help";
        return run(verb, 2, (char *[]){argv[2], asks, NULL});
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        fputs(help, stdout);
        return finish("", KOLAM_EXIT_OK);
    }
    if (strcmp(name, "--version") == 0) {
        puts("kolam " KOLAM_VERSION);
        return finish("", KOLAM_EXIT_OK);
    }
    if (argc < 2) {
        fputs(help, stderr);
        return KOLAM_EXIT_USAGE;
    }
    fprintf(stderr, "kolam: there is no verb '%s'; see `kolam --help`\n", name);
    return KOLAM_EXIT_USAGE;
}
