/* Bytes of a file, decompressed on the way: gzip (zlib) and zstd are told by their first bytes, so that
 * a pipe or a wrong name reads as well as a right one. Concatenated members and frames are one stream. */
#include "byte_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "kolam/alloc.h"

#define INPUT_BYTES 65536
#define GZIP_WINDOW_BITS (15 + 16) /* zlib: the largest window, a gzip header */

enum kind { KIND_PLAIN, KIND_GZIP, KIND_ZSTD };

struct kolam_byte_stream {
    const char *name;
    int fd;
    enum kind kind;
    z_stream gzip;
    ZSTD_DStream *zstd;
    bool is_inside; /* of a member or frame: the end of the file here is damage */
    bool is_at_end; /* of the file, not yet of what is buffered */
    size_t input_at, input_end;
    uint8_t input[INPUT_BYTES];
};

static enum kolam_status read_some(struct kolam_byte_stream *stream, struct kolam_error *error) {
    ssize_t count;
    do {
        count = read(stream->fd, stream->input + stream->input_end,
                     sizeof stream->input - stream->input_end);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: %s", stream->name, strerror(errno));
    }
    stream->is_at_end = count == 0;
    stream->input_end += (size_t)count;
    return KOLAM_OK;
}

/* Makes sure that there is input, unless the file is over. */
static enum kolam_status refill(struct kolam_byte_stream *stream, struct kolam_error *error) {
    if (stream->input_at < stream->input_end || stream->is_at_end) {
        return KOLAM_OK;
    }
    stream->input_at = 0;
    stream->input_end = 0;
    return read_some(stream, error);
}

static enum kind kind_of(const uint8_t *bytes, size_t size_bytes) {
    static const uint8_t gzip_magic[] = {0x1f, 0x8b}, zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    if (size_bytes >= sizeof gzip_magic && memcmp(bytes, gzip_magic, sizeof gzip_magic) == 0) {
        return KIND_GZIP;
    }
    if (size_bytes >= sizeof zstd_magic && memcmp(bytes, zstd_magic, sizeof zstd_magic) == 0) {
        return KIND_ZSTD;
    }
    return KIND_PLAIN;
}

static enum kolam_status begin_decoding(struct kolam_byte_stream *stream,
                                        struct kolam_error *error) {
    while (stream->input_end < 4 && !stream->is_at_end) {
        enum kolam_status status = read_some(stream, error);
        if (status != KOLAM_OK) {
            return status;
        }
    }
    stream->kind = kind_of(stream->input, stream->input_end);
    if (stream->kind == KIND_GZIP && inflateInit2(&stream->gzip, GZIP_WINDOW_BITS) != Z_OK) {
        stream->kind = KIND_PLAIN; /* nothing to end */
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", stream->name);
    }
    if (stream->kind == KIND_ZSTD) {
        stream->zstd = ZSTD_createDStream();
        if (!stream->zstd) {
            return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", stream->name);
        }
    }
    return KOLAM_OK;
}

enum kolam_status kolam_byte_stream_open(const char *path, struct kolam_byte_stream **out_stream,
                                         struct kolam_error *error) {
    struct kolam_byte_stream *stream = kolam_alloc_zero(1, sizeof *stream);
    if (!stream) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    bool is_standard = strcmp(path, "-") == 0;
    stream->name = is_standard ? "standard input" : path;
    stream->fd = is_standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    enum kolam_status status;
    if (stream->fd < 0) {
        status = kolam_fail(error, errno == ENOENT ? KOLAM_ERR_NOT_FOUND : KOLAM_ERR_IO, "%s: %s",
                            path, strerror(errno));
    } else {
        status = begin_decoding(stream, error);
    }
    if (status != KOLAM_OK) {
        kolam_byte_stream_close(stream);
        return status;
    }
    *out_stream = stream;
    return KOLAM_OK;
}

void kolam_byte_stream_close(struct kolam_byte_stream *stream) {
    if (!stream) {
        return;
    }
    if (stream->kind == KIND_GZIP) {
        inflateEnd(&stream->gzip);
    }
    ZSTD_freeDStream(stream->zstd);
    if (stream->fd > STDERR_FILENO) {
        close(stream->fd);
    }
    kolam_free(stream);
}

