/* Who people are: secrets find their owners, names are clean, files are private. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kolam/alloc.h"
#include "kolam/identity.h"
#include "tests/support/store.h"
#include "tiles/names.h"

struct fixture {
    char folder[512], path[600];
    struct kolam_identity_db *db;
};

static struct kolam_identity_db *open_identity(const char *path) {
    struct kolam_identity_db *db = NULL;
    struct kolam_error error = {.text = ""};
    enum kolam_status status = kolam_identity_db_create(path, kolam_clock_system(), &db, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, KOLAM_OK);
    return db;
}

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "identity.db", f->path);
    f->db = open_identity(f->path);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    kolam_identity_db_destroy(f->db);
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

static void a_secret_finds_its_owner_also_after_a_restart(void **state) {
    struct fixture *f = *state;
    struct kolam_author made[5], found;
    uint8_t secrets[5][KOLAM_SECRET_BYTES], wrong[KOLAM_SECRET_BYTES];
    char instance[17];
    for (int i = 0; i < 5; i++) {
        assert_int_equal(kolam_identity_make(f->db, secrets[i], &made[i]), KOLAM_OK);
        assert_true(kolam_name_is_valid(made[i].name));
        assert_non_null(strchr(made[i].name, ' '));
    }
    assert_memory_not_equal(made[0].ident, made[1].ident, KOLAM_IDENT_BYTES);
    (void)strcpy(instance, kolam_identity_instance(f->db));
    kolam_identity_db_destroy(f->db);
    f->db = open_identity(f->path);
    assert_string_equal(kolam_identity_instance(f->db), instance);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(kolam_identity_find(f->db, secrets[i], &found), KOLAM_OK);
        assert_memory_equal(found.ident, made[i].ident, KOLAM_IDENT_BYTES);
        assert_string_equal(found.name, made[i].name);
    }
    memcpy(wrong, secrets[0], sizeof wrong);
    wrong[31] ^= 1;
    assert_int_equal(kolam_identity_find(f->db, wrong, &found), KOLAM_ERR_NOT_FOUND);
}

static void no_file_holds_a_secret(void **state) {
    struct fixture *f = *state;
    struct kolam_author author;
    uint8_t secret[KOLAM_SECRET_BYTES];
    assert_int_equal(kolam_identity_make(f->db, secret, &author), KOLAM_OK);
    kolam_identity_db_destroy(f->db);
    f->db = NULL;
    FILE *file = fopen(f->path, "rb");
    static uint8_t bytes[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    assert_true(size > 4096 && size < sizeof bytes);
    assert_null(memmem(bytes, size, secret, sizeof secret));
    assert_non_null(memmem(bytes, size, author.ident, sizeof author.ident));
}

static void only_the_owner_may_read_the_files(void **state) {
    struct fixture *f = *state;
    struct stat info;
    char token[65], path[600];
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(kolam_admin_token_load(f->folder, token, NULL), KOLAM_OK);
    temp_path(f->folder, "admin.token", path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void the_instance_is_sixteen_hex_digits(void **state) {
    struct fixture *f = *state;
    const char *instance = kolam_identity_instance(f->db);
    assert_int_equal(strlen(instance), 16);
    assert_int_equal(strspn(instance, "0123456789abcdef"), 16);
}

static void a_rename_stays(void **state) {
    struct fixture *f = *state;
    struct kolam_author author, found;
    uint8_t secret[KOLAM_SECRET_BYTES], nobody[KOLAM_IDENT_BYTES] = {0};
    assert_int_equal(kolam_identity_make(f->db, secret, &author), KOLAM_OK);
    assert_int_equal(kolam_identity_rename(f->db, author.ident,
                                           "\xe0\xae\xae\xe0\xae\xbf\xe0\xae\xb0\xe0\xae\xbe"),
                     KOLAM_OK);
    assert_int_equal(kolam_identity_find(f->db, secret, &found), KOLAM_OK);
    assert_string_equal(found.name, "\xe0\xae\xae\xe0\xae\xbf\xe0\xae\xb0\xe0\xae\xbe");
    assert_int_equal(kolam_identity_rename(f->db, author.ident, "a\nb"), KOLAM_ERR_INVALID);
    assert_int_equal(kolam_identity_rename(f->db, nobody, "Mira"), KOLAM_ERR_NOT_FOUND);
}

static void an_imported_name_is_the_same_person_again(void **state) {
    struct fixture *f = *state;
    struct kolam_author a, again, other, odd, elsewhere_author;
    char path[600];
    kolam_identity_import_author(f->db, "carroll", &a);
    kolam_identity_import_author(f->db, "carroll", &again);
    kolam_identity_import_author(f->db, "carrol", &other);
    kolam_identity_import_author(f->db, "\x01\xff", &odd);
    assert_memory_equal(a.ident, again.ident, KOLAM_IDENT_BYTES);
    assert_memory_not_equal(a.ident, other.ident, KOLAM_IDENT_BYTES);
    assert_string_equal(a.name, "carroll");
    assert_true(kolam_name_is_valid(odd.name));
    temp_path(f->folder, "elsewhere.db", path);
    struct kolam_identity_db *elsewhere = open_identity(path);
    kolam_identity_import_author(elsewhere, "carroll", &elsewhere_author);
    assert_memory_not_equal(a.ident, elsewhere_author.ident, KOLAM_IDENT_BYTES);
    kolam_identity_db_destroy(elsewhere);
}

static void names_are_short_visible_and_harmless(void **state) {
    (void)state;
    char text[400] = "";
    const char *const bad[] = {"",
                               "   ",
                               "a\tb",
                               "\x7f",
                               "\xc2\x85",
                               "\xff",
                               "\xc0\x80",
                               "\xed\xa0\x80",
                               "\xf4\x90\x80\x80",
                               "\xe2\x80\xae!",
                               "\xe2\x80\x8b",
                               "\xc2\xa0",
                               "\xe2\x80\xa8x",
                               "\xe2",
                               "\xf0\x9f\x96"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(kolam_name_is_valid(bad[i]));
    }
    assert_true(kolam_name_is_valid("Mira"));
    assert_true(kolam_name_is_valid("\xf0\x9f\x90\xa2"));
    for (int i = 0; i < 40; i++) {
        (void)strcat(text, "\xf0\x9f\x90\xa2");
    }
    assert_true(kolam_name_is_valid(text));
    assert_true(strlen(text) <= KOLAM_NAME_BYTES_MAX);
    (void)strcat(text, "x");
    assert_false(kolam_name_is_valid(text));
}

static void nobody_calls_themselves_as_those_are_called_who_were_erased(void **state) {
    (void)state;
    const char *const taken[] = {KOLAM_FORMER_NAME, "Former Artist", "FORMERARTIST",
                                 " former \xc2\xa0 artist\xe2\x80\x8b"};
    const char *const free_ones[] = {"former", "former artists", "a former artist",
                                     "artist", "Mira",           "f\xc3\xb6rmer artist"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        assert_true(kolam_name_is_valid(taken[i])); /* as it is told and imported */
        assert_true(kolam_name_is_former(taken[i]));
    }
    for (size_t i = 0; i < sizeof free_ones / sizeof *free_ones; i++) {
        assert_false(kolam_name_is_former(free_ones[i]));
    }
}

