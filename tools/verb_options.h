/* A verb's options as a table: where each value goes. What it means, and whether it is right, is the verb's to say. */
#ifndef KOLAM_TOOLS_VERB_OPTIONS_H
#define KOLAM_TOOLS_VERB_OPTIONS_H

#include <getopt.h> /* for optind: what follows the options */
#include <stdbool.h>
#include <stddef.h>

#define KOLAM_VERB_OPTIONS_MAX 40

enum kolam_verb_option_kind {
    KOLAM_OPTION_TEXT, /* a value: a const char * */
    KOLAM_OPTION_FLAG, /* none: a bool */
    KOLAM_OPTION_TAKEN /* a value, which `take` takes */
};

struct kolam_verb_option {
    const char *name;
    enum kolam_verb_option_kind kind;
    size_t offset; /* of the member of the verb's arguments */
    char letter;   /* its short form, or 0 */
    /* False if the value is wrong, which it has told then. */
    bool (*take)(void *arguments, const struct kolam_verb_option *option, const char *text);
};

/* Reads all options into `arguments`. False if they are wrong, and that has been told. */
bool kolam_verb_parse(int argc, char **argv, const struct kolam_verb_option *options, size_t count,
                      void *arguments);

#endif
