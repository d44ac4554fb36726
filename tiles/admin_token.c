/* The admin token: 256 random bits in a file that only its owner may read. Whoever can read the data
 * folder as that user may speak for others; nobody else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kolam/folder.h"
#include "kolam/identity.h"

#define TOKEN_HEX 64

static bool is_hex_token(const char *text, size_t length) {
    return length == TOKEN_HEX && strspn(text, "0123456789abcdef") == TOKEN_HEX;
}

static enum kolam_status fail_file(struct kolam_error *error, const char *path) {
    return kolam_fail(error, KOLAM_ERR_IO, "%s: %s", path, strerror(errno));
}

/* NOT_FOUND if there is no such file. */
static enum kolam_status read_token(const char *path, char out_hex[TOKEN_HEX + 1],
                                    struct kolam_error *error) {
    char text[TOKEN_HEX + 2] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? KOLAM_ERR_NOT_FOUND : fail_file(error, path);
    }
    ssize_t got = read(fd, text, sizeof text - 1);
    if (got < 0) {
        enum kolam_status status = fail_file(error, path);
        (void)close(fd);
        return status;
    }
    (void)close(fd);
    text[strcspn(text, "\n")] = '\0';
    if (!is_hex_token(text, strlen(text))) {
        return kolam_fail(error, KOLAM_ERR_CORRUPT,
                          "%s: not 64 hexadecimal digits: delete it to have a new one made", path);
    }
    memcpy(out_hex, text, TOKEN_HEX + 1);
    return KOLAM_OK;
}

/* The token that somebody was told, or has noted, is the one after a power cut. */
static enum kolam_status sync_folder(const char *folder, struct kolam_error *error) {
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_synced = fd >= 0 && fsync(fd) == 0;
    enum kolam_status status = is_synced ? KOLAM_OK : fail_file(error, folder);
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

/* Beside its place, synced, then renamed: there is a whole token or none. */
static enum kolam_status write_token(const char *path, const char *temp_path, const char *hex,
                                     struct kolam_error *error) {
    char line[TOKEN_HEX + 2];
    int length = snprintf(line, sizeof line, "%s\n", hex);
    (void)unlink(temp_path); /* left by a crash */
    int fd = open(temp_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return fail_file(error, temp_path);
    }
    enum kolam_status status = KOLAM_OK;
    if (write(fd, line, (size_t)length) != length || fsync(fd) != 0) {
        status = fail_file(error, temp_path);
    }
    if (close(fd) != 0 && status == KOLAM_OK) {
        status = fail_file(error, temp_path);
    }
    if (status == KOLAM_OK && rename(temp_path, path) != 0) {
        status = fail_file(error, path);
    }
    if (status != KOLAM_OK) {
        (void)unlink(temp_path);
    }
    return status;
}

enum kolam_status kolam_admin_token_load(const char *folder, char out_hex[TOKEN_HEX + 1],
                                         struct kolam_error *error) {
    char path[KOLAM_PATH_MAX], temp_path[KOLAM_PATH_MAX], hex[TOKEN_HEX + 1];
    int length = snprintf(path, sizeof path, "%s/admin.token", folder);
    int temp_length = snprintf(temp_path, sizeof temp_path, "%s/admin.token.new", folder);
    if (length < 0 || temp_length < 0 || (size_t)temp_length >= sizeof temp_path) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "%s: the path is too long", folder);
    }
    enum kolam_status status = read_token(path, out_hex, error);
    if (status != KOLAM_ERR_NOT_FOUND) {
        return status;
    }
    uint8_t bytes[TOKEN_HEX / 2];
    kolam_random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    }
    status = write_token(path, temp_path, hex, error);
    status = status == KOLAM_OK ? sync_folder(folder, error) : status;
    if (status == KOLAM_OK) {
        memcpy(out_hex, hex, sizeof hex);
    }
    return status;
}
