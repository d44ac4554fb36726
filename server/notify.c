/* See notify.h. The protocol is one datagram to a socket whose path is in the environment; a library would bring the journal with it. */
#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *socket_path(void) {
    const char *path = getenv("NOTIFY_SOCKET");
    return path && (path[0] == '/' || path[0] == '@') && path[1] != '\0' ? path : NULL;
}

bool kolam_notify_is_wanted(void) {
    return socket_path() != NULL;
}

int kolam_notify_open(void) {
    const char *path = socket_path();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || strlen(path) >= sizeof(address.sun_path)) {
        return -1;
    }
    const size_t size = strlen(path);
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* an abstract name */
    }
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, length) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

void kolam_notify(int fd, const char *state) {
    if (fd >= 0) {
        (void)send(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}
