/* Does it keep the form? The rules for what a client submits, before anything is queued for the disk. Whether they may is asked at the
 * door (door.h). */
#ifndef KOLAM_SERVER_VERDICT_H
#define KOLAM_SERVER_VERDICT_H

#include "protocol_in.h"
#include "protocol_out.h"

#define KOLAM_REASON_BYTES_MAX 256

struct kolam_verdict {
    bool is_refused;
    enum kolam_nack code;
    const char *reason; /* for the client; as long as who made it says */
};

/* Who asks, as far as the form cares. */
struct kolam_petitioner {
    bool has_author, may_write_records;
    /* Called with each op that keeps its form, a stroke with its homes; or NULL. What comes of it is the caller's. */
    void (*look)(void *ctx, const struct kolam_op *op, const struct kolam_home *homes,
                 uint32_t home_count);
    void *ctx;
};

/* Decodes every body of the record and judges it; on success *out_submission holds the ops with bodies and homes
 * (author, nonce, done and what it may change are the caller's to fill). *out_points
 * counts the points that were decoded, also of what is refused. `room` and `homes` are scratch. */
struct kolam_verdict
kolam_verdict_submit(const struct kolam_petitioner *who, const struct kolam_in_record *record,
                     struct kolam_op_room *room, struct kolam_home homes[KOLAM_STROKE_HOMES_MAX],
                     struct kolam_submission **out_submission, uint32_t *out_points);

/* What an outcome of the log is to the client. */
enum kolam_nack kolam_verdict_nack(enum kolam_status status);

#endif
