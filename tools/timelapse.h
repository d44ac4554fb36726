/* The parts of kolam timelapse: where frames come from, which there are, and where they go. */
#ifndef KOLAM_TOOLS_TIMELAPSE_H
#define KOLAM_TOOLS_TIMELAPSE_H

#include "kolam/export.h"
#include "wall.h"

#define KOLAM_TIMELAPSE_FRAMES_MAX 36000u
#define KOLAM_TIMELAPSE_SIDE_MAX 16384u
#define KOLAM_TIMELAPSE_PIXELS_MAX 33177600u /* 7680 x 4320 */

/* ---- where frames come from ---- */

struct kolam_frame_source;

/* One state of the wall, and when it was committed. */
struct kolam_frame_moment {
    uint64_t seq;
    int64_t time_ms;
};

/* The moment that a timelapse begins with unless another is named: the first there is. */
#define KOLAM_FRAME_FIRST "first"

struct kolam_frame_source_ops {
    void (*destroy)(struct kolam_frame_source *source);
    enum kolam_status (*resolve)(struct kolam_frame_source *source, const char *option,
                                 const char *text, struct kolam_frame_moment *out_moment,
                                 struct kolam_error *error);
    enum kolam_status (*strokes)(struct kolam_frame_source *source, uint64_t after_seq,
                                 uint64_t to_seq, uint64_t **out_seqs, size_t *out_count,
                                 struct kolam_error *error);
    enum kolam_status (*seq_at)(struct kolam_frame_source *source, int64_t time_ms,
                                uint64_t *out_seq, struct kolam_error *error);
    enum kolam_status (*draw)(struct kolam_frame_source *source, uint64_t seq, uint32_t *pixels,
                              struct kolam_error *error);
};
struct kolam_frame_source {
    const struct kolam_frame_source_ops *ops;
};

struct kolam_timelapse {
    struct kolam_wall wall;
    struct kolam_region region; /* with its scale */
    uint32_t width, height;
    bool has_ground;
    uint32_t ground;
    const char *from, *to; /* moments, or NULL: the first op, now */
    bool is_by_time;
    uint32_t fps, frame_count; /* as shown, each 1/fps s */
    const char *output;
    int signals_fd;
};

/* Both draw into width x height premultiplied pixels; `pixels` hold the frame drawn before (rising seqs), or anything
 * at the first. `timelapse` must outlive them. */
KOLAM_MUST_CHECK enum kolam_status
kolam_frame_source_folder(const struct kolam_timelapse *timelapse,
                          struct kolam_frame_source **out_source, struct kolam_error *error);
KOLAM_MUST_CHECK enum kolam_status
kolam_frame_source_server(const struct kolam_timelapse *timelapse,
                          struct kolam_frame_source **out_source, struct kolam_error *error);

/* The region in whole pixels of the level that it is drawn from, rounded outwards. */
struct kolam_rect kolam_timelapse_rect(const struct kolam_timelapse *timelapse);

/* ---- which frames there are ---- */

/* A state that is shown for `ticks` frames. */
struct kolam_shot {
    uint64_t seq;
    uint32_t ticks;
};

struct kolam_shots {
    struct kolam_shot *list;
    uint32_t count;
};

/* Evenly by strokes, or by time; the first is `from`, the last `to`. The caller frees shots->list with kolam_free. */
KOLAM_MUST_CHECK enum kolam_status kolam_shots_plan(const struct kolam_timelapse *timelapse,
                                                    struct kolam_frame_source *source,
                                                    struct kolam_shots *out_shots,
                                                    struct kolam_error *error);

/* ---- where they go ---- */

struct kolam_frame_sink;

struct kolam_frame_sink_ops {
    enum kolam_status (*shot)(struct kolam_frame_sink *sink, const uint32_t *pixels,
                              const struct kolam_shot *shot, struct kolam_error *error);
    /* Both free the sink; finish also on failure. */
    enum kolam_status (*finish)(struct kolam_frame_sink *sink, struct kolam_error *error);
    void (*abandon)(struct kolam_frame_sink *sink);
};
struct kolam_frame_sink {
    const struct kolam_frame_sink_ops *ops;
};

/* By the name of the output: ".webm" and ".mp4", a folder, or else an animated PNG. */
bool kolam_timelapse_is_video(const char *output);
bool kolam_timelapse_is_folder(const char *output);

KOLAM_MUST_CHECK enum kolam_status kolam_frame_sink_apng(const struct kolam_timelapse *timelapse,
                                                         const struct kolam_shots *shots,
                                                         struct kolam_frame_sink **out_sink,
                                                         struct kolam_error *error);
KOLAM_MUST_CHECK enum kolam_status kolam_frame_sink_folder(const struct kolam_timelapse *timelapse,
                                                           struct kolam_frame_sink **out_sink,
                                                           struct kolam_error *error);
KOLAM_MUST_CHECK enum kolam_status kolam_frame_sink_video(const struct kolam_timelapse *timelapse,
                                                          struct kolam_frame_sink **out_sink,
                                                          struct kolam_error *error);

#endif
