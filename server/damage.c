/* See damage.h. The databases' own threads come upon such rows. */
#include "damage.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "server.h"

static void tell(struct kolam_server *server, const char *file, const char *table, int64_t row) {
    atomic_fetch_add(&server->damaged_rows, 1);
    kolam_logfmt(&server->logfmt, KOLAM_LOG_ERROR, "damaged_row",
                 "file=%s table=%s row=%" PRId64
                 " hint=\"kolam check tells all; restore the file from a backup\"",
                 file, table, row);
}

void kolam_damage_of_people(void *server, const char *table, int64_t row) {
    tell(server, "identity.db", table, row);
}

void kolam_damage_of_order(void *server, const char *table, int64_t row) {
    tell(server, "moderation.db", table, row);
}
