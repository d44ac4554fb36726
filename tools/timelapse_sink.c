/* Where frames go when no other program is needed: one animated PNG, or a folder of still ones. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apng.h"
#include "kolam/alloc.h"
#include "kolam/command.h"
#include "kolam/folder.h"
#include "picture_file.h"
#include "timelapse.h"

/* ---- one animated PNG ---- */

struct apng_sink {
    struct kolam_frame_sink base;
    const char *output;
    struct kolam_picture_file *file;
    struct kolam_apng *apng;
    char seqs[56];
    struct kolam_png_text texts[3]; /* wanted at the first frame */
};

static enum kolam_status refused(const struct apng_sink *sink, enum kolam_status status,
                                 struct kolam_error *error) {
    const char *problem = kolam_picture_file_problem(sink->file);
    return kolam_fail(error, status, "%s: %s", sink->output,
                      *problem ? problem : kolam_status_text(status));
}

static enum kolam_status apng_shot(struct kolam_frame_sink *base, const uint32_t *pixels,
                                   const struct kolam_shot *shot, struct kolam_error *error) {
    struct apng_sink *sink = (struct apng_sink *)base;
    enum kolam_status status = kolam_apng_frame(sink->apng, pixels, shot->ticks);
    return status == KOLAM_OK ? KOLAM_OK : refused(sink, status, error);
}

static void apng_abandon(struct kolam_frame_sink *base) {
    struct apng_sink *sink = (struct apng_sink *)base;
    kolam_apng_destroy(sink->apng);
    kolam_picture_file_abandon(sink->file);
    kolam_free(sink);
}

static enum kolam_status apng_finish(struct kolam_frame_sink *base, struct kolam_error *error) {
    struct apng_sink *sink = (struct apng_sink *)base;
    enum kolam_status status = kolam_apng_end(sink->apng);
    if (status != KOLAM_OK) {
        status = refused(sink, status, error);
        apng_abandon(base);
        return status;
    }
    kolam_apng_destroy(sink->apng);
    status = kolam_picture_file_finish(sink->file, error);
    kolam_free(sink);
    return status;
}

static enum kolam_status begin_apng(struct apng_sink *sink, const struct kolam_timelapse *timelapse,
                                    const struct kolam_shots *shots) {
    snprintf(sink->seqs, sizeof sink->seqs, "%" PRIu64 "-%" PRIu64, shots->list[0].seq,
             shots->list[shots->count - 1].seq);
    sink->texts[0] = (struct kolam_png_text){"Software", "kolam " KOLAM_VERSION};
    sink->texts[1] = (struct kolam_png_text){"kolam:canvas-seq", sink->seqs};
    sink->texts[2] = (struct kolam_png_text){"Title", timelapse->wall.canvas};
    const struct kolam_apng_options options = {.width = timelapse->width,
                                               .height = timelapse->height,
                                               .is_opaque = timelapse->has_ground,
                                               .frame_count = shots->count,
                                               .fps = timelapse->fps,
                                               .texts = sink->texts,
                                               .text_count =
                                                   sizeof sink->texts / sizeof sink->texts[0],
                                               .write = kolam_picture_file_write,
                                               .ctx = sink->file};
    return kolam_apng_create(&options, &sink->apng);
}

enum kolam_status kolam_frame_sink_apng(const struct kolam_timelapse *timelapse,
                                        const struct kolam_shots *shots,
                                        struct kolam_frame_sink **out_sink,
                                        struct kolam_error *error) {
    static const struct kolam_frame_sink_ops ops = {apng_shot, apng_finish, apng_abandon};
    struct apng_sink *sink = kolam_alloc_zero(1, sizeof *sink);
    if (!sink) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    sink->base.ops = &ops;
    sink->output = timelapse->output;
    enum kolam_status status = kolam_picture_file_create(timelapse->output, &sink->file, error);
    if (status == KOLAM_OK) {
        status = begin_apng(sink, timelapse, shots);
        if (status != KOLAM_OK) {
            (void)kolam_fail(error, status, "%s", kolam_status_text(status));
        }
    }
    if (status != KOLAM_OK) {
        apng_abandon(&sink->base);
        return status;
    }
    *out_sink = &sink->base;
    return KOLAM_OK;
}

/* ---- a folder of still ones ---- */

