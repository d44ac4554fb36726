/* Signing in elsewhere: a trusted reverse proxy speaks OpenID Connect (or whatever it likes) and tells in a header who somebody is.
 * Believed from trusted proxies alone (peer.h), and only if --identity-header names the header. */
#ifndef KOLAM_SERVER_SUBJECT_H
#define KOLAM_SERVER_SUBJECT_H

#include "identity_thread.h"
#include "session.h"

struct kolam_subject {
    char subject[KOLAM_SUBJECT_BYTES_MAX + 1];
    char name[KOLAM_NAME_BYTES_MAX + 1]; /* what they are called there; may be empty */
};

/* Takes it from the request, if there is one. False without memory. */
KOLAM_MUST_CHECK bool kolam_subject_take(struct kolam_session *session,
                                         const struct kolam_request *request);
/* What the identity thread wants to know of it. */
void kolam_subject_fill(const struct kolam_session *session,
                        struct kolam_identity_request *request);

#endif
