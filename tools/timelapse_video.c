/* Video by another program: raw frames go to an installed ffmpeg through a pipe, never through a shell. It writes beside
 * the output, which appears when it is complete. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/folder.h"
#include "timelapse.h"
#include "tool.h"

struct video_sink {
    struct kolam_frame_sink base;
    const struct kolam_timelapse *timelapse;
    pid_t pid;
    int fd;        /* ffmpeg's standard input */
    int words_fd;  /* what it says on standard error: a file in memory, which never makes it wait */
    uint8_t *rgba; /* one frame */
    char temp_path[KOLAM_PATH_MAX];
};

static bool ends_with(const char *text, const char *end) {
    size_t size = strlen(text), end_size = strlen(end);
    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

bool kolam_timelapse_is_video(const char *output) {
    return ends_with(output, ".webm") || ends_with(output, ".mp4");
}

/* ---- the other program ---- */

/* The first line that it said is the reason; empty if it said nothing. */
static void read_reason(const struct video_sink *sink, char *reason, size_t size_bytes) {
    ssize_t count = sink->words_fd >= 0 ? pread(sink->words_fd, reason, size_bytes - 1, 0) : 0;
    reason[count > 0 ? count : 0] = '\0';
    reason[strcspn(reason, "\r\n")] = '\0';
    for (char *at = reason; *at; at++) {
        *at = (unsigned char)*at < ' ' || *at == 127 ? ' ' : *at;
    }
}

/* Waits for its end. */
static enum kolam_status reap(struct video_sink *sink, struct kolam_error *error) {
    int ended;
    while (waitpid(sink->pid, &ended, 0) < 0) {
        if (errno != EINTR) {
            return kolam_fail(error, KOLAM_ERR_IO, "ffmpeg: %s", strerror(errno));
        }
    }
    sink->pid = -1;
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0) {
        return KOLAM_OK;
    }
    char reason[160];
    read_reason(sink, reason, sizeof reason);
    const char *colon = reason[0] ? ": " : "";
    return WIFEXITED(ended) ? kolam_fail(error, KOLAM_ERR_IO, "ffmpeg failed (exit status %d)%s%s",
                                         WEXITSTATUS(ended), colon, reason)
                            : kolam_fail(error, KOLAM_ERR_IO, "ffmpeg was ended by signal %d%s%s",
                                         WTERMSIG(ended), colon, reason);
}

/* Its signals are as usual, whatever ours are. */
static int spawn(struct video_sink *sink, char *const argv[], int input_fd) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input_fd, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (sink->words_fd >= 0) {
        posix_spawn_file_actions_adddup2(&actions, sink->words_fd, STDERR_FILENO);
    }
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int problem = posix_spawnp(&sink->pid, "ffmpeg", &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return problem;
}

/* Encoders of even sides alone get one row or column more, of the ground's colour. The matrix that made the colours is
 * told, or players guess it from the size. VP9 takes 2.5 times as long at its default speed, for files a sixth smaller. */
static int start(struct video_sink *sink, int input_fd) {
    const struct kolam_timelapse *timelapse = sink->timelapse;
    bool is_webm = ends_with(timelapse->output, ".webm");
    char size[32], fps[16], filter[160], output[KOLAM_PATH_MAX + 8];
    /* Else a name with a colon would be one of its protocols, and one with a dash an option. */
    snprintf(output, sizeof output, "%s%s", sink->temp_path[0] == '/' ? "" : "./", sink->temp_path);
    snprintf(size, sizeof size, "%ux%u", timelapse->width, timelapse->height);
    snprintf(fps, sizeof fps, "%u", timelapse->fps);
    snprintf(filter, sizeof filter,
             "pad=ceil(iw/2)*2:ceil(ih/2)*2:0:0:color=0x%06x,"
             "scale=out_color_matrix=bt709:out_range=tv",
             timelapse->ground);
    const char *const words[] = {"ffmpeg",
                                 "-hide_banner",
                                 "-loglevel",
                                 "error",
                                 "-nostdin",
                                 "-y",
                                 "-f",
                                 "rawvideo",
                                 "-pix_fmt",
                                 "rgba",
                                 "-s",
                                 size,
                                 "-r",
                                 fps,
                                 "-i",
                                 "-",
                                 "-vf",
                                 filter,
                                 "-pix_fmt",
                                 "yuv420p",
                                 "-colorspace",
                                 "bt709",
                                 "-color_primaries",
                                 "bt709",
                                 "-color_trc",
                                 "bt709",
                                 "-color_range",
                                 "tv",
                                 "-c:v",
                                 is_webm ? "libvpx-vp9" : "libx264",
                                 "-crf",
                                 is_webm ? "30" : "18",
                                 is_webm ? "-b:v" : "-movflags",
                                 is_webm ? "0" : "+faststart",
                                 is_webm ? "-row-mt" : "-preset",
                                 is_webm ? "1" : "medium",
                                 is_webm ? "-cpu-used" : "-threads",
                                 is_webm ? "4" : "0",
                                 "-f",
                                 is_webm ? "webm" : "mp4",
                                 output,
                                 NULL};
    char *argv[sizeof words / sizeof words[0]];
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        argv[i] = (char *)(uintptr_t)words[i];
    }
    return spawn(sink, argv, input_fd);
}

