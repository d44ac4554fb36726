/* Rights, as a table: a row an action, a column a role (watcher, newcomer, artist, mentor, moderator, owner).
 * y: yes; n: yes, with a newcomer's ink; what else stands there is why not: r role, i invite, o read-only, a area, f frozen,
 * q quiet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/rights.h"

static char letter_of(struct kolam_right right) {
    static const char letters[KOLAM_WHYS] = {
        [KOLAM_WHY_NOT_DENIED] = '?', [KOLAM_WHY_ROLE] = 'r', [KOLAM_WHY_INVITE] = 'i',
        [KOLAM_WHY_READ_ONLY] = 'o',  [KOLAM_WHY_AREA] = 'a', [KOLAM_WHY_FROZEN] = 'f',
        [KOLAM_WHY_QUIET] = 'q'};
    return right.may ? (right.is_limited ? 'n' : 'y') : letters[right.why];
}

struct table {
    const char *title;
    struct kolam_where where;
    const char *rows[KOLAM_ACTIONS];
};

static const struct table tables[] = {
    {"an open canvas",
     {.mode = KOLAM_MODE_OPEN},
     {[KOLAM_ACTION_LOOK] = "yyyyyy",          [KOLAM_ACTION_SEE_NAMES] = "yyyyyy",
      [KOLAM_ACTION_FOLLOW] = "yyyyyy",        [KOLAM_ACTION_POINT] = "ryyyyy",
      [KOLAM_ACTION_DRAW] = "ryyyyy",          [KOLAM_ACTION_CHANGE_OWN] = "ryyyyy",
      [KOLAM_ACTION_CHANGE_OTHERS] = "rrrryy", [KOLAM_ACTION_NAME_PLACE] = "ryyyyy",
      [KOLAM_ACTION_REMOVE_PLACE] = "rrryyy",  [KOLAM_ACTION_RENAME] = "ryyyyy",
      [KOLAM_ACTION_REPORT] = "yyyyyy",        [KOLAM_ACTION_INVITE] = "rrryyy",
      [KOLAM_ACTION_SLOW] = "rrryyy",          [KOLAM_ACTION_BAN] = "rrrryy",
      [KOLAM_ACTION_FREEZE] = "rrrryy",        [KOLAM_ACTION_SEE_AUDIT] = "rrrryy",
      [KOLAM_ACTION_WRITE_RECORD] = "rrrrry",  [KOLAM_ACTION_DRAW_AS] = "rrrrry",
      [KOLAM_ACTION_VOTE] = "rryyyy",          [KOLAM_ACTION_UNVOTE] = "ryyyyy",
      [KOLAM_ACTION_CONFIGURE] = "rrrrry"}},
    {"newcomers' ink",
     {.mode = KOLAM_MODE_NEWCOMERS},
     {[KOLAM_ACTION_LOOK] = "yyyyyy",
      [KOLAM_ACTION_POINT] = "ryyyyy",
      [KOLAM_ACTION_DRAW] = "rnyyyy",
      [KOLAM_ACTION_CHANGE_OWN] = "ryyyyy",
      [KOLAM_ACTION_CHANGE_OTHERS] = "rrrryy",
      [KOLAM_ACTION_NAME_PLACE] = "rryyyy",
      [KOLAM_ACTION_REMOVE_PLACE] = "rrryyy",
      [KOLAM_ACTION_CONFIGURE] = "rrrrry"}},
    {"for the invited, who is not",
     {.mode = KOLAM_MODE_INVITED},
     {[KOLAM_ACTION_LOOK] = "yyyyyy",
      [KOLAM_ACTION_FOLLOW] = "yyyyyy",
      [KOLAM_ACTION_POINT] = "riyyyy",
      [KOLAM_ACTION_DRAW] = "riyyyy",
      [KOLAM_ACTION_CHANGE_OWN] = "ryyyyy",
      [KOLAM_ACTION_NAME_PLACE] = "riyyyy",
      [KOLAM_ACTION_REPORT] = "yyyyyy"}},
    {"for the invited, who is",
     {.mode = KOLAM_MODE_INVITED, .is_invited = true},
     {[KOLAM_ACTION_POINT] = "ryyyyy",
      [KOLAM_ACTION_DRAW] = "ryyyyy",
      [KOLAM_ACTION_NAME_PLACE] = "ryyyyy",
      [KOLAM_ACTION_CHANGE_OTHERS] = "rrrryy",
      [KOLAM_ACTION_INVITE] = "rrryyy"}},
    {"read-only",
     {.mode = KOLAM_MODE_READ_ONLY},
     {[KOLAM_ACTION_LOOK] = "yyyyyy",
      [KOLAM_ACTION_FOLLOW] = "yyyyyy",
      [KOLAM_ACTION_POINT] = "ryyyyy",
      [KOLAM_ACTION_DRAW] = "rooooo",
      [KOLAM_ACTION_CHANGE_OWN] = "rooooo",
      [KOLAM_ACTION_CHANGE_OTHERS] = "rrrryy",
      [KOLAM_ACTION_NAME_PLACE] = "roooyy",
      [KOLAM_ACTION_REMOVE_PLACE] = "rrroyy",
      [KOLAM_ACTION_RENAME] = "ryyyyy",
      [KOLAM_ACTION_REPORT] = "yyyyyy",
      [KOLAM_ACTION_VOTE] = "rroooo",
      [KOLAM_ACTION_UNVOTE] = "ryyyyy",
      [KOLAM_ACTION_CONFIGURE] = "rrrrry"}},
    {"a protected area",
     {.area = KOLAM_AREA_PROTECTED},
     {[KOLAM_ACTION_LOOK] = "yyyyyy",
      [KOLAM_ACTION_SEE_NAMES] = "yyyyyy",
      [KOLAM_ACTION_POINT] = "ryyyyy",
      [KOLAM_ACTION_DRAW] = "raayyy",
      [KOLAM_ACTION_CHANGE_OWN] = "ryyyyy",
      [KOLAM_ACTION_CHANGE_OTHERS] = "rrrryy",
      [KOLAM_ACTION_NAME_PLACE] = "raayyy"}},
    {"a protected area, its member",
     {.area = KOLAM_AREA_PROTECTED, .is_member = true},
     {[KOLAM_ACTION_DRAW] = "ryyyyy", [KOLAM_ACTION_NAME_PLACE] = "ryyyyy"}},
    {"an owned area",
     {.area = KOLAM_AREA_OWNED},
     {[KOLAM_ACTION_DRAW] = "raaaay",
      [KOLAM_ACTION_CHANGE_OWN] = "ryyyyy",
      [KOLAM_ACTION_CHANGE_OTHERS] = "rrrryy",
      [KOLAM_ACTION_NAME_PLACE] = "raaaay"}},
    {"an owned area, its member, with newcomers' ink",
     {.mode = KOLAM_MODE_NEWCOMERS, .area = KOLAM_AREA_OWNED, .is_member = true},
     {[KOLAM_ACTION_DRAW] = "rnyyyy", [KOLAM_ACTION_NAME_PLACE] = "rryyyy"}},
    {"an owned area, its member, on a read-only canvas",
     {.mode = KOLAM_MODE_READ_ONLY, .area = KOLAM_AREA_OWNED, .is_member = true},
     {[KOLAM_ACTION_DRAW] = "rooooo"}},
    {"a quiet area",
     {.area = KOLAM_AREA_QUIET, .is_member = true},
     {[KOLAM_ACTION_LOOK] = "yyyyyy",
      [KOLAM_ACTION_SEE_NAMES] = "qqqqyy",
      [KOLAM_ACTION_DRAW] = "ryyyyy"}},
    {"a frozen area",
     {.area = KOLAM_AREA_FROZEN, .is_member = true},
     {[KOLAM_ACTION_LOOK] = "yyyyyy",
      [KOLAM_ACTION_POINT] = "ryyyyy",
      [KOLAM_ACTION_DRAW] = "rfffff",
      [KOLAM_ACTION_CHANGE_OWN] = "rfffff",
      [KOLAM_ACTION_VOTE] = "rrffff",
      [KOLAM_ACTION_UNVOTE] = "ryyyyy",
      [KOLAM_ACTION_CHANGE_OTHERS] = "rrrryy",
      [KOLAM_ACTION_NAME_PLACE] = "rfffyy",
      [KOLAM_ACTION_FREEZE] = "rrrryy"}},
};

static void each_role_may_what_the_table_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (int action = 0; action < KOLAM_ACTIONS; action++) {
            char row[KOLAM_ROLES + 1] = "";
            for (int role = 0; role < KOLAM_ROLES; role++) {
                row[role] = letter_of(kolam_rights_ask(
                    (enum kolam_role)role, (enum kolam_action)action, &tables[i].where));
            }
            if (tables[i].rows[action] && strcmp(row, tables[i].rows[action]) != 0) {
                fail_msg("%s, action %d: %s, not %s", tables[i].title, action, row,
                         tables[i].rows[action]);
            }
        }
    }
}

/* Whatever the place: who may something, may it in every higher role; and being asked in costs nobody anything. */
static void more_trust_never_takes_a_right_away(void **state) {
    (void)state;
    for (int mode = 0; mode < KOLAM_MODES; mode++) {
        for (int area = 0; area < KOLAM_AREAS; area++) {
            for (int action = 0; action < KOLAM_ACTIONS; action++) {
                for (int role = 0; role < KOLAM_ROLES; role++) {
                    struct kolam_where where = {(enum kolam_canvas_mode)mode,
                                                (enum kolam_area_kind)area, false, false};
                    const struct kolam_right right =
                        kolam_rights_ask((enum kolam_role)role, (enum kolam_action)action, &where);
                    assert_int_equal(right.may, right.why == KOLAM_WHY_NOT_DENIED);
                    if (!right.may) {
                        assert_true(strlen(kolam_why_text(right.why)) > 10);
                        continue;
                    }
                    where.is_invited = where.is_member = true;
                    assert_true(
                        kolam_rights_ask((enum kolam_role)role, (enum kolam_action)action, &where)
                            .may);
                    where.is_invited = where.is_member = false;
                    if (role + 1 < KOLAM_ROLES) {
                        assert_true(kolam_rights_ask((enum kolam_role)(role + 1),
                                                     (enum kolam_action)action, &where)
                                        .may);
                    }
                }
            }
        }
    }
}

