/* Statuses as words: the phrase for each, and the sentence a failing branch leaves behind. */
#include "kolam/status.h"

#include <stdarg.h>
#include <stdio.h>

const char *kolam_status_text(enum kolam_status status) {
    switch (status) {
    case KOLAM_OK:
        return "ok";
    case KOLAM_ERR_INVALID:
        return "invalid input";
    case KOLAM_ERR_NOMEM:
        return "out of memory";
    case KOLAM_ERR_IO:
        return "input or output failed";
    case KOLAM_ERR_FULL:
        return "a limit was reached or the disk is full";
    case KOLAM_ERR_NOT_FOUND:
        return "not found";
    case KOLAM_ERR_EXISTS:
        return "exists already";
    case KOLAM_ERR_BUSY:
        return "in use by another process";
    case KOLAM_ERR_TOO_NEW:
        return "written by a newer kolam";
    case KOLAM_ERR_CORRUPT:
        return "the file is damaged";
    case KOLAM_ERR_DENIED:
        return "not allowed";
    case KOLAM_ERR_CLOSED:
        return "closed";
    case KOLAM_ERR_GONE:
        return "the older history was flattened, and this with it: it cannot be changed any more";
    }
    return "unknown status";
}

enum kolam_status kolam_fail(struct kolam_error *error, enum kolam_status status,
                             const char *format, ...) {
    if (error) {
        va_list args;
        va_start(args, format);
        if (vsnprintf(error->text, sizeof error->text, format, args) < 0) {
            error->text[0] = '\0';
        }
        va_end(args);
        error->status = status;
    }
    return status;
}
