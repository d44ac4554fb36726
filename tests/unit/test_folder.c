/* The data folder: one writer, safe names, and the canvases in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/folder.h"
#include "tests/support/store.h"

struct fixture {
    char base[512], path[600];
};

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->base);
    temp_path(f->base, "deep/er", f->path);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    temp_folder_remove(f->base);
    test_free(f);
    return 0;
}

static void canvas_names_are_safe_for_files_and_addresses(void **state) {
    (void)state;
    char longest[66];
    memset(longest, 'a', 65);
    longest[65] = '\0';
    assert_false(kolam_canvas_name_is_valid(longest));
    assert_true(kolam_canvas_name_is_valid(longest + 1));
    const char *const good[] = {"main", "0", "a-b_c", "2024-harvest"};
    const char *const bad[] = {"",   "-a",  "_a",       "A",   "a.b", "a/b",
                               "..", "a b", "\xc3\xa4", "a\n", "a%2f"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(kolam_canvas_name_is_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(kolam_canvas_name_is_valid(bad[i]));
    }
}

static void is_created_with_its_parents(void **state) {
    struct fixture *f = *state;
    struct kolam_folder *folder = NULL;
    struct stat info;
    char path[KOLAM_PATH_MAX];
    assert_int_equal(kolam_folder_open(f->path, &folder, NULL), KOLAM_OK);
    assert_string_equal(kolam_folder_path(folder), f->path);
    assert_int_equal(kolam_folder_file_path(folder, "canvases", path), KOLAM_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    kolam_folder_close(folder);
    kolam_folder_close(NULL);
}

static void a_second_writer_is_refused_and_told_whose_it_is(void **state) {
    struct fixture *f = *state;
    struct kolam_folder *first = NULL, *second = NULL;
    struct kolam_error error = {.text = ""};
    char pid[32];
    assert_int_equal(kolam_folder_open(f->path, &first, NULL), KOLAM_OK);
    assert_int_equal(kolam_folder_open(f->path, &second, &error), KOLAM_ERR_BUSY);
    (void)snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_non_null(strstr(error.text, pid));
    assert_non_null(strstr(error.text, f->path));
    assert_int_equal(kolam_folder_open_read_only(f->path, &second, &error), KOLAM_OK);
    kolam_folder_close(second);
    kolam_folder_close(first);
    assert_int_equal(kolam_folder_open(f->path, &second, NULL), KOLAM_OK);
    kolam_folder_close(second);
}

static void the_lock_of_a_killed_process_is_free(void **state) {
    struct fixture *f = *state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct kolam_folder *folder = NULL;
        bool is_open = kolam_folder_open(f->path, &folder, NULL) == KOLAM_OK;
        (void)!write(ready[1], is_open ? "y" : "n", 1);
        (void)pause();
        _exit(0);
    }
    struct kolam_folder *folder = NULL;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(kolam_folder_open(f->path, &folder, NULL), KOLAM_ERR_BUSY);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    assert_int_equal(kolam_folder_open(f->path, &folder, NULL), KOLAM_OK);
    kolam_folder_close(folder);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void reading_creates_nothing(void **state) {
    struct fixture *f = *state;
    struct kolam_folder *folder = NULL;
    struct kolam_error error;
    assert_int_equal(kolam_folder_open_read_only(f->path, &folder, &error), KOLAM_ERR_NOT_FOUND);
    assert_false(file_exists(f->path));
    assert_int_equal(kolam_folder_open_read_only(f->base, &folder, &error), KOLAM_OK);
    char path[KOLAM_PATH_MAX];
    assert_int_equal(kolam_folder_canvas_path(folder, "main", ".kolam", path), KOLAM_OK);
    kolam_folder_close(folder);
}

static void a_file_in_its_place_is_told(void **state) {
    struct fixture *f = *state;
    struct kolam_folder *folder = NULL;
    struct kolam_error error;
    char path[600];
    temp_path(f->base, "file", path);
    (void)fclose(fopen(path, "w"));
    assert_int_equal(kolam_folder_open(path, &folder, &error), KOLAM_ERR_EXISTS);
    assert_int_equal(kolam_folder_open_read_only(path, &folder, &error), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_folder_open("", &folder, &error), KOLAM_ERR_INVALID);
}

static void paths_stay_inside(void **state) {
    struct fixture *f = *state;
    struct kolam_folder *folder = NULL;
    char path[KOLAM_PATH_MAX], expected[KOLAM_PATH_MAX];
    char with_slash[700];
    (void)snprintf(with_slash, sizeof with_slash, "%s///", f->path);
    assert_int_equal(kolam_folder_open(with_slash, &folder, NULL), KOLAM_OK);
    assert_int_equal(kolam_folder_canvas_path(folder, "main", ".tiles", path), KOLAM_OK);
    (void)snprintf(expected, sizeof expected, "%s/canvases/main.tiles", f->path);
    assert_string_equal(path, expected);
    assert_int_equal(kolam_folder_canvas_path(folder, "../x", ".kolam", path), KOLAM_ERR_INVALID);
    assert_int_equal(kolam_folder_canvas_path(folder, "x", "/../y", path), KOLAM_ERR_INVALID);
    assert_int_equal(kolam_folder_file_path(folder, "..", path), KOLAM_ERR_INVALID);
    assert_int_equal(kolam_folder_file_path(folder, "a/b", path), KOLAM_ERR_INVALID);
    assert_string_equal(path, expected);
    kolam_folder_close(folder);
}

struct names {
    char text[200];
    int left;
};

static bool join_name(void *ctx, const char *name) {
    struct names *names = ctx;
    (void)strcat(strcat(names->text, name), " ");
    return --names->left > 0;
}

static void lists_its_canvases_in_order(void **state) {
    struct fixture *f = *state;
    struct kolam_folder *folder = NULL;
    struct names names = {.text = "", .left = 100};
    /* "empty" was being made when its server was killed; "empty-2" is all in its WAL. */
    const char *const files[] = {"main.kolam",     "main-2.kolam",  "b.kolam",
                                 "main.tiles",     ".kolam",        "A.kolam",
                                 "10.kolam",       "empty.kolam",   "b.kolam-wal",
                                 "main.kolam.bak", "empty-2.kolam", "empty-2.kolam-wal"};
    assert_int_equal(kolam_folder_open(f->path, &folder, NULL), KOLAM_OK);
    assert_int_equal(kolam_folder_each_canvas(folder, join_name, &names), KOLAM_OK);
    assert_string_equal(names.text, "");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[1200];
        (void)snprintf(path, sizeof path, "%s/canvases/%s", f->path, files[i]);
        FILE *file = fopen(path, "w");
        (void)fprintf(file, "%*s", strstr(path, "/empty") && !strstr(path, "-wal") ? 4096 : 8192,
                      "");
        (void)fclose(file);
    }
    assert_int_equal(kolam_folder_each_canvas(folder, join_name, &names), KOLAM_OK);
    assert_string_equal(names.text, "10 b empty-2 main main-2 ");
    names = (struct names){.text = "", .left = 2};
    assert_int_equal(kolam_folder_each_canvas(folder, join_name, &names), KOLAM_OK);
    assert_string_equal(names.text, "10 b ");
    kolam_folder_close(folder);
    assert_int_equal(kolam_folder_open_read_only(f->base, &folder, NULL), KOLAM_OK);
    assert_int_equal(kolam_folder_each_canvas(folder, join_name, &names), KOLAM_OK);
    assert_string_equal(names.text, "10 b ");
    kolam_folder_close(folder);
}

int main(void) {
#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canvas_names_are_safe_for_files_and_addresses),
        FOLDER_TEST(is_created_with_its_parents),
        FOLDER_TEST(a_second_writer_is_refused_and_told_whose_it_is),
        FOLDER_TEST(the_lock_of_a_killed_process_is_free),
        FOLDER_TEST(reading_creates_nothing),
        FOLDER_TEST(a_file_in_its_place_is_told),
        FOLDER_TEST(paths_stay_inside),
        FOLDER_TEST(lists_its_canvases_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