static void what_is_unknown_is_denied(void **state) {
    (void)state;
    const struct kolam_where fine = {.mode = KOLAM_MODE_OPEN};
    struct kolam_where wrong = fine;
    assert_false(kolam_rights_ask(KOLAM_ROLES, KOLAM_ACTION_LOOK, &fine).may);
    assert_false(kolam_rights_ask((enum kolam_role) - 1, KOLAM_ACTION_LOOK, &fine).may);
    assert_false(kolam_rights_ask(KOLAM_ROLE_OWNER, KOLAM_ACTIONS, &fine).may);
    wrong.mode = KOLAM_MODES;
    assert_false(kolam_rights_ask(KOLAM_ROLE_OWNER, KOLAM_ACTION_LOOK, &wrong).may);
    wrong = fine;
    wrong.area = KOLAM_AREAS;
    assert_false(kolam_rights_ask(KOLAM_ROLE_OWNER, KOLAM_ACTION_LOOK, &wrong).may);
    assert_string_equal(kolam_why_text(KOLAM_WHYS), "");
}

/* A row: who asks; a letter for each role of the other: y may judge them, n may not. */
static void nobody_judges_an_equal_or_a_higher_one(void **state) {
    static const char *const expected[KOLAM_ROLES] = {
        [KOLAM_ROLE_WATCHER] = "nnnnnn",   [KOLAM_ROLE_NEWCOMER] = "ynnnnn",
        [KOLAM_ROLE_ARTIST] = "yynnnn",    [KOLAM_ROLE_MENTOR] = "yyynnn",
        [KOLAM_ROLE_MODERATOR] = "yyyynn", [KOLAM_ROLE_OWNER] = "yyyyyn",
    };
    (void)state;
    for (int role = 0; role < KOLAM_ROLES; role++) {
        for (int other = 0; other < KOLAM_ROLES; other++) {
            assert_int_equal(
                kolam_rights_outrank((enum kolam_role)role, false, (enum kolam_role)other),
                expected[role][other] == 'y');
            assert_true(kolam_rights_outrank((enum kolam_role)role, true, (enum kolam_role)other));
        }
    }
}

