/* What the files about people share. */
#ifndef KOLAM_SERVER_PEOPLE_H
#define KOLAM_SERVER_PEOPLE_H

#include "identity_thread.h"
#include "session.h"

/* A request to the identity thread that holds the session; NULL when out of memory (the session is then
 * closed). `done` ends it with kolam_people_finish. */
struct kolam_identity_request *kolam_people_request(struct kolam_session *session,
                                                    enum kolam_identity_kind kind,
                                                    void (*done)(struct kolam_identity_request *));
void kolam_people_finish(struct kolam_identity_request *request);
/* {"type":"artists","list":...}; takes the list. */
json_t *kolam_people_artists_message(json_t *list);

#endif
