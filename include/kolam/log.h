/* The log of one canvas: a small interface behind which the engine is exchangeable (today SQLite with a
 * committer thread; a replicated stream later). Nothing above it knows which.
 *
 * submit -> completion with seq and how durable; follow from a seq, gap-free, or "gone"; ephemeral
 * publish; writable or not. Submitting is idempotent by (artist, nonce, counter). Every callback
 * runs inside kolam_log_dispatch, on the thread that calls it (the loop), never elsewhere. Reading
 * what was committed is reader.h's. */
#ifndef KOLAM_LOG_H
#define KOLAM_LOG_H

#include "kolam/clock.h"
#include "kolam/exchange.h"
#include "kolam/histogram.h"
#include "kolam/op.h"

#define KOLAM_IDENT_BYTES 16
#define KOLAM_NAME_BYTES_MAX 160 /* 40 characters of UTF-8 */

/* A hide or show of a giant selection must not stall the log for everybody: the strokes it names have at
 * most so many homes (rows to write) and bytes (to decode). */
#define KOLAM_CHANGED_HOMES_MAX 65536
#define KOLAM_CHANGED_BYTES_MAX 4194304

/* Who submits: the public id of a person or import, and the name shown. */
struct kolam_author {
    uint8_t ident[KOLAM_IDENT_BYTES];
    char name[KOLAM_NAME_BYTES_MAX + 1];
};

/* So many other selves an author may have: idents of theirs that were merged into this one (identity.h). */
#define KOLAM_FORMERS_MAX 15

enum kolam_durability { KOLAM_DURABLE_NONE = 0, KOLAM_DURABLE_DISK, KOLAM_DURABLE_QUORUM };

/* One op of a submission. The submitter fills the upper part; the log fills the lower on completion. */
struct kolam_log_op {
    enum kolam_op_kind kind;
    uint32_t counter;
    bool is_partial; /* what previews brought of a stroke whose author vanished */
    uint8_t *body;   /* kolam_alloc'ed, owned by the submission */
    size_t body_size_bytes;
    struct kolam_home
        *homes;          /* strokes: filled by the submitter (kolam_stroke_homes); hide, show and
                                  replacements: on completion, the homes of what they change as well */
    uint32_t home_count; /* both kolam_alloc'ed, owned by the submission */

    uint64_t seq;
    int64_t time_ms;
    uint64_t
        replaces; /* seq of the partial stroke that this one hides, or 0 (also if that was flattened) */
    bool is_duplicate; /* it had been committed before; seq and time_ms are those of then (of one
                          flattened since: its seq, and the time of an op shortly before) */
};

/* An atomic unit: all its ops get consecutive seqs in one transaction, or none is committed. Counters
 * rise from op to op. If one of its ids was committed before, all were, or it is KOLAM_ERR_INVALID; so is a
 * hide or show past KOLAM_CHANGED_HOMES_MAX or KOLAM_CHANGED_BYTES_MAX. */
struct kolam_submission {
    struct kolam_author author;
    uint64_t nonce;
    /* A hide or show may name strokes of other artists. Without it a show, and an edit, is DENIED as well where one of the
     * author's own strokes that it names was hidden by somebody else since it was shown last. */
    bool may_change_others;
    bool is_known_only; /* only recognised: what was not committed before is DENIED */
    /* A hide or show of strokes that touch one of these is DENIED; kolam_alloc'ed, owned by the submission. */
    struct kolam_rect *resting;
    uint32_t resting_count;
    /* The author's former selves: their strokes are the author's own, and what they submitted under this nonce is found
     * again. kolam_alloc'ed, owned by the submission; or NULL. */
    uint8_t (*formers)[KOLAM_IDENT_BYTES];
    uint32_t former_count;
    uint32_t op_count; /* 0: only makes sure that the author has a number on this canvas */
    bool
        is_for_known; /* not even that: who has a number is called by the author's name from now on */
    struct kolam_log_op *ops;
    /* Not NULL: what this shows is hidden in the same moment, by this author. The last of `ops` is the hide: its kind is set,
     * the log makes the rest; the other ops are the submission's own. Outlives the submission. */
    const struct kolam_author *withheld_by;
    /* Called once, inside kolam_log_dispatch; the callee owns the submission from then on. */
    void (*done)(void *ctx, struct kolam_submission *submission);
    void *ctx;

    enum kolam_status status; /* completion: OK; INVALID, NOT_FOUND (a target), GONE (a target was
                                 flattened), DENIED (a target is another's), FULL (disk), IO, NOMEM, CLOSED */
    bool is_resting;          /* DENIED: by `resting` */
    bool is_anothers_hide;    /* DENIED: somebody else hid what it shows, or edits */
    enum kolam_durability durability;
    uint32_t artist;                            /* the author's number on this canvas, from 1 */
    uint32_t former_artists[KOLAM_FORMERS_MAX]; /* the formers' numbers here; 0: none */
    struct kolam_submission *next;              /* the log's, while it holds the submission */
    uint64_t queued_us;                         /* the log's: when it came */
};

/* Adds the hide of what is withheld, by `author`, which outlives the submission. KOLAM_ERR_NOMEM: it is as it was. */
KOLAM_MUST_CHECK enum kolam_status kolam_submission_withhold(struct kolam_submission *submission,
                                                             const struct kolam_author *author);
/* How many ops are the submitter's. */
static inline uint32_t kolam_submission_own_count(const struct kolam_submission *submission) {
    return submission->op_count - (submission->withheld_by ? 1 : 0);
}

/* Zeroed room for `op_count` ops; NULL when out of memory. Any thread. */
struct kolam_submission *kolam_submission_create(uint32_t op_count);
/* Frees bodies and homes with it; NULL is safe. Any thread. */
void kolam_submission_destroy(struct kolam_submission *submission);