static void a_role_is_given_or_invited_or_earned(void **state) {
    static const struct {
        enum kolam_role given;
        int invited;
        enum kolam_role earned, role;
    } rows[] = {
        {KOLAM_ROLE_EARNED, -1, KOLAM_ROLE_NEWCOMER, KOLAM_ROLE_NEWCOMER},
        {KOLAM_ROLE_EARNED, -1, KOLAM_ROLE_ARTIST, KOLAM_ROLE_ARTIST},
        {KOLAM_ROLE_EARNED, KOLAM_ROLE_NEWCOMER, KOLAM_ROLE_ARTIST, KOLAM_ROLE_ARTIST},
        {KOLAM_ROLE_EARNED, KOLAM_ROLE_MODERATOR, KOLAM_ROLE_NEWCOMER, KOLAM_ROLE_MODERATOR},
        {KOLAM_ROLE_EARNED, KOLAM_ROLE_MENTOR, KOLAM_ROLE_ARTIST, KOLAM_ROLE_MENTOR},
        {KOLAM_ROLE_OWNER, -1, KOLAM_ROLE_NEWCOMER, KOLAM_ROLE_OWNER},
        {KOLAM_ROLE_NEWCOMER, KOLAM_ROLE_MODERATOR, KOLAM_ROLE_ARTIST, KOLAM_ROLE_NEWCOMER},
        {KOLAM_ROLE_MENTOR, KOLAM_ROLE_MODERATOR, KOLAM_ROLE_ARTIST, KOLAM_ROLE_MENTOR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(kolam_rights_role(rows[i].given, rows[i].invited, rows[i].earned),
                         rows[i].role);
    }
    static const enum kolam_role joined[][3] = {
        {KOLAM_ROLE_EARNED, KOLAM_ROLE_EARNED, KOLAM_ROLE_EARNED},
        {KOLAM_ROLE_EARNED, KOLAM_ROLE_MENTOR, KOLAM_ROLE_MENTOR},
        {KOLAM_ROLE_ARTIST, KOLAM_ROLE_MODERATOR, KOLAM_ROLE_MODERATOR},
        {KOLAM_ROLE_NEWCOMER, KOLAM_ROLE_OWNER, KOLAM_ROLE_NEWCOMER},
    };
    for (size_t i = 0; i < sizeof(joined) / sizeof(joined[0]); i++) {
        assert_int_equal(kolam_rights_given(joined[i][0], joined[i][1]), joined[i][2]);
        assert_int_equal(kolam_rights_given(joined[i][1], joined[i][0]), joined[i][2]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_may_what_the_table_says),
        cmocka_unit_test(more_trust_never_takes_a_right_away),
        cmocka_unit_test(what_is_unknown_is_denied),
        cmocka_unit_test(nobody_judges_an_equal_or_a_higher_one),
        cmocka_unit_test(a_role_is_given_or_invited_or_earned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
