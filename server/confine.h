/* Which files this server needs, for the sandbox (sandbox.h), and what is logged about it. */
#ifndef KOLAM_SERVER_CONFINE_H
#define KOLAM_SERVER_CONFINE_H

#include "server.h"

/* Before the first thread; the data folder is there. */
void kolam_confine_files(struct kolam_server *server);
/* When all that has to be bound is. */
void kolam_confine_calls(struct kolam_server *server);

#endif
