/* Submissions: what travels between a submitter and whichever engine is behind the log. */
#include "kolam/log.h"

#include "kolam/alloc.h"

struct kolam_submission *kolam_submission_create(uint32_t op_count) {
    struct kolam_submission *submission = kolam_alloc_zero(1, sizeof *submission);
    if (!submission) {
        return NULL;
    }
    if (op_count > 0) {
        submission->ops = kolam_alloc_zero(op_count, sizeof *submission->ops);
        if (!submission->ops) {
            kolam_free(submission);
            return NULL;
        }
    }
    submission->op_count = op_count;
    return submission;
}

void kolam_submission_destroy(struct kolam_submission *submission) {
    if (!submission) {
        return;
    }
    for (uint32_t i = 0; i < submission->op_count; i++) {
        kolam_free(submission->ops[i].body);
        kolam_free(submission->ops[i].homes);
    }
    kolam_free(submission->ops);
    kolam_free(submission->formers);
    kolam_free(submission);
}