/* ---- the sink ---- */

static enum kolam_status write_all(struct video_sink *sink, const uint8_t *bytes, size_t size_bytes,
                                   struct kolam_error *error) {
    while (size_bytes > 0) {
        ssize_t count = write(sink->fd, bytes, size_bytes);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            int problem = errno;
            close(sink->fd);
            sink->fd = -1;
            enum kolam_status status = reap(sink, error);
            return status != KOLAM_OK
                       ? status
                       : kolam_fail(error, KOLAM_ERR_IO, "ffmpeg: %s", strerror(problem));
        }
        bytes += count;
        size_bytes -= (size_t)count;
    }
    return KOLAM_OK;
}

static enum kolam_status video_shot(struct kolam_frame_sink *base, const uint32_t *pixels,
                                    const struct kolam_shot *shot, struct kolam_error *error) {
    struct video_sink *sink = (struct video_sink *)base;
    uint32_t count = sink->timelapse->width * sink->timelapse->height;
    enum kolam_status status = KOLAM_OK;
    kolam_ink_to_rgba(pixels, count, sink->rgba);
    for (uint32_t i = 0; i < shot->ticks && status == KOLAM_OK; i++) {
        status = write_all(sink, sink->rgba, (size_t)count * 4, error);
    }
    return status;
}

static void video_free(struct video_sink *sink) {
    if (sink->fd >= 0) {
        close(sink->fd);
    }
    if (sink->words_fd >= 0) {
        close(sink->words_fd);
    }
    kolam_free(sink->rgba);
    kolam_free(sink);
}

static void video_abandon(struct kolam_frame_sink *base) {
    struct video_sink *sink = (struct video_sink *)base;
    if (sink->pid > 0) {
        struct kolam_error ignored;
        kill(sink->pid, SIGTERM);
        (void)!reap(sink, &ignored);
    }
    unlink(sink->temp_path);
    video_free(sink);
}

static enum kolam_status video_finish(struct kolam_frame_sink *base, struct kolam_error *error) {
    struct video_sink *sink = (struct video_sink *)base;
    const char *output = sink->timelapse->output;
    close(sink->fd); /* the end of the frames */
    sink->fd = -1;
    enum kolam_status status = reap(sink, error);
    if (status == KOLAM_OK && rename(sink->temp_path, output) != 0) {
        status = kolam_fail(error, KOLAM_ERR_IO, "%s: %s", output, strerror(errno));
    }
    if (status != KOLAM_OK) {
        unlink(sink->temp_path);
    }
    video_free(sink);
    return status;
}

static enum kolam_status begin(struct video_sink *sink, struct kolam_error *error) {
    const struct kolam_timelapse *timelapse = sink->timelapse;
    int fds[2];
    int size = snprintf(sink->temp_path, sizeof sink->temp_path, "%s.part-%ld", timelapse->output,
                        (long)getpid());
    if (size < 0 || (size_t)size >= sizeof sink->temp_path) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "the path is too long");
    }
    sink->rgba = kolam_alloc_array(timelapse->height, (size_t)timelapse->width * 4);
    if (!sink->rgba) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return kolam_fail(error, KOLAM_ERR_IO, "pipe: %s", strerror(errno));
    }
    sink->fd = fds[1];
    int problem = start(sink, fds[0]);
    close(fds[0]);
    if (problem != 0) {
        sink->pid = -1;
        return problem == ENOENT
                   ? kolam_fail(error, KOLAM_ERR_NOT_FOUND,
                                "a video needs ffmpeg, which is not installed (Debian: apt install "
                                "ffmpeg); an animated .png needs nothing")
                   : kolam_fail(error, KOLAM_ERR_IO, "ffmpeg: %s", strerror(problem));
    }
    return KOLAM_OK;
}

enum kolam_status kolam_frame_sink_video(const struct kolam_timelapse *timelapse,
                                         struct kolam_frame_sink **out_sink,
                                         struct kolam_error *error) {
    static const struct kolam_frame_sink_ops ops = {video_shot, video_finish, video_abandon};
    struct video_sink *sink = kolam_alloc_zero(1, sizeof *sink);
    if (!sink) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    sink->base.ops = &ops;
    sink->timelapse = timelapse;
    sink->pid = -1;
    sink->fd = -1;
    sink->words_fd = memfd_create("ffmpeg", MFD_CLOEXEC); /* without it, it says what it says */
    enum kolam_status status = begin(sink, error);
    if (status != KOLAM_OK) {
        video_abandon(&sink->base);
        return status;
    }
    *out_sink = &sink->base;
    return KOLAM_OK;
}