struct kolam_log;

/* What follows sees: called for each committed submission, in seq order, before its `done`; duplicates
 * are not shown again, nor are submissions without ops. The submission is borrowed for the call. */
typedef void kolam_log_on_commit(void *ctx, const struct kolam_submission *submission);

struct kolam_log_ops {
    void (*destroy)(struct kolam_log *log);
    void (*submit)(struct kolam_log *log, struct kolam_submission *submission);
    enum kolam_status (*follow)(struct kolam_log *log, uint64_t from_seq,
                                kolam_log_on_commit *on_commit, void *ctx);
    void (*dispatch)(struct kolam_log *log);
    void (*rename_author)(struct kolam_log *log, const struct kolam_author *author);
    bool (*is_writable)(const struct kolam_log *log);
    uint64_t (*last_seq)(const struct kolam_log *log);
    void (*publish)(struct kolam_log *log, const uint8_t *bytes, size_t size_bytes);
    void (*listen)(struct kolam_log *log, kolam_exchange_hear *hear, void *ctx);
};

struct kolam_log {
    const struct kolam_log_ops *ops;
    bool is_shared; /* others may have the canvas open as well; does not change */
};

/* Loop thread. Takes the submission; its outcome comes through `done`, also when the log is closing. */
static inline void kolam_log_submit(struct kolam_log *log, struct kolam_submission *submission) {
    log->ops->submit(log, submission);
}

/* Loop thread. Sees every commit with seq > from_seq from now on, without a gap; one follower a log.
 * KOLAM_ERR_NOT_FOUND ("gone") if from_seq is not the newest seq dispatched: take a snapshot first.
 * `on_commit` NULL ends it. */
KOLAM_MUST_CHECK static inline enum kolam_status kolam_log_follow(struct kolam_log *log,
                                                                  uint64_t from_seq,
                                                                  kolam_log_on_commit *on_commit,
                                                                  void *ctx) {
    return log->ops->follow(log, from_seq, on_commit, ctx);
}

/* Loop thread. Something ephemeral goes to the others who have this canvas open, if anybody has: best effort, in order, never
 * back to the publisher (exchange.h). Costs nothing but a look where the canvas is nobody else's. */
static inline void kolam_log_publish(struct kolam_log *log, const uint8_t *bytes,
                                     size_t size_bytes) {
    if (log->is_shared) {
        log->ops->publish(log, bytes, size_bytes);
    }
}

/* Loop thread. Hears what others publish from now on; one listener a log. `hear` NULL ends it. */
static inline void kolam_log_listen(struct kolam_log *log, kolam_exchange_hear *hear, void *ctx) {
    if (log->is_shared) {
        log->ops->listen(log, hear, ctx);
    }
}

/* Loop thread: runs what has completed and tells what was heard. Call it when the wake function given at creation was called. */
static inline void kolam_log_dispatch(struct kolam_log *log) {
    log->ops->dispatch(log);
}

/* Loop thread: changes the name shown for this author here (if it has a number), without waiting. */
static inline void kolam_log_rename_author(struct kolam_log *log,
                                           const struct kolam_author *author) {
    log->ops->rename_author(log, author);
}

/* False while the disk is full or failing: submissions would fail. Becomes true again by itself, and
 * wakes the loop then. Any thread. */
static inline bool kolam_log_is_writable(const struct kolam_log *log) {
    return log->ops->is_writable(log);
}

/* Newest seq that was dispatched. Loop thread. */
static inline uint64_t kolam_log_last_seq(const struct kolam_log *log) {
    return log->ops->last_seq(log);
}

/* Commits what was submitted, stops, and checkpoints the file: `done` runs for all, inside this call.
 * Close the file's readers first: the last connection takes the -wal with it. Not from within a
 * callback. NULL is safe. Loop thread. */
static inline void kolam_log_destroy(struct kolam_log *log) {
    if (log) {
        log->ops->destroy(log);
    }
}

/* The embedded engine: opens or creates `path` (NAME.kolam), migrates it, starts the committer thread.
 * `wake` is called from that thread when there is something to dispatch. gather_us: while ops come
 * in company, from the beginning of one transaction to that of the next (0: none waits). KOLAM_ERR_TOO_NEW, KOLAM_ERR_CORRUPT, KOLAM_ERR_IO. */
struct kolam_log_options {
    const char *path;
    uint64_t incarnation; /* of a file that is made now; 0: a random one */
    struct kolam_clock clock;
    uint32_t gather_us;
    void (*wake)(void *ctx);
    void *wake_ctx;
    struct kolam_exchange
        *exchange; /* with replicas in this process, which outlives the log; or NULL */
};
KOLAM_MUST_CHECK enum kolam_status kolam_log_sqlite_create(const struct kolam_log_options *options,
                                                           struct kolam_log **out_log,
                                                           struct kolam_error *error);

/* What the committer did since it started; a consistent copy. Any thread. */
struct kolam_log_stats {
    uint64_t commits, ops, duplicates, refused;
    uint64_t batch_max, commit_us_total, commit_us_max;
    uint64_t failures;          /* batches that could not be committed */
    struct kolam_error failure; /* why the newest of them failed; status KOLAM_OK: none did */
    struct kolam_histogram commit_time; /* from a batch's first write to its sync */
    struct kolam_histogram batch_size;  /* submissions in a batch */
    struct kolam_histogram submit_time; /* from a submission's arrival to its outcome */
};
void kolam_log_sqlite_stats(struct kolam_log *log, struct kolam_log_stats *out_stats);

#endif