struct folder_sink {
    struct kolam_frame_sink base;
    const struct kolam_timelapse *timelapse;
    uint32_t frames_done;
};

bool kolam_timelapse_is_folder(const char *output) {
    struct stat info;
    size_t size = strlen(output);
    return (size > 0 && output[size - 1] == '/') ||
           (stat(output, &info) == 0 && S_ISDIR(info.st_mode));
}

static enum kolam_status write_still(const struct folder_sink *sink, const uint32_t *pixels,
                                     uint64_t seq, struct kolam_picture_file *file) {
    const struct kolam_timelapse *timelapse = sink->timelapse;
    struct kolam_png_writer *writer;
    char seq_text[24];
    snprintf(seq_text, sizeof seq_text, "%" PRIu64, seq);
    const struct kolam_png_text texts[] = {{"Software", "kolam " KOLAM_VERSION},
                                           {"kolam:canvas-seq", seq_text},
                                           {"Title", timelapse->wall.canvas}};
    enum kolam_status status =
        kolam_png_begin(timelapse->width, timelapse->height, timelapse->has_ground, texts,
                        sizeof texts / sizeof texts[0], kolam_picture_file_write, file, &writer);
    if (status != KOLAM_OK) {
        return status;
    }
    for (uint32_t y = 0; y < timelapse->height && status == KOLAM_OK; y++) {
        status = kolam_png_row(writer, pixels + (size_t)y * timelapse->width);
    }
    if (status == KOLAM_OK) {
        return kolam_png_end(writer);
    }
    kolam_png_abort(writer);
    return status;
}

static enum kolam_status folder_frame(struct folder_sink *sink, const uint32_t *pixels,
                                      uint64_t seq, struct kolam_error *error) {
    char path[KOLAM_PATH_MAX];
    struct kolam_picture_file *file;
    int size = snprintf(path, sizeof path, "%s/frame-%05u.png", sink->timelapse->output,
                        ++sink->frames_done);
    if (size < 0 || (size_t)size >= sizeof path) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "the path is too long");
    }
    enum kolam_status status = kolam_picture_file_create(path, &file, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = write_still(sink, pixels, seq, file);
    if (status != KOLAM_OK) {
        const char *problem = kolam_picture_file_problem(file);
        (void)kolam_fail(error, status, "%s: %s", path,
                         *problem ? problem : kolam_status_text(status));
        kolam_picture_file_abandon(file);
        return status;
    }
    return kolam_picture_file_finish(file, error);
}

static enum kolam_status folder_shot(struct kolam_frame_sink *base, const uint32_t *pixels,
                                     const struct kolam_shot *shot, struct kolam_error *error) {
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < shot->ticks && status == KOLAM_OK; i++) {
        status = folder_frame((struct folder_sink *)base, pixels, shot->seq, error);
    }
    return status;
}

/* Frames that are there already stay: each is whole, and the next try writes over them. */
static void folder_abandon(struct kolam_frame_sink *base) {
    kolam_free(base);
}

static enum kolam_status folder_finish(struct kolam_frame_sink *base, struct kolam_error *error) {
    (void)error;
    kolam_free(base);
    return KOLAM_OK;
}

/* Frames of another timelapse must not mix with these. */
static enum kolam_status check_folder(const char *path, struct kolam_error *error) {
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: %s", path, strerror(errno));
    }
    DIR *folder = opendir(path);
    if (!folder) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: %s", path, strerror(errno));
    }
    bool is_empty = true;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        is_empty = is_empty && entry->d_name[0] == '.';
    }
    closedir(folder);
    return is_empty
               ? KOLAM_OK
               : kolam_fail(error, KOLAM_ERR_EXISTS, "%s is not empty; name a new folder", path);
}

enum kolam_status kolam_frame_sink_folder(const struct kolam_timelapse *timelapse,
                                          struct kolam_frame_sink **out_sink,
                                          struct kolam_error *error) {
    static const struct kolam_frame_sink_ops ops = {folder_shot, folder_finish, folder_abandon};
    enum kolam_status status = check_folder(timelapse->output, error);
    if (status != KOLAM_OK) {
        return status;
    }
    struct folder_sink *sink = kolam_alloc_zero(1, sizeof *sink);
    if (!sink) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    sink->base.ops = &ops;
    sink->timelapse = timelapse;
    *out_sink = &sink->base;
    return KOLAM_OK;
}
