/* Text becomes contours: every script in one piece, whatever font was asked for, at any size; nothing is cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/alloc.h"
#include "kolam/text.h"

static struct kolam_outline outline_of(const char *text, enum kolam_font font, double size_px) {
    struct kolam_outline outline = {0};
    assert_int_equal(kolam_text_outline(text, strlen(text), font, size_px, &outline), KOLAM_OK);
    uint32_t total = 0;
    for (uint32_t i = 0; i < outline.contour_count; i++) {
        assert_true(outline.contour_sizes[i] >= 3);
        total += outline.contour_sizes[i];
    }
    assert_int_equal(total, outline.point_count);
    return outline;
}

static uint32_t contours_of(const char *text, enum kolam_font font) {
    struct kolam_outline outline = outline_of(text, font, 40);
    uint32_t count = outline.contour_count;
    kolam_outline_finish(&outline);
    return count;
}

static int32_t right_of(const struct kolam_outline *outline) {
    int32_t right = INT32_MIN;
    for (uint32_t i = 0; i < outline->point_count; i++) {
        right = outline->points[i].x > right ? outline->points[i].x : right;
    }
    return right;
}

static void letters_have_their_contours(void **state) {
    (void)state;
    assert_int_equal(contours_of("l", KOLAM_FONT_SANS), 1);
    assert_int_equal(contours_of("o", KOLAM_FONT_SERIF), 2);
    assert_int_equal(contours_of("B", KOLAM_FONT_MONO), 3);
    assert_int_equal(contours_of(" ", KOLAM_FONT_HAND), 0);
    assert_int_equal(contours_of("", KOLAM_FONT_SANS), 0);
}

/* A hundred ems: cairo drops glyphs that lie far outside of a surface. */
static void a_long_line_is_written_to_its_end(void **state) {
    (void)state;
    char text[201];
    memset(text, 'n', 200);
    text[200] = '\0';
    struct kolam_outline outline = outline_of(text, KOLAM_FONT_SANS, 30);
    assert_int_equal(outline.contour_count, 200);
    assert_in_range(right_of(&outline), outline.width - 40, outline.width);
    kolam_outline_finish(&outline);
}

/* Had a letter come from another font, its vowel sign would stand alone on a dotted circle: many contours. */
static void scripts_are_shaped_in_one_piece(void **state) {
    (void)state;
    for (int font = 0; font < KOLAM_FONT_COUNT; font++) {
        assert_in_range(contours_of("வா", (enum kolam_font)font), 1, 5);
        assert_in_range(contours_of("கோ", (enum kolam_font)font), 2, 8);
        assert_in_range(contours_of("हि", (enum kolam_font)font), 1, 5);
        assert_in_range(contours_of("معا", (enum kolam_font)font), 1, 5); /* joined */
        assert_int_equal(contours_of("一", (enum kolam_font)font), 1);
        assert_in_range(contours_of("中文", (enum kolam_font)font), 3, 9);
    }
}

static void lines_stand_below_each_other(void **state) {
    (void)state;
    struct kolam_outline one = outline_of("no", KOLAM_FONT_SANS, 40);
    struct kolam_outline two = outline_of("no\nno", KOLAM_FONT_SANS, 40);
    assert_int_equal(two.contour_count, 2 * one.contour_count);
    assert_in_range(two.height, 2 * one.height - 2, 2 * one.height + 2);
    assert_int_equal(two.width, one.width);
    assert_int_equal(two.baseline, one.baseline);
    kolam_outline_finish(&one);
    kolam_outline_finish(&two);
}

static void size_scales_and_changes_nothing_else(void **state) {
    (void)state;
    struct kolam_outline small = outline_of("Kolam", KOLAM_FONT_SERIF, 100);
    struct kolam_outline large = outline_of("Kolam", KOLAM_FONT_SERIF, 800);
    assert_in_range(large.width, small.width * 8 - 8, small.width * 8 + 8);
    assert_int_equal(large.contour_count, small.contour_count);
    assert_true(large.point_count > small.point_count); /* rounder */
    assert_in_range(right_of(&large), right_of(&small) * 8 - 8, right_of(&small) * 8 + 8);
    kolam_outline_finish(&small);
    kolam_outline_finish(&large);
}

static void the_smallest_text_is_sound(void **state) {
    (void)state;
    struct kolam_outline outline = outline_of("tiny words, வா", KOLAM_FONT_HAND, 1);
    kolam_outline_finish(&outline);
}

static void wrong_questions_are_refused(void **state) {
    (void)state;
    static char text[KOLAM_TEXT_BYTES_MAX + 1];
    struct kolam_outline outline;
    enum kolam_font font;
    assert_int_equal(kolam_text_outline("a\xff", 2, KOLAM_FONT_SANS, 10, &outline),
                     KOLAM_ERR_INVALID);
    assert_int_equal(kolam_text_outline("a", 1, KOLAM_FONT_SANS, 0.5, &outline), KOLAM_ERR_INVALID);
    assert_int_equal(kolam_text_outline("a", 1, KOLAM_FONT_SANS, 2049, &outline),
                     KOLAM_ERR_INVALID);
    assert_int_equal(kolam_text_outline("a", 1, KOLAM_FONT_COUNT, 10, &outline), KOLAM_ERR_INVALID);
    memset(text, '%', sizeof text);
    assert_int_equal(kolam_text_outline(text, sizeof text, KOLAM_FONT_SANS, 10, &outline),
                     KOLAM_ERR_INVALID);
    assert_int_equal(kolam_text_outline(text, KOLAM_TEXT_BYTES_MAX, KOLAM_FONT_SANS, 40, &outline),
                     KOLAM_ERR_FULL);
    assert_true(kolam_font_parse("hand", &font));
    assert_int_equal(font, KOLAM_FONT_HAND);
    assert_false(kolam_font_parse("papyrus", &font));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_have_their_contours),
        cmocka_unit_test(a_long_line_is_written_to_its_end),
        cmocka_unit_test(scripts_are_shaped_in_one_piece),
        cmocka_unit_test(lines_stand_below_each_other),
        cmocka_unit_test(size_scales_and_changes_nothing_else),
        cmocka_unit_test(the_smallest_text_is_sound),
        cmocka_unit_test(wrong_questions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
