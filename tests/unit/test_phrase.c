/* Codes and phrases as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "kolam/identity.h"
#include "kolam/phrase.h"
#include "tiles/phrase_words.h"

static void the_list_is_that_of_bip_39(void **state) {
    (void)state;
    static char text[16384];
    size_t size = 0;
    for (int i = 0; i < KOLAM_PHRASE_LIST; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s\n", kolam_phrase_words[i]);
        if (i > 0) {
            assert_true(strncmp(kolam_phrase_words[i - 1], kolam_phrase_words[i], 4) < 0);
        }
    }
    uint8_t hash[32];
    char hex[65];
    kolam_sha256(text, size, hash);
    for (int i = 0; i < 32; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    }
    assert_string_equal(hex, "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
}

/* Vectors of BIP-39 itself. */
static void a_phrase_is_as_others_write_it(void **state) {
    (void)state;
    static const struct {
        uint8_t byte;
        const char *text;
    } vectors[] = {
        {0x00, "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
               "abandon about"},
        {0x7f, "legal winner thank year wave sausage worth useful legal winner thank yellow"},
        {0x80, "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"},
        {0xff, "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t entropy[KOLAM_PHRASE_BYTES], back[KOLAM_PHRASE_BYTES];
        char text[KOLAM_PHRASE_TEXT_MAX];
        uint32_t word = 0;
        memset(entropy, vectors[i].byte, sizeof(entropy));
        kolam_phrase_write(entropy, text);
        assert_string_equal(text, vectors[i].text);
        assert_int_equal(kolam_phrase_read(text, back, &word), KOLAM_PHRASE_FINE);
        assert_memory_equal(back, entropy, sizeof(entropy));
    }
}

static void every_phrase_reads_as_it_was_written(void **state) {
    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint8_t entropy[KOLAM_PHRASE_BYTES], back[KOLAM_PHRASE_BYTES];
        char text[KOLAM_PHRASE_TEXT_MAX];
        uint32_t word = 0;
        kolam_random_bytes(entropy, sizeof(entropy));
        kolam_phrase_write(entropy, text);
        assert_int_equal(kolam_phrase_read(text, back, &word), KOLAM_PHRASE_FINE);
        assert_memory_equal(back, entropy, sizeof(entropy));
    }
}

static void a_phrase_may_be_typed_carelessly(void **state) {
    (void)state;
    uint8_t entropy[KOLAM_PHRASE_BYTES];
    uint32_t word = 0;
    assert_int_equal(kolam_phrase_read("  LEGAL, Winner\n3. thank\tyear;wave-sausage worth useful "
                                       "legal winner thank yellow.\n",
                                       entropy, &word),
                     KOLAM_PHRASE_FINE);
    assert_int_equal(entropy[15], 0x7f);
}

static void tells_what_is_wrong_with_a_phrase(void **state) {
    (void)state;
    uint8_t entropy[KOLAM_PHRASE_BYTES];
    uint32_t word = 0;
    static const struct {
        const char *text;
        enum kolam_phrase_fault fault;
        uint32_t word;
    } rows[] = {
        {"", KOLAM_PHRASE_COUNT, 0},
        {"zoo", KOLAM_PHRASE_COUNT, 0},
        {"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong", KOLAM_PHRASE_COUNT, 0},
        {"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong", KOLAM_PHRASE_COUNT, 0},
        {"zoo zoo zooo zoo zoo zoo zoo zoo zoo zoo zoo wrong", KOLAM_PHRASE_WORD, 3},
        {"zoo abandonabandon zooo zoo zoo zoo zoo zoo zoo zoo zoo wrong", KOLAM_PHRASE_WORD, 2},
        {"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo", KOLAM_PHRASE_SUM, 0},
        {"abandon legal winner thank year wave sausage worth useful legal winner thank",
         KOLAM_PHRASE_SUM, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        word = 0;
        assert_int_equal(kolam_phrase_read(rows[i].text, entropy, &word), rows[i].fault);
        assert_int_equal(word, rows[i].word);
    }
}

static void a_code_has_nothing_that_looks_alike(void **state) {
    (void)state;
    uint32_t seen[256] = {0};
    for (int i = 0; i < 5000; i++) {
        char text[KOLAM_CODE_TEXT_MAX], code[KOLAM_CODE_CHARACTERS + 1];
        kolam_code_make(text);
        assert_int_equal(strlen(text), 11);
        assert_true(text[3] == '-' && text[7] == '-');
        assert_null(strpbrk(text, "01OILU"));
        assert_true(kolam_code_read(text, code));
        for (int at = 0; at < KOLAM_CODE_CHARACTERS; at++) {
            seen[(uint8_t)code[at]]++;
        }
    }
    uint32_t characters = 0;
    for (int c = 0; c < 256; c++) {
        characters += seen[c] > 0;
        assert_true(seen[c] == 0 || (seen[c] > 1200 && seen[c] < 1800)); /* 1,500 each; 7 sigma */
    }
    assert_int_equal(characters, 30);
}

static void a_code_may_be_typed_carelessly(void **state) {
    (void)state;
    char code[KOLAM_CODE_CHARACTERS + 1];
    static const char *const good[] = {"ABC-DEF-GH2", "abcdefgh2", " a b c d e f g h 2 ",
                                       "abc--def--gh2-"};
    static const char *const bad[] = {
        "",           "ABC-DEF-GH", "ABC-DEF-GH22", "ABC-DEF-GH0", "ABC_DEF_GH2", "ABC-DEF-GHÄ",
        "ABC.DEF.GH2"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(kolam_code_read(good[i], code));
        assert_string_equal(code, "ABCDEFGH2");
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(kolam_code_read(bad[i], code));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_that_of_bip_39),
        cmocka_unit_test(a_phrase_is_as_others_write_it),
        cmocka_unit_test(every_phrase_reads_as_it_was_written),
        cmocka_unit_test(a_phrase_may_be_typed_carelessly),
        cmocka_unit_test(tells_what_is_wrong_with_a_phrase),
        cmocka_unit_test(a_code_has_nothing_that_looks_alike),
        cmocka_unit_test(a_code_may_be_typed_carelessly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
