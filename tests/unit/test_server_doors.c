/* What comes from outside and is taken apart before anything else: records, JSON, Host, Origin, Cookie, claims. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/claims.h"
#include "server/inline_scripts.h"
#include "server/json.h"
#include "server/origin.h"
#include "server/protocol_in.h"

static bool decodes(const char *bytes, size_t size, struct kolam_in_record *out) {
    return kolam_in_decode((const uint8_t *)bytes, size, out) == KOLAM_OK;
}
#define DECODES(literal, out) decodes(literal, sizeof(literal) - 1, out)

static void takes_a_submit_apart(void **state) {
    (void)state;
    struct kolam_in_record record;
    assert_true(DECODES("\x01\x80\x01\x02\x03"
                        "abc"
                        "\x01"
                        "d",
                        &record));
    assert_int_equal(record.type, KOLAM_IN_SUBMIT);
    assert_int_equal(record.counter, 128);
    assert_int_equal(record.count, 2);
    assert_int_equal(record.body_sizes[0], 3);
    assert_memory_equal(record.bodies[0], "abc", 3);
    assert_int_equal(record.body_sizes[1], 1);
    assert_true(DECODES("\x05\x07\x01\x01\x00", &record));
    assert_int_equal(record.slot, 7);
}

static void refuses_what_is_not_exactly_one_record(void **state) {
    (void)state;
    struct kolam_in_record record;
    assert_false(DECODES("", &record));
    assert_false(DECODES("\x00", &record));
    assert_false(DECODES("\x06\x01", &record));
    assert_false(DECODES("\x01", &record));
    assert_false(DECODES("\x01\x01\x00", &record));     /* no op */
    assert_false(DECODES("\x01\x01\x21\x00", &record)); /* 33 of them */
    assert_false(DECODES("\x01\x01\x01\x05"
                         "abcd",
                         &record)); /* one byte short */
    assert_false(DECODES("\x01\x01\x01\x03"
                         "abcd",
                         &record));                         /* one too many */
    assert_false(DECODES("\x01\x81\x00\x01\x00", &record)); /* a superfluous zero group */
    assert_false(DECODES("\x01\xff\xff\xff\xff\x1f\x01\x00", &record)); /* counter past 32 bits */
    assert_false(
        DECODES("\x01\xff\xff\xff\xff\x0f\x02\x00\x00", &record)); /* the second's would be */
    assert_true(DECODES("\x01\xff\xff\xff\xff\x0f\x01\x00", &record));
    assert_false(DECODES("\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02\x01\x00", &record));
    assert_false(DECODES("\x03\x01\x00", &record));
    assert_false(DECODES("\x05\x80\x80\x04\x01\x01\x00", &record)); /* slot 65,536 */
    assert_false(DECODES("\x02\x01\x81\x80\x10x", &record));        /* first past 32 x 8,192 */
}

static void checks_where_a_cursor_is(void **state) {
    (void)state;
    struct kolam_in_record record;
    assert_true(DECODES("\x04\x18\x01\x02\xff\x0f\x00", &record));
    assert_int_equal(record.tile.level, 0);
    assert_int_equal(record.tile.x, -1);
    assert_int_equal(record.tile.y, 1);
    assert_int_equal(record.x, 2047);
    assert_int_equal(record.place_size, 6);
    assert_false(DECODES("\x04\x18\x01\x02\x80\x10\x00", &record)); /* 2,048 */
    assert_false(DECODES("\x04\x31\x01\x02\x00\x00", &record));     /* level 25 */
    assert_false(DECODES("\x04\x00\x04\x00\x00\x00", &record));     /* tile 2 of level -24 */
    assert_false(DECODES("\x04\x18\x01\x02\x00", &record));
}

static void measures_the_depth_of_json(void **state) {
    (void)state;
    const char *shallow = "{\"a\":[1,{\"b\":\"[[[[[[\\\"{{{\"}]}";
    const char *deep = "[[[[[[[[[]]]]]]]]]";
    assert_true(kolam_json_is_shallow((const uint8_t *)shallow, strlen(shallow), 3));
    assert_false(kolam_json_is_shallow((const uint8_t *)shallow, strlen(shallow), 2));
    assert_false(kolam_json_is_shallow((const uint8_t *)deep, strlen(deep), 8));
    assert_true(kolam_json_is_shallow((const uint8_t *)"\"\\", 2, 1)); /* ends in an escape */
}

static void reads_whole_numbers_from_json(void **state) {
    (void)state;
    int64_t value;
    uint64_t natural;
    json_t *object = json_pack("{si ss ss ss ss sf}", "n", -7, "s", "9223372036854775807", "big",
                               "9223372036854775808", "junk", "12x", "blank", " 1", "f", 1.5);
    assert_true(kolam_json_int(object, "n", &value));
    assert_int_equal(value, -7);
    assert_true(kolam_json_int(object, "s", &value));
    assert_int_equal(value, INT64_MAX);
    static const char *const wrong[] = {"big", "junk", "blank", "f", "missing"};
    for (size_t i = 0; i < 5; i++) {
        assert_false(kolam_json_int(object, wrong[i], &value));
    }
    assert_false(kolam_json_uint(object, "n", 100, &natural));
    json_decref(object);
}

