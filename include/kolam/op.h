/* An op's body: what a client says it did, in the one binary form that the wire and the log share.
 *
 * The envelope (seq, commit time, artist, stroke id) is the server's and travels beside the body.
 * docs/storage.md tells the layout byte by byte; tests/data/op-vectors.json holds it still.
 * Freestanding but for the caller's buffers: also compiled to WebAssembly. */
#ifndef KOLAM_OP_H
#define KOLAM_OP_H

#include <stddef.h>

#include "kolam/geometry.h"
#include "kolam/status.h"

#define KOLAM_OP_VERSION 1
#define KOLAM_STROKE_POINTS_MAX 8192
#define KOLAM_STROKE_HOMES_MAX 256
#define KOLAM_WIDTH_UNIT_PER_PX 256                     /* width is held in 1/256 px of its level */
#define KOLAM_WIDTH_MAX (512 * KOLAM_WIDTH_UNIT_PER_PX) /* 512 px */
#define KOLAM_GROUP_PARTS_MAX 32 /* ops that may share one undo and one mask */
#define KOLAM_TARGETS_MAX 4096   /* strokes one hide or show may name */
#define KOLAM_EDIT_OPS_MAX 1024  /* ops that may follow a hide, as one edit with it */
#define KOLAM_RECORD_BYTES_MAX 65536
#define KOLAM_OP_BYTES_MAX 262144
#define KOLAM_CONTOURS_MAX 2048 /* of one filled shape */
#define KOLAM_TEXT_BYTES_MAX 4096
#define KOLAM_FILL_WIDTH                                                                           \
    KOLAM_WIDTH_UNIT_PER_PX           /* a filled shape has no width; this stands there */
#define KOLAM_POINT_SUB_MAX (1 << 20) /* |x|, |y| of a point, from the origin tile */
#define KOLAM_DT_MS_MAX 86400000u     /* a pause inside one stroke: a day */

enum kolam_op_kind {
    KOLAM_OP_STROKE = 1,
    KOLAM_OP_HIDE = 2,
    KOLAM_OP_SHOW = 3,
    KOLAM_OP_RECORD = 4
};

enum kolam_tool {
    KOLAM_TOOL_PEN = 0,      /* radius follows pressure, OVER */
    KOLAM_TOOL_MARKER = 1,   /* constant radius, meant for translucent colours, OVER */
    KOLAM_TOOL_ERASER = 2,   /* radius follows pressure, DEST_OUT */
    KOLAM_TOOL_PENCIL = 3,   /* radius and ink follow pressure, grain fixed to the wall, OVER */
    KOLAM_TOOL_AIRBRUSH = 4, /* constant radius, soft to its edge, ink follows pressure, OVER */
    KOLAM_TOOL_FILL = 5,     /* points are closed contours, what they wind around is filled, OVER */
    KOLAM_TOOL_COUNT
};

/* "pen", "marker", ...: static storage; "unknown" for what is no tool. Not in the browser's build. Any thread. */
const char *kolam_tool_name(enum kolam_tool tool);
/* False if no tool is called so. */
bool kolam_tool_parse(const char *name, enum kolam_tool *out_tool);

/* x, y: 1/8 px of the stroke's level, from the corner of the origin tile. pressure: 255 is full.
 * dt_ms: since the point before (0 at the first, and everywhere when the stroke has no times). */
struct kolam_point {
    int32_t x, y;
    uint32_t dt_ms;
    uint8_t pressure;
};

