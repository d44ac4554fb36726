/* Folding: what people type finds what others wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/alloc.h"
#include "kolam/fold.h"

static void expect(const char *text, const char *expected) {
    char *folded = kolam_fold(text);
    assert_non_null(folded);
    assert_string_equal(folded, expected);
    kolam_free(folded);
}

static void case_accents_and_width_do_not_matter(void **state) {
    (void)state;
    expect("Quiet Heron", "quiet heron");
    expect("  The \t Bridge\n", "the bridge");
    expect("Übergang", "ubergang");
    expect("U\xcc\x88"
           "bergang",
           "ubergang");
    expect("Straße", "strasse");
    expect("ÉCOLE façade", "ecole facade");
    expect("Łódź", "lodz");
    expect("Æther Øre", "aether ore");
    expect("ＫＯＬＡＭ１", "kolam1");
    expect("ΣΊΣΥΦΟΣ", "σισυφοσ");
    expect("ΰ", "υ");
    expect("İstanbul Iğdır", "istanbul igdir");
    expect("Thành phố", "thanh pho");
    expect("ﬁn", "fin");
    expect("", "");
    expect("\xcc\x81", "");
}

static void scripts_keep_the_marks_by_which_they_write_vowels(void **state) {
    (void)state;
    expect("கோலம்", "க\xe0\xaf\x87\xe0\xae\xbeலம்"); /* decomposed, and whole */
    expect("रंगोली", "रंगोली");
    expect("مَرحَبا", "مرحبا");
    expect("שָׁלוֹם", "שלום");
    expect("地図", "地図");
    char *one = kolam_fold("கோலம்"), *other = kolam_fold("கலம்");
    assert_string_not_equal(one, other);
    kolam_free(one);
    kolam_free(other);
}

static void what_is_no_text_is_nothing(void **state) {
    (void)state;
    assert_null(kolam_fold("\xff"));
    assert_null(kolam_fold("abc\xc3"));
    assert_null(kolam_fold("\xed\xa0\x80"));
}

static void the_longest_forms_fit(void **state) {
    (void)state;
    char text[400] = "", *folded;
    for (int i = 0; i < 80; i++) {
        strcat(text, "\xef\xb7\xba"); /* one character that is eighteen */
    }
    folded = kolam_fold(text);
    assert_non_null(folded);
    assert_true(strlen(folded) > 1000 && strlen(folded) < 4000);
    kolam_free(folded);
}

static void the_beginning_is_better_than_a_word_and_that_than_the_inside(void **state) {
    (void)state;
    assert_int_equal(kolam_fold_match("the bridge", "the"), KOLAM_MATCH_BEGIN);
    assert_int_equal(kolam_fold_match("the bridge", "bri"), KOLAM_MATCH_WORD);
    assert_int_equal(kolam_fold_match("the bridge", "idge"), KOLAM_MATCH_WITHIN);
    assert_int_equal(kolam_fold_match("the bridge", "bridges"), KOLAM_MATCH_NONE);
    assert_int_equal(kolam_fold_match("ababab-ab", "b-"), KOLAM_MATCH_WITHIN);
    assert_int_equal(kolam_fold_match("xab (ab)", "ab"), KOLAM_MATCH_WORD);
    assert_int_equal(kolam_fold_match("aaaa", "aaaaa"), KOLAM_MATCH_NONE);
    assert_int_equal(kolam_fold_match("", "a"), KOLAM_MATCH_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_accents_and_width_do_not_matter),
        cmocka_unit_test(scripts_keep_the_marks_by_which_they_write_vowels),
        cmocka_unit_test(what_is_no_text_is_nothing),
        cmocka_unit_test(the_longest_forms_fit),
        cmocka_unit_test(the_beginning_is_better_than_a_word_and_that_than_the_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
