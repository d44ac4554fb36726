/* Folding; see fold.h. GLib (which is here with Pango) knows Unicode: the text is decomposed, its case folded, and the marks of
 * the blocks of combining diacritics left out. Vowel signs of Indic scripts, Hebrew points and Arabic harakat are marks of other blocks;
 * of those the last two, which most people do not type, go as well. */
#include "kolam/fold.h"

#include <glib.h>
#include <string.h>

#include "kolam/alloc.h"

/* Letters with a stroke through them, and those written together, do not decompose. */
static const struct {
    gunichar letter;
    const char *plain;
} plain_letters[] = {
    {0x00e6, "ae"}, {0x00f0, "d"}, {0x00f8, "o"},  {0x00fe, "th"}, {0x0111, "d"}, {0x0127, "h"},
    {0x0131, "i"},  {0x0142, "l"}, {0x0153, "oe"}, {0x0167, "t"},  {0x2019, "'"},
};

static bool is_left_out(gunichar c) {
    return (c >= 0x0300 && c <= 0x036f) || (c >= 0x0591 && c <= 0x05c7) ||
           (c >= 0x064b && c <= 0x065f) || c == 0x0640 || c == 0x0670 ||
           (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x1dc0 && c <= 0x1dff) ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x20d0 && c <= 0x20ff) ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xfe20 && c <= 0xfe2f);
}

static const char *plain_of(gunichar c) {
    for (size_t i = 0; i < sizeof plain_letters / sizeof plain_letters[0]; i++) {
        if (plain_letters[i].letter == c) {
            return plain_letters[i].plain;
        }
    }
    return NULL;
}

/* Appends without what is left out; `out` has room for as much as came (what stands for a letter is no longer). */
static size_t strip(const char *text, char *out) {
    size_t size = 0;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        const gunichar c = g_utf8_get_char(at);
        const char *plain = c >= 0x80 ? plain_of(c) : NULL;
        if (is_left_out(c)) {
            continue;
        }
        if (g_unichar_isspace(c)) {
            if (size > 0 && out[size - 1] != ' ') {
                out[size++] = ' ';
            }
        } else if (plain) {
            memcpy(out + size, plain, strlen(plain));
            size += strlen(plain);
        } else {
            const size_t bytes = (size_t)(g_utf8_next_char(at) - at);
            memcpy(out + size, at, bytes);
            size += bytes;
        }
    }
    while (size > 0 && out[size - 1] == ' ') {
        size--;
    }
    out[size] = '\0';
    return size;
}

static bool is_ascii(const char *text) {
    while (*text && (unsigned char)*text < 0x80) {
        text++;
    }
    return *text == '\0';
}

static char *fold_ascii(const char *text) {
    char *folded = kolam_alloc(strlen(text) + 1);
    if (folded) {
        (void)strip(text, folded);
        for (char *at = folded; *at; at++) {
            *at = g_ascii_tolower(*at);
        }
    }
    return folded;
}

char *kolam_fold(const char *text) {
    if (is_ascii(text)) {
        return fold_ascii(text);
    }
    if (!g_utf8_validate(text, -1, NULL)) {
        return NULL;
    }
    char *decomposed = g_utf8_normalize(text, -1, G_NORMALIZE_ALL);
    char *lower = decomposed ? g_utf8_casefold(decomposed, -1) : NULL;
    char *again = lower ? g_utf8_normalize(lower, -1, G_NORMALIZE_ALL) : NULL;
    char *folded = again ? kolam_alloc(strlen(again) + 1) : NULL;
    if (folded) {
        (void)strip(again, folded);
    }
    g_free(decomposed);
    g_free(lower);
    g_free(again);
    return folded;
}

/* Within ASCII: between other scripts' words there are blanks as well. */
static bool is_word_begin(const char *text, const char *at) {
    return at == text || (!g_ascii_isalnum(at[-1]) && (unsigned char)at[-1] < 0x80);
}

enum kolam_match kolam_fold_match(const char *folded, const char *question) {
    enum kolam_match best = KOLAM_MATCH_NONE;
    for (const char *at = strstr(folded, question); at; at = strstr(at + 1, question)) {
        if (at == folded) {
            return KOLAM_MATCH_BEGIN;
        }
        if (is_word_begin(folded, at)) {
            return KOLAM_MATCH_WORD;
        }
        best = KOLAM_MATCH_WITHIN;
    }
    return best;
}