struct kolam_stroke {
    struct kolam_tile_id
        origin; /* the tile points are relative to; its level is the stroke's level */
    enum kolam_tool tool;
    uint32_t color;       /* 0xRRGGBBAA, straight alpha, sRGB */
    uint32_t width;       /* diameter at full pressure, 1..KOLAM_WIDTH_MAX, 1/256 px of the level */
    uint32_t part;        /* 0-based place in its group */
    uint32_t part_count;  /* 1 for a stroke of its own, else 2..KOLAM_GROUP_PARTS_MAX */
    bool has_pressure;    /* false: every pressure is 255 */
    bool has_times;       /* dt_ms are known */
    bool has_start;       /* start_ms is known */
    int64_t start_ms;     /* the drawing's own clock, Unix ms */
    uint32_t point_count; /* 1..KOLAM_STROKE_POINTS_MAX */
    struct kolam_point *points; /* the caller's */

    /* A filled shape alone (KOLAM_TOOL_FILL); else 0 and NULL. Of a group each part holds whole contours. */
    uint32_t contour_count;  /* 1..KOLAM_CONTOURS_MAX */
    uint32_t *contour_sizes; /* points of each, at least 1, together point_count; the caller's */
    const uint8_t *
        text; /* what the outlines say, UTF-8, for those who cannot see them, or NULL; the caller's, or
                                in the bytes decoded */
    uint32_t text_size_bytes; /* 0..KOLAM_TEXT_BYTES_MAX */
};

struct kolam_op {
    enum kolam_op_kind kind;
    struct kolam_stroke stroke; /* KOLAM_OP_STROKE */
    uint32_t target_count; /* KOLAM_OP_HIDE, KOLAM_OP_SHOW: 1..KOLAM_TARGETS_MAX; 0 if followed */
    uint32_t follow_count; /* KOLAM_OP_HIDE: the next so many ops are one edit with it; or 0 */
    bool is_edit;      /* KOLAM_OP_HIDE: a step of its own, not an undo, also if nothing follows */
    uint64_t *targets; /* strictly increasing seqs; the caller's */
    const uint8_t *record; /* KOLAM_OP_RECORD: UTF-8 JSON, points into the bytes decoded */
    uint32_t record_size_bytes;
};

/* Room for any op; some 170 KB, so on the heap or per thread, not on a small stack. */
struct kolam_op_room {
    struct kolam_point points[KOLAM_STROKE_POINTS_MAX];
    uint64_t targets[KOLAM_TARGETS_MAX];
    uint32_t contour_sizes[KOLAM_CONTOURS_MAX];
};

/* Decodes a body, every bound checked, nothing allocated. On success *out_op points into `room` and
 * `bytes`. KOLAM_ERR_INVALID for anything that breaks the form: unknown version or kind, a count, a
 * width, a coordinate outside the world, bits or bytes left over. Any thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_op_decode(const uint8_t *bytes, size_t size_bytes,
                                                   struct kolam_op_room *room,
                                                   struct kolam_op *out_op);

/* Encodes into `out_bytes`; KOLAM_ERR_INVALID for what could not be decoded again, KOLAM_ERR_FULL
 * when `capacity_bytes` is too small (KOLAM_OP_BYTES_MAX is always enough). Any thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_op_encode(const struct kolam_op *op, uint8_t *out_bytes,
                                                   size_t capacity_bytes, size_t *out_size_bytes);

/* True if every field is in its bounds and every point inside the world: what decode promises. */
bool kolam_stroke_is_valid(const struct kolam_stroke *stroke);

/* A tile at which an op is indexed, and the part of it that is touched: inclusive pixels 0..255. */
struct kolam_home {
    struct kolam_tile_id tile;
    uint8_t x0, y0, x1, y1;
};

/* The tiles of the stroke's own level that its ink can touch (one pixel of antialiasing included; a filled shape's
 * inside, too), in no order, each once. KOLAM_ERR_INVALID if they are more than KOLAM_STROKE_HOMES_MAX or one lies
 * outside the world. Cost is bounded whatever the points are. Any thread. */
KOLAM_MUST_CHECK enum kolam_status
kolam_stroke_homes(const struct kolam_stroke *stroke,
                   struct kolam_home out_homes[KOLAM_STROKE_HOMES_MAX], uint32_t *out_count);

#endif
