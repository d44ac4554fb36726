/* kolam admin: who people are. */
#include "admin.h"

const struct kolam_admin_command kolam_admin_people[] = {{0}};
