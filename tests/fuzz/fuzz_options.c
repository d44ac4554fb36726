/* Words of a command line, and what they are parsed into: serve's options and the texts that verbs take. A word a line. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "server/options.h"
#include "text.h"
#include "tools/http.h"
#include "tools/tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define WORDS_MAX 40

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

/* getopt keeps a place inside the last word; a process parses its words once. */
static void forget_words(void) {
    char name[] = "serve", *const none[] = {name, NULL};
    optind = 0;
    (void)getopt(1, none, "");
}

static void parse_words(char *text) {
    char *words[WORDS_MAX + 2] = {"serve"};
    int count = 1;
    struct kolam_options options;
    for (char *at = text; at && count <= WORDS_MAX; count++) {
        words[count] = at;
        at = strchr(at, '\n');
        if (at) {
            *at++ = '\0';
        }
    }
    forget_words();
    if (kolam_options_parse(count, words, &options) == KOLAM_OPTIONS_RUN) {
        require(options.listen && options.data);
        require(options.threads >= 2 && options.threads <= 256);
        require(options.allow_host_count <= KOLAM_OPTION_LIST_MAX);
        require(options.allow_origin_count <= KOLAM_OPTION_LIST_MAX);
        require((options.tls_cert == NULL) == (options.tls_key == NULL));
    }
    kolam_options_finish(&options);
}

static void parse_word(const char *word) {
    struct kolam_url url;
    uint64_t number;
    double real;
    char thousands[32];
    (void)!kolam_url_parse(word, &url, NULL);
    if (kolam_tool_parse_u64(word, &number)) {
        require(kolam_tool_thousands(number, thousands)[0] != '\0');
    }
    require(!kolam_tool_parse_positive(word, &real) || real > 0);
    require(!kolam_tool_token_is_valid(word) || strlen(word) == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    char *text = text_of(bytes, size_bytes);
    parse_word(text);
    parse_words(text);
    free(text);
    return 0;
}
