/* What the service manager that started us is told (systemd's Type=notify): ready, reloading, stopping. Nothing without one. */
#ifndef KOLAM_SERVER_NOTIFY_H
#define KOLAM_SERVER_NOTIFY_H

#include <stdbool.h>

/* True if somebody wants to be told ($NOTIFY_SOCKET). */
bool kolam_notify_is_wanted(void);
/* "READY=1\nSTATUS=...": lines as sd_notify(3) takes them. What cannot be told is not. */
void kolam_notify(const char *state);

#endif
