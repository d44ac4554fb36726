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
    kolam_free(submission->resting);
    kolam_free(submission);
}

enum kolam_status kolam_submission_withhold(struct kolam_submission *submission,
                                            const struct kolam_author *author) {
    struct kolam_log_op *ops =
        kolam_realloc_array(submission->ops, (size_t)submission->op_count + 1, sizeof *ops);
    if (!ops) {
        return KOLAM_ERR_NOMEM;
    }
    ops[submission->op_count] = (struct kolam_log_op){.kind = KOLAM_OP_HIDE};
    submission->ops = ops;
    submission->op_count++;
    submission->withheld_by = author;
    return KOLAM_OK;
}
