/* kolam admin: what moderators and owners decide, from a shell. Finds the subcommand and hands over. */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include "kolam/command.h"
#include "tool.h"

static const struct kolam_admin_command *const groups[] = {
    kolam_admin_order,
    kolam_admin_acts,
    kolam_admin_people,
};
#define GROUPS (sizeof groups / sizeof groups[0])

static void print_help(FILE *file) {
    fputs("kolam admin SUBCOMMAND [--server URL] [--canvas NAME] ...\n"
          "What moderators and owners of a wall decide, done through a running server with the "
          "admin token.\n"
          "\n",
          file);
    for (size_t group = 0; group < GROUPS; group++) {
        for (const struct kolam_admin_command *command = groups[group]; command->name; command++) {
            fprintf(file, "  %-14s %s\n", command->name, command->summary);
        }
    }
    fputs("\n"
          "  kolam admin SUBCOMMAND --help    what it does, its options, examples\n"
          "\n"
          "Artists are named by their number on the canvas, or by their whole name.\n"
          "Exit status: 0 success, 1 failure or refused, 2 wrong usage.\n",
          file);
}

static const struct kolam_admin_command *find(const char *name) {
    for (size_t group = 0; group < GROUPS; group++) {
        for (const struct kolam_admin_command *command = groups[group]; command->name; command++) {
            if (strcmp(name, command->name) == 0) {
                return command;
            }
        }
    }
    return NULL;
}

int kolam_cmd_admin(int argc, char **argv) {
    char title[64];
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return KOLAM_EXIT_OK;
    }
    if (argc < 2) {
        print_help(stderr);
        return KOLAM_EXIT_USAGE;
    }
    const struct kolam_admin_command *command = find(name);
    if (!command) {
        return kolam_tool_misused(argv[0], "there is no '%.40s' to do", name);
    }
    snprintf(title, sizeof title, "admin %s", command->name);
    argv[1] = title;
    return command->run(argc - 1, argv + 1);
}
