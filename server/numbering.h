/* An author's number on a canvas. The log gives it, so asking takes a commit the first time. */
#ifndef KOLAM_SERVER_NUMBERING_H
#define KOLAM_SERVER_NUMBERING_H

#include "session.h"

/* Calls `done` with the number of `author` on the session's canvas, or with why there is none:
 * KOLAM_ERR_NOT_FOUND for a canvas that does not exist and may not be created for it. The session may be
 * closed by then. */
void kolam_number_author(struct kolam_session *session, const struct kolam_author *author,
                         bool may_create,
                         void (*done)(struct kolam_session *session, void *ctx,
                                      enum kolam_status status, uint32_t artist),
                         void *ctx);

#endif