static void a_name_is_cleaned_to_what_may_stand(void **state) {
    (void)state;
    char name[KOLAM_NAME_BYTES_MAX + 1];
    assert_true(kolam_name_clean("a\x01"
                                 "b\xff"
                                 "c\n",
                                 name));
    assert_string_equal(name, "abc");
    assert_false(kolam_name_clean("\x01\x02", name));
    assert_true(kolam_name_clean("12345678901234567890123456789012345678901234567890", name));
    assert_int_equal(strlen(name), 40);
}

static void generated_names_are_two_plain_words(void **state) {
    (void)state;
    char name[KOLAM_NAME_BYTES_MAX + 1], last[KOLAM_NAME_BYTES_MAX + 1] = "";
    for (uint32_t i = 0; i < 4096; i++) {
        kolam_name_generate(i, name);
        assert_true(kolam_name_is_valid(name));
        assert_true(strlen(name) <= 24);
        assert_true(isupper((unsigned char)name[0]) &&
                    isupper((unsigned char)strchr(name, ' ')[1]));
        assert_string_not_equal(name, last);
        (void)strcpy(last, name);
    }
}

static void the_admin_token_is_made_once(void **state) {
    struct fixture *f = *state;
    char first[65], second[65], path[600];
    struct kolam_error error;
    assert_int_equal(kolam_admin_token_load(f->folder, first, NULL), KOLAM_OK);
    assert_int_equal(kolam_admin_token_load(f->folder, second, NULL), KOLAM_OK);
    assert_string_equal(first, second);
    assert_int_equal(strspn(first, "0123456789abcdef"), 64);
    temp_path(f->folder, "admin.token.new", path);
    assert_false(file_exists(path));
    temp_path(f->folder, "admin.token", path);
    FILE *file = fopen(path, "w");
    (void)fputs("shorter", file);
    (void)fclose(file);
    assert_int_equal(kolam_admin_token_load(f->folder, second, &error), KOLAM_ERR_CORRUPT);
    temp_path(f->folder, "nowhere", path);
    assert_int_equal(kolam_admin_token_load(path, second, &error), KOLAM_ERR_IO);
}

