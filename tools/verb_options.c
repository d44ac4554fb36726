/* getopt_long's table and its letters are made of ours. */
#include "verb_options.h"

#include <assert.h>

#include "tool.h"

#define FIRST 256 /* above all letters: the number that getopt_long gives for the first row */

static void make_table(const struct kolam_verb_option *options, size_t count,
                       struct option table[KOLAM_VERB_OPTIONS_MAX + 1],
                       char letters[2 * KOLAM_VERB_OPTIONS_MAX + 2]) {
    char *letter = letters;
    *letter++ = ':';
    for (size_t i = 0; i < count; i++) {
        const bool has_value = options[i].kind != KOLAM_OPTION_FLAG;
        table[i] = (struct option){.name = options[i].name,
                                   .has_arg = has_value ? required_argument : no_argument,
                                   .val = FIRST + (int)i};
        if (options[i].letter) {
            *letter++ = options[i].letter;
        }
        if (options[i].letter && has_value) {
            *letter++ = ':';
        }
    }
    table[count] = (struct option){0};
    *letter = '\0';
}

/* NULL for what is no option. */
static const struct kolam_verb_option *find(const struct kolam_verb_option *options, size_t count,
                                            int found) {
    if (found >= FIRST) {
        return &options[found - FIRST];
    }
    for (size_t i = 0; i < count && found != '?'; i++) {
        if (options[i].letter == found) {
            return &options[i];
        }
    }
    return NULL;
}

static bool take(const struct kolam_verb_option *option, void *arguments) {
    void *member = (char *)arguments + option->offset;
    switch (option->kind) {
    case KOLAM_OPTION_TEXT:
        *(const char **)member = optarg;
        return true;
    case KOLAM_OPTION_FLAG:
        *(bool *)member = true;
        return true;
    case KOLAM_OPTION_TAKEN:
        return option->take(arguments, option, optarg);
    }
    return false;
}

bool kolam_verb_parse(int argc, char **argv, const struct kolam_verb_option *options, size_t count,
                      void *arguments) {
    struct option table[KOLAM_VERB_OPTIONS_MAX + 1];
    char letters[2 * KOLAM_VERB_OPTIONS_MAX + 2];
    assert(count <= KOLAM_VERB_OPTIONS_MAX);
    make_table(options, count, table, letters);
    for (int found; (found = kolam_tool_option(argc, argv, letters, table)) != -1;) {
        const struct kolam_verb_option *option = find(options, count, found);
        if (!option || !take(option, arguments)) {
            return false;
        }
    }
    return true;
}
