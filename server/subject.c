/* What a trusted proxy says of who somebody is; see subject.h. */
#include "subject.h"

#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"

bool kolam_subject_take(struct kolam_session *session, const struct kolam_request *request) {
    if (request->subject[0] == '\0') {
        return true;
    }
    session->subject = kolam_alloc_zero(1, sizeof(*session->subject));
    if (!session->subject) {
        return false;
    }
    snprintf(session->subject->subject, sizeof(session->subject->subject), "%s", request->subject);
    snprintf(session->subject->name, sizeof(session->subject->name), "%s", request->subject_name);
    return true;
}

void kolam_subject_fill(const struct kolam_session *session,
                        struct kolam_identity_request *request) {
    request->issuer = session->server->options->identity_issuer;
    strcpy(request->subject, session->subject->subject);
    strcpy(request->author.name, session->subject->name);
}
