/* A real canvas in a folder of its own, for tests of what reads one: submit, wait, look. */
#ifndef TEST_CANVAS_FIXTURE_H
#define TEST_CANVAS_FIXTURE_H

#include "kolam/log.h"
#include "kolam/raster.h"
#include "kolam/reader.h"

struct canvas_fixture {
    char folder[64];
    char log_path[96], tiles_path[96];
    int wake_pipe[2];
    struct kolam_log *log;
    uint32_t counter;
    uint32_t waiting; /* submissions whose completion has not come */
    enum kolam_status last_status;
    uint64_t last_seq; /* of the newest completed submission's first op */
    uint64_t last_replaces;
    bool was_duplicate;
};

/* Creates the folder and opens the log; asserts on failure, as all here do. */
void canvas_fixture_open(struct canvas_fixture *fixture);
/* Closes the log and deletes the folder with what is in it. */
void canvas_fixture_close(struct canvas_fixture *fixture);
/* Closes the log and opens it again, as a restart does. */
void canvas_fixture_restart(struct canvas_fixture *fixture);
/* Opens the log again that the test has destroyed. */
void canvas_fixture_reopen(struct canvas_fixture *fixture);

/* Submits one op, or the parts of a group, as the artist of that number (a byte that makes up an ident). */
void canvas_fixture_submit(struct canvas_fixture *fixture, uint8_t artist,
                           const struct kolam_op *ops, uint32_t op_count);
/* The same for one op whose id the test chooses: to send it again, or to complete a partial stroke. */
struct canvas_fixture_id {
    uint32_t counter;
    bool is_partial;
};
void canvas_fixture_submit_as(struct canvas_fixture *fixture, uint8_t artist,
                              const struct kolam_op *op, struct canvas_fixture_id id);
/* Waits until all that was submitted is completed. */
void canvas_fixture_wait(struct canvas_fixture *fixture);

#endif
