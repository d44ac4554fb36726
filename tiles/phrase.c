/* Codes and phrases, to and from text; see phrase.h. */
#include "kolam/phrase.h"

#include <string.h>

#include "kolam/identity.h"
#include "phrase_words.h"

#define WORD_BITS 11
#define WORD_MAX 8

static const char alphabet[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
#define ALPHABET_SIZE 30u

void kolam_code_make(char out_text[KOLAM_CODE_TEXT_MAX]) {
    char *at = out_text;
    for (int i = 0; i < KOLAM_CODE_CHARACTERS; i++) {
        uint8_t random;
        do {
            kolam_random_bytes(&random, 1);
        } while (random >=
                 256 / ALPHABET_SIZE * ALPHABET_SIZE); /* or the first would come oftener */
        if (i > 0 && i % 3 == 0) {
            *at++ = '-';
        }
        *at++ = alphabet[random % ALPHABET_SIZE];
    }
    *at = '\0';
}

bool kolam_code_read(const char *text, char out_code[KOLAM_CODE_CHARACTERS + 1]) {
    char code[KOLAM_CODE_CHARACTERS + 1] = "";
    size_t count = 0;
    for (; *text; text++) {
        const char c = (char)(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text);
        if (c == '-' || c == ' ') {
            continue;
        }
        if (count == KOLAM_CODE_CHARACTERS || !strchr(alphabet, c)) {
            return false;
        }
        code[count++] = c;
    }
    memcpy(out_code, code, sizeof(code));
    return count == KOLAM_CODE_CHARACTERS;
}

/* ---- phrases ---- */

/* The bits are the entropy's and then the first four of its hash, the highest first. */
static void add_sum(const uint8_t entropy[KOLAM_PHRASE_BYTES],
                    uint8_t out_bits[KOLAM_PHRASE_BYTES + 1]) {
    uint8_t hash[32];
    kolam_sha256(entropy, KOLAM_PHRASE_BYTES, hash);
    memcpy(out_bits, entropy, KOLAM_PHRASE_BYTES);
    out_bits[KOLAM_PHRASE_BYTES] = hash[0] & 0xf0;
}

void kolam_phrase_write(const uint8_t entropy[KOLAM_PHRASE_BYTES],
                        char out_text[KOLAM_PHRASE_TEXT_MAX]) {
    uint8_t bits[KOLAM_PHRASE_BYTES + 1];
    char *at = out_text;
    add_sum(entropy, bits);
    for (uint32_t word = 0; word < KOLAM_PHRASE_WORDS; word++) {
        uint32_t index = 0;
        for (uint32_t bit = word * WORD_BITS; bit < (word + 1) * WORD_BITS; bit++) {
            index = index << 1 | (bits[bit / 8] >> (7 - bit % 8) & 1u);
        }
        const size_t size = strlen(kolam_phrase_words[index]);
        memcpy(at, kolam_phrase_words[index], size);
        at[size] = ' ';
        at += size + 1;
    }
    at[-1] = '\0';
}

static char lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* The word's place in the list, or -1. */
static int find_word(const char *word) {
    int low = 0, high = KOLAM_PHRASE_LIST - 1;
    while (low <= high) {
        const int middle = (low + high) / 2;
        const int order = strcmp(word, kolam_phrase_words[middle]);
        if (order == 0) {
            return middle;
        }
        low = order > 0 ? middle + 1 : low;
        high = order < 0 ? middle - 1 : high;
    }
    return -1;
}

/* Takes the next word of the text; NULL at its end. One that is too long becomes one that no list has. */
static const char *next_word(const char *text, char out_word[WORD_MAX + 2]) {
    size_t size = 0;
    while (*text && !is_letter(*text)) {
        text++;
    }
    for (; is_letter(*text); text++) {
        if (size <= WORD_MAX) {
            out_word[size++] = lower(*text);
        }
    }
    out_word[size] = '\0';
    return size > 0 ? text : NULL;
}

enum kolam_phrase_fault kolam_phrase_read(const char *text, uint8_t out_entropy[KOLAM_PHRASE_BYTES],
                                          uint32_t *out_word) {
    uint8_t bits[KOLAM_PHRASE_BYTES + 1] = {0}, wanted[KOLAM_PHRASE_BYTES + 1];
    char word[WORD_MAX + 2];
    uint32_t count = 0, unknown = 0;
    for (const char *at = text; (at = next_word(at, word)); count++) {
        const int index = find_word(word);
        if (count >= KOLAM_PHRASE_WORDS) {
            return KOLAM_PHRASE_COUNT;
        }
        unknown = index < 0 && unknown == 0 ? count + 1 : unknown;
        for (uint32_t i = 0; i < WORD_BITS && index >= 0; i++) {
            const uint32_t bit = count * WORD_BITS + i;
            const uint32_t value = (uint32_t)index >> (WORD_BITS - 1 - i) & 1u;
            bits[bit / 8] = (uint8_t)(bits[bit / 8] | value << (7 - bit % 8));
        }
    }
    if (count != KOLAM_PHRASE_WORDS) {
        return KOLAM_PHRASE_COUNT;
    }
    if (unknown > 0) {
        *out_word = unknown;
        return KOLAM_PHRASE_WORD;
    }
    add_sum(bits, wanted);
    if (memcmp(bits, wanted, sizeof(bits)) != 0) {
        return KOLAM_PHRASE_SUM;
    }
    memcpy(out_entropy, bits, KOLAM_PHRASE_BYTES);
    return KOLAM_PHRASE_FINE;
}