static void lets_in_hosts_that_are_ours(void **state) {
    (void)state;
    struct kolam_options options = {.allow_hosts = {"wall.example"}, .allow_host_count = 1};
    static const char *const good[] = {
        "127.0.0.1:7700", "localhost",    "LOCALHOST:1",      "[::1]:7700",
        "192.168.1.5:80", "wall.example", "Wall.Example:443", "me:1"};
    static const char *const bad[] = {"",
                                      ":7700",
                                      "evil.example",
                                      "127.0.0.1.evil.example",
                                      "wall.example.",
                                      "localhost.evil",
                                      "[::1",
                                      "xwall.example",
                                      "[evil]"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(kolam_host_is_allowed(&options, "me", good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(kolam_host_is_allowed(&options, "me", bad[i]));
    }
}

static void lets_in_origins_that_are_ours(void **state) {
    (void)state;
    struct kolam_options options = {.allow_origins = {"https://friend.example"},
                                    .allow_origin_count = 1};
    static const char *const good[] = {"", "http://wall:7700", "https://wall:7700",
                                       "https://friend.example"};
    static const char *const bad[] = {
        "null",      "http://wall",           "http://wall:7700.evil", "http://evil/wall:7700",
        "wall:7700", "http://friend.example", "http://wall:77001"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(kolam_origin_is_allowed(&options, false, good[i], "wall:7700"));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(kolam_origin_is_allowed(&options, false, bad[i], "wall:7700"));
    }
}

static void finds_its_cookie_among_others(void **state) {
    (void)state;
    char value[8];
    assert_true(kolam_cookie_get("a=b; kolam_1=abc; c=d", "kolam_1", value, sizeof value));
    assert_string_equal(value, "abc");
    assert_true(kolam_cookie_get("kolam_1=x", "kolam_1", value, sizeof value));
    assert_false(kolam_cookie_get("xkolam_1=x; kolam_12=y", "kolam_1", value, sizeof value));
    assert_false(kolam_cookie_get("", "kolam_1", value, sizeof value));
    assert_false(
        kolam_cookie_get("kolam_1=12345678", "kolam_1", value, sizeof value)); /* does not fit */
}

static void a_claim_works_once_and_for_a_minute(void **state) {
    (void)state;
    struct kolam_claims *claims = kolam_claims_create();
    uint8_t secret[KOLAM_SECRET_BYTES], found[KOLAM_SECRET_BYTES];
    char code[65], late[65];
    bool is_secure = false;
    memset(secret, 42, sizeof secret);
    kolam_claims_add(claims, 1000, secret, true, code);
    kolam_claims_add(claims, 1000, secret, false, late);
    assert_string_not_equal(code, late);
    assert_false(kolam_claims_take(claims, 1000, "00", found, &is_secure));
    assert_true(kolam_claims_take(claims, 60999, code, found, &is_secure));
    assert_true(is_secure);
    assert_memory_equal(found, secret, sizeof secret);
    assert_false(kolam_claims_take(claims, 60999, code, found, &is_secure));
    assert_false(kolam_claims_take(claims, 61000, late, found, &is_secure));
    kolam_claims_destroy(claims);
}

static bool names_scripts(const char *page, char *out_sources) {
    return kolam_inline_scripts((const uint8_t *)page, strlen(page), out_sources);
}

static void a_policy_names_the_scripts_of_its_page(void **state) {
    (void)state;
    char sources[KOLAM_INLINE_SCRIPTS_MAX];
    assert_true(names_scripts("<p>no script</p><script src=\"/a.js\"></script>", sources));
    assert_string_equal(sources, "");
    assert_true(names_scripts("<script>go()</script><p><script></script>", sources));
    assert_string_equal(sources, " 'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw='"
                                 " 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
    assert_true(names_scripts("<script>1</script><script>2</script><script>3</script>"
                              "<script>4</script>",
                              sources));
    assert_int_equal(strlen(sources), KOLAM_INLINE_SCRIPTS_MAX - 1);
    assert_false(names_scripts("<script>1</script><script>2</script><script>3</script>"
                               "<script>4</script><script>5</script>",
                               sources));
    assert_false(names_scripts("<script>without an end", sources));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_submit_apart),
        cmocka_unit_test(refuses_what_is_not_exactly_one_record),
        cmocka_unit_test(checks_where_a_cursor_is),
        cmocka_unit_test(measures_the_depth_of_json),
        cmocka_unit_test(reads_whole_numbers_from_json),
        cmocka_unit_test(lets_in_hosts_that_are_ours),
        cmocka_unit_test(lets_in_origins_that_are_ours),
        cmocka_unit_test(finds_its_cookie_among_others),
        cmocka_unit_test(a_claim_works_once_and_for_a_minute),
        cmocka_unit_test(a_policy_names_the_scripts_of_its_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
