/* What every call that can fail returns, and the sentence that tells a person why. */
#ifndef KOLAM_STATUS_H
#define KOLAM_STATUS_H

#define KOLAM_MUST_CHECK __attribute__((warn_unused_result))
#define KOLAM_PRINTF(format_arg, first_arg) __attribute__((format(printf, format_arg, first_arg)))

enum kolam_status {
    KOLAM_OK = 0,
    KOLAM_ERR_INVALID,   /* the input breaks a format or a bound */
    KOLAM_ERR_NOMEM,     /* an allocation failed */
    KOLAM_ERR_IO,        /* the system refused a read, a write or a socket call */
    KOLAM_ERR_FULL,      /* a limit or the disk is full */
    KOLAM_ERR_NOT_FOUND, /* no such canvas, op, tile, artist, file */
    KOLAM_ERR_EXISTS,    /* it is there already */
    KOLAM_ERR_BUSY,      /* another process holds it */
    KOLAM_ERR_TOO_NEW,   /* the file was written by a newer kolam */
    KOLAM_ERR_CORRUPT,   /* the file contradicts itself */
    KOLAM_ERR_DENIED,    /* the asker may not */
    KOLAM_ERR_CLOSED,    /* the thing was closed in the meantime */
    KOLAM_ERR_GONE,      /* it was there once: `kolam compact` flattened it into the base */
};

/* A short lower-case English phrase, never NULL; static storage. Any thread. */
const char *kolam_status_text(enum kolam_status status);

/* An error with its own words: what, where, what to do; text is always terminated. */
struct kolam_error {
    enum kolam_status status;
    char text[320];
};

/* Fills *error (which may be NULL) and returns `status`, so that a failing branch is one line. */
enum kolam_status kolam_fail(struct kolam_error *error, enum kolam_status status,
                             const char *format, ...) KOLAM_PRINTF(3, 4);

#endif
