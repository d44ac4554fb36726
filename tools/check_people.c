/* kolam check: identity.db and moderation.db of a folder, told as the walls are. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "kolam/damage.h"
#include "kolam/folder.h"

static void tell(void *ctx, const char *text) {
    kolam_check_problem(ctx, "%s", text);
}

static void print_result(const struct kolam_check *check, uint64_t rows, int64_t elapsed_ms) {
    char row_text[32], problem_text[32];
    printf("%s: %s rows, ", check->canvas, kolam_tool_thousands(rows, row_text));
    if (check->problem_count == 0) {
        printf("no problems");
    } else {
        printf("%s problem%s", kolam_tool_thousands(check->problem_count, problem_text),
               check->problem_count == 1 ? "" : "s");
    }
    printf(" (%.1f s)\n", (double)elapsed_ms / 1000);
    (void)fflush(stdout);
}

typedef enum kolam_status look_at(const char *path, struct kolam_people_check *check,
                                  struct kolam_error *error);

/* A folder without one is right: a copy of walls alone, or one in which nobody was yet. */
static bool is_file_fine(const struct kolam_folder *folder, const char *name, int signals_fd,
                         look_at *look) {
    char path[KOLAM_PATH_MAX];
    struct kolam_error error = {.text = ""};
    struct kolam_check check = {
        .canvas = name, .signals_fd = signals_fd, .progress = kolam_progress_begin()};
    struct kolam_people_check found = {.ctx = &check, .problem = tell};
    const int64_t begun_ms = kolam_tool_now_ms();
    enum kolam_status status = kolam_folder_file_path(folder, name, path);
    if (status == KOLAM_OK) {
        status = look(path, &found, &error);
    }
    kolam_progress_end(&check.progress);
    if (status == KOLAM_ERR_NOT_FOUND) {
        return true;
    }
    if (status != KOLAM_OK) {
        (void)kolam_tool_failed("check", "%s",
                                error.text[0] ? error.text : kolam_status_text(status));
        return false;
    }
    print_result(&check, found.row_count, kolam_tool_now_ms() - begun_ms);
    return check.problem_count == 0;
}

bool kolam_check_people(const struct kolam_folder *folder, int signals_fd) {
    const bool are_people = is_file_fine(folder, "identity.db", signals_fd, kolam_identity_check);
    const bool is_order = is_file_fine(folder, "moderation.db", signals_fd, kolam_moderation_check);
    return are_people && is_order;
}
