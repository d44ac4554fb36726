/* What the service manager that started us is told (systemd's Type=notify): ready, reloading, stopping. Nothing without one. */
#ifndef KOLAM_SERVER_NOTIFY_H
#define KOLAM_SERVER_NOTIFY_H

#include <stdbool.h>

/* True if somebody wants to be told ($NOTIFY_SOCKET). */
bool kolam_notify_is_wanted(void);
/* The socket on which it is told, while sockets are still made (sandbox.h); -1 if nobody wants to be told, or cannot be. */
int kolam_notify_open(void);
/* "READY=1\nSTATUS=...": lines as sd_notify(3) takes them. What cannot be told is not. */
void kolam_notify(int fd, const char *state);

#endif