static void refuses_newer_and_foreign_files(void **state) {
    struct fixture *f = *state;
    struct kolam_identity_db *db = NULL;
    struct kolam_error error;
    sqlite3 *raw = NULL;
    kolam_identity_db_destroy(f->db);
    f->db = NULL;
    assert_int_equal(sqlite3_open(f->path, &raw), SQLITE_OK);
    assert_int_equal(sqlite3_exec(raw, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(kolam_identity_db_create(f->path, kolam_clock_system(), &db, &error),
                     KOLAM_ERR_TOO_NEW);
    assert_int_equal(sqlite3_exec(raw, "PRAGMA application_id = 1", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(raw);
    assert_int_equal(kolam_identity_db_create(f->path, kolam_clock_system(), &db, &error),
                     KOLAM_ERR_CORRUPT);
}

static void sha256_is_the_standard_one(void **state) {
    (void)state;
    static const uint8_t expected[4] = {0xba, 0x78, 0x16, 0xbf}; /* FIPS 180-2: "abc" */
    uint8_t hash[32];
    kolam_sha256("abc", 3, hash);
    assert_memory_equal(hash, expected, 4);
    assert_int_equal(hash[31], 0xad);
}

static void survives_failed_allocations(void **state) {
    struct fixture *f = *state;
    char path[600];
    temp_path(f->folder, "alloc.db", path);
    struct kolam_identity_db *db = NULL;
    fail_allocation(0);
    assert_int_equal(kolam_identity_db_create(path, kolam_clock_system(), &db, NULL),
                     KOLAM_ERR_NOMEM);
    kolam_alloc_set_hook(NULL, NULL);
}

int main(void) {
#define IDENTITY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        IDENTITY_TEST(a_secret_finds_its_owner_also_after_a_restart),
        IDENTITY_TEST(no_file_holds_a_secret),
        IDENTITY_TEST(only_the_owner_may_read_the_files),
        IDENTITY_TEST(the_instance_is_sixteen_hex_digits),
        IDENTITY_TEST(a_rename_stays),
        IDENTITY_TEST(an_imported_name_is_the_same_person_again),
        IDENTITY_TEST(the_admin_token_is_made_once),
        IDENTITY_TEST(refuses_newer_and_foreign_files),
        IDENTITY_TEST(survives_failed_allocations),
        cmocka_unit_test(names_are_short_visible_and_harmless),
        cmocka_unit_test(nobody_calls_themselves_as_those_are_called_who_were_erased),
        cmocka_unit_test(a_name_is_cleaned_to_what_may_stand),
        cmocka_unit_test(generated_names_are_two_plain_words),
        cmocka_unit_test(sha256_is_the_standard_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
