/* Memory that was needed and is not any more goes back to the system.
 *
 * The allocator keeps what is freed for what comes next, in parts of the heap that threads share; after an attack, or the end of a
 * crowded day, that can be several times what is in use. So now and then a worker looks, and when much lies free in RAM it is given back. */
#ifndef KOLAM_SERVER_TRIM_H
#define KOLAM_SERVER_TRIM_H

#include "server.h"

KOLAM_MUST_CHECK enum kolam_status kolam_trim_create(struct kolam_server *server);
void kolam_trim_destroy(struct kolam_server *server); /* after the pool */
/* Once a second. */
void kolam_trim_sweep(struct kolam_server *server, int64_t now_ms);

#endif