static enum kolam_status damaged(const struct kolam_byte_stream *stream, const char *what,
                                 struct kolam_error *error) {
    return kolam_fail(error, KOLAM_ERR_CORRUPT, "%s: the compressed data is damaged: %s",
                      stream->name, what);
}

static size_t copy_plain(struct kolam_byte_stream *stream, void *out, size_t capacity_bytes) {
    size_t size_bytes = stream->input_end - stream->input_at;
    size_bytes = size_bytes < capacity_bytes ? size_bytes : capacity_bytes;
    memcpy(out, stream->input + stream->input_at, size_bytes);
    stream->input_at += size_bytes;
    return size_bytes;
}

static enum kolam_status inflate_some(struct kolam_byte_stream *stream, void *out,
                                      size_t capacity_bytes, size_t *out_size_bytes,
                                      struct kolam_error *error) {
    z_stream *gzip = &stream->gzip;
    gzip->next_in = stream->input + stream->input_at;
    gzip->avail_in = (uInt)(stream->input_end - stream->input_at);
    gzip->next_out = out;
    gzip->avail_out = (uInt)capacity_bytes;
    int result = inflate(gzip, Z_NO_FLUSH);
    stream->input_at = stream->input_end - gzip->avail_in;
    *out_size_bytes = capacity_bytes - gzip->avail_out;
    if (result == Z_STREAM_END) {
        stream->is_inside = false;
        return inflateReset(gzip) == Z_OK ? KOLAM_OK : damaged(stream, "reset", error);
    }
    if (result != Z_OK && result != Z_BUF_ERROR) {
        return damaged(stream, gzip->msg ? gzip->msg : "gzip", error);
    }
    stream->is_inside = true;
    return KOLAM_OK;
}

static enum kolam_status unzstd_some(struct kolam_byte_stream *stream, void *out,
                                     size_t capacity_bytes, size_t *out_size_bytes,
                                     struct kolam_error *error) {
    ZSTD_inBuffer input = {stream->input, stream->input_end, stream->input_at};
    ZSTD_outBuffer output = {out, capacity_bytes, 0};
    size_t result = ZSTD_decompressStream(stream->zstd, &output, &input);
    if (ZSTD_isError(result)) {
        return damaged(stream, ZSTD_getErrorName(result), error);
    }
    stream->input_at = input.pos;
    stream->is_inside = result != 0;
    *out_size_bytes = output.pos;
    return KOLAM_OK;
}

static enum kolam_status decode_some(struct kolam_byte_stream *stream, void *out,
                                     size_t capacity_bytes, size_t *out_size_bytes,
                                     struct kolam_error *error) {
    switch (stream->kind) {
    case KIND_GZIP:
        return inflate_some(stream, out, capacity_bytes, out_size_bytes, error);
    case KIND_ZSTD:
        return unzstd_some(stream, out, capacity_bytes, out_size_bytes, error);
    case KIND_PLAIN:
        break;
    }
    *out_size_bytes = copy_plain(stream, out, capacity_bytes);
    return KOLAM_OK;
}

enum kolam_status kolam_byte_stream_read(struct kolam_byte_stream *stream, void *out,
                                         size_t capacity_bytes, size_t *out_size_bytes,
                                         struct kolam_error *error) {
    for (;;) {
        enum kolam_status status = refill(stream, error);
        if (status != KOLAM_OK) {
            return status;
        }
        bool had_input = stream->input_at < stream->input_end;
        size_t size_bytes = 0;
        /* Without input a decoder may still hold output of what it has read. */
        if (had_input || stream->is_inside) {
            status = decode_some(stream, out, capacity_bytes, &size_bytes, error);
        }
        if (status != KOLAM_OK) {
            return status;
        }
        if (size_bytes == 0 && !had_input && stream->is_inside) {
            return damaged(stream, "it is cut off", error);
        }
        if (size_bytes > 0 || !had_input) {
            *out_size_bytes = size_bytes;
            return KOLAM_OK;
        }
    }
}
