/* Loading the web client: walk, read, hash, compress. Runs once, before the server serves. */
#include "static_load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "claims.h"
#include "kolam/alloc.h"
#include "kolam/folder.h"
#include "kolam/identity.h"

#define FILE_BYTES_MAX (64 << 20)
#define GZIP_WINDOW_BITS (15 + 16) /* 16: a gzip header, not zlib's */

struct type {
    const char *suffix, *type;
    bool is_text; /* compresses well */
};

static const struct type types[] = {
    {".html", "text/html; charset=utf-8", true},
    {".js", "text/javascript; charset=utf-8", true},
    {".mjs", "text/javascript; charset=utf-8", true},
    {".css", "text/css; charset=utf-8", true},
    {".json", "application/json", true},
    {".map", "application/json", true},
    {".webmanifest", "application/manifest+json", true},
    {".svg", "image/svg+xml", true},
    {".wasm", "application/wasm", true},
    {".txt", "text/plain; charset=utf-8", true},
    {".png", "image/png", false},
    {".webp", "image/webp", false},
    {".ico", "image/x-icon", false},
    {".woff2", "font/woff2", false},
};

static const struct type *type_of(const char *path) {
    static const struct type unknown = {"", "application/octet-stream", false};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(dot, types[i].suffix) == 0) {
            return &types[i];
        }
    }
    return &unknown;
}

/* esbuild's "name-ABCDEFGH.js": eight of A-Z 2-7 before the suffix. */
static bool has_hash(const char *path) {
    const char *dot = strrchr(path, '.');
    if (!dot || dot - path < 10 || dot[-9] != '-') {
        return false;
    }
    return strspn(dot - 8, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == 8;
}

static struct kolam_bytes *compress_bytes(const struct kolam_bytes *plain) {
    z_stream stream = {0};
    if (plain->size < 256 || deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS,
                                          9, Z_DEFAULT_STRATEGY) != Z_OK) {
        return NULL;
    }
    struct kolam_bytes *packed = kolam_bytes_create(deflateBound(&stream, plain->size));
    if (packed) {
        stream.next_in = (Bytef *)plain->data;
        stream.avail_in = plain->size;
        stream.next_out = packed->data;
        stream.avail_out = packed->size;
        bool is_whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
        packed->size = (uint32_t)stream.total_out;
        if (!is_whole || packed->size >= plain->size - plain->size / 16) {
            kolam_bytes_unref(packed);
            packed = NULL;
        }
    }
    deflateEnd(&stream);
    return packed;
}

static struct kolam_bytes *read_file(const char *path) {
    struct stat status;
    FILE *file = fopen(path, "rb");
    struct kolam_bytes *bytes = NULL;
    if (file && fstat(fileno(file), &status) == 0 && status.st_size <= FILE_BYTES_MAX) {
        bytes = kolam_bytes_create((size_t)status.st_size);
    }
    if (bytes && fread(bytes->data, 1, bytes->size, file) != bytes->size) {
        kolam_bytes_unref(bytes);
        bytes = NULL;
    }
    if (file) {
        fclose(file);
    }
    return bytes;
}

static struct kolam_static_file *load_file(const char *disk_path, const char *url_path) {
    struct kolam_static_file *file = kolam_alloc_zero(1, sizeof(*file));
    if (!file) {
        return NULL;
    }
    kolam_list_init(&file->link);
    const struct type *type = type_of(url_path);
    file->type = type->type;
    file->is_hashed = has_hash(url_path);
    file->path = kolam_strdup(url_path);
    file->plain = read_file(disk_path);
    if (!file->path || !file->plain) {
        kolam_static_file_destroy(file);
        return NULL;
    }
    uint8_t hash[32];
    kolam_sha256(file->plain->data, file->plain->size, hash);
    kolam_hex_encode(hash, 16, file->etag);
    file->gzip = type->is_text ? compress_bytes(file->plain) : NULL;
    if (strncmp(type->type, "text/html", 9) == 0 &&
        !kolam_inline_scripts(file->plain->data, file->plain->size, file->inline_scripts)) {
        kolam_static_file_destroy(file);
        return NULL;
    }
    return file;
}

void kolam_static_file_destroy(struct kolam_static_file *file) {
    kolam_list_remove(&file->link);
    kolam_bytes_unref(file->plain);
    kolam_bytes_unref(file->gzip);
    kolam_free(file->path);
    kolam_free(file);
}

static enum kolam_status load_folder(const char *root, const char *below, struct kolam_list *files,
                                     uint64_t *bytes, struct kolam_error *error);

static enum kolam_status load_entry(const char *root, const char *url_path,
                                    struct kolam_list *files, uint64_t *bytes,
                                    struct kolam_error *error) {
    char disk_path[KOLAM_PATH_MAX];
    struct stat status;
    if (snprintf(disk_path, sizeof(disk_path), "%s%s", root, url_path) >= (int)sizeof(disk_path) ||
        stat(disk_path, &status) != 0) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s%s: cannot be read", root, url_path);
    }
    if (S_ISDIR(status.st_mode)) {
        return load_folder(root, url_path, files, bytes, error);
    }
    if (!S_ISREG(status.st_mode)) {
        return KOLAM_OK;
    }
    struct kolam_static_file *file = load_file(disk_path, url_path);
    if (!file) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: cannot be read", disk_path);
    }
    *bytes += file->plain->size;
    kolam_list_append(files, &file->link);
    return KOLAM_OK;
}

static enum kolam_status load_folder(const char *root, const char *below, struct kolam_list *files,
                                     uint64_t *bytes, struct kolam_error *error) {
    char path[KOLAM_PATH_MAX];
    enum kolam_status status = KOLAM_OK;
    if (snprintf(path, sizeof(path), "%s%s", root, below) >= (int)sizeof(path)) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "%s%s: the path is too long", root, below);
    }
    DIR *folder = opendir(path);
    if (!folder) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: %s", path, strerror(errno));
    }
    for (struct dirent *entry; status == KOLAM_OK && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char url_path[KOLAM_PATH_MAX];
        if (snprintf(url_path, sizeof(url_path), "%s/%s", below, entry->d_name) <
            (int)sizeof(url_path)) {
            status = load_entry(root, url_path, files, bytes, error);
        }
    }
    closedir(folder);
    return status;
}

enum kolam_status kolam_static_load(const char *folder, struct kolam_list *files,
                                    uint64_t *out_bytes, struct kolam_error *error) {
    uint64_t bytes = 0;
    enum kolam_status status = load_folder(folder, "", files, &bytes, error);
    *out_bytes = bytes;
    return status;
}
