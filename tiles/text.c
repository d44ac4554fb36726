/* From words to outlines: Pango finds fonts and shapes (Tamil, Hindi and Arabic are no rows of letters), cairo tells the
 * glyphs' contours, flattened to what 1/8 px can tell.
 *
 * Nothing is hinted and no place is rounded to pixels: what comes out is the same at every size but for its scale. Pango's font
 * map is one for each thread, made at its first text, so any thread may call. */
#include "kolam/text.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

#include "kolam/alloc.h"

/* Half a step of 1/8 px: a flatter curve could not be told from this one. */
#define FLATNESS_PX 0.0625

static const char *const font_names[KOLAM_FONT_COUNT] = {
    [KOLAM_FONT_SANS] = "sans",
    [KOLAM_FONT_SERIF] = "serif",
    [KOLAM_FONT_HAND] = "hand",
    [KOLAM_FONT_MONO] = "mono",
};

/* Named one by one: left to itself fontconfig takes single letters of a script from fonts made for another (Tamil's va from
 * Grantha's, Chinese's one from Nushu's), and they are not shaped together any more. What none of these has comes from
 * whatever it finds. */
#define OF_SCRIPTS(face)                                                                           \
    "Noto " face " Tamil,Noto " face " Devanagari,Noto " face " Arabic,Noto " face " Bengali,"     \
    "Noto " face " Telugu,Noto " face " Kannada,Noto " face " Malayalam,Noto " face " Gujarati,"   \
    "Noto " face " Gurmukhi,Noto " face " Oriya,Noto " face " Sinhala,Noto " face " Thai,"         \
    "Noto " face " Lao,Noto " face " Khmer,Noto " face " Myanmar,Noto " face " Hebrew,"            \
    "Noto " face " Armenian,Noto " face " Georgian,Noto " face " Ethiopic,"
#define SANS "Noto Sans," OF_SCRIPTS("Sans") "Droid Sans Fallback,DejaVu Sans,sans-serif"

static const char *const font_families[KOLAM_FONT_COUNT] = {
    [KOLAM_FONT_SANS] = SANS,
    [KOLAM_FONT_SERIF] = "Noto Serif," OF_SCRIPTS("Serif") "Noto Naskh Arabic,DejaVu Serif," SANS,
    [KOLAM_FONT_HAND] = "Comic Neue," SANS,
    [KOLAM_FONT_MONO] = "Noto Mono,DejaVu Sans Mono," SANS,
};

bool kolam_font_parse(const char *name, enum kolam_font *out_font) {
    for (int font = 0; font < KOLAM_FONT_COUNT; font++) {
        if (strcmp(name, font_names[font]) == 0) {
            *out_font = (enum kolam_font)font;
            return true;
        }
    }
    return false;
}

void kolam_outline_finish(struct kolam_outline *outline) {
    kolam_free(outline->contour_sizes);
    kolam_free(outline->points);
    *outline = (struct kolam_outline){0};
}

/* ---- shaping ---- */

static PangoLayout *make_layout(cairo_t *cairo, const char *text, size_t size_bytes,
                                enum kolam_font font, double size_px) {
    PangoLayout *layout = pango_cairo_create_layout(cairo);
    PangoContext *context = pango_layout_get_context(layout);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, FALSE);
    PangoFontDescription *description = pango_font_description_from_string(font_families[font]);
    pango_font_description_set_absolute_size(description, size_px * PANGO_SCALE);
    pango_layout_set_font_description(layout, description);
    pango_font_description_free(description);
    pango_layout_set_text(layout, text, (int)size_bytes);
    pango_layout_context_changed(layout);
    return layout;
}

static int32_t eighths_of(int pango_units) {
    return (int32_t)lrint((double)pango_units * KOLAM_SUB_PER_PX / PANGO_SCALE);
}

static void measure(PangoLayout *layout, struct kolam_outline *outline) {
    PangoRectangle box;
    pango_layout_get_extents(layout, NULL, &box);
    outline->width = eighths_of(box.width);
    outline->height = eighths_of(box.height);
    outline->baseline = eighths_of(pango_layout_get_baseline(layout));
}

/* ---- contours ---- */

struct writer {
    struct kolam_outline *outline;
    uint32_t first; /* point of the contour under way */
    enum kolam_status status;
};

static bool is_same(const struct kolam_point *a, const struct kolam_point *b) {
    return a->x == b->x && a->y == b->y;
}

static void add_point(struct writer *writer, const cairo_path_data_t *at) {
    struct kolam_outline *outline = writer->outline;
    double x = at->point.x * KOLAM_SUB_PER_PX, y = at->point.y * KOLAM_SUB_PER_PX;
    if (!(fabs(x) <= KOLAM_POINT_SUB_MAX && fabs(y) <= KOLAM_POINT_SUB_MAX)) {
        writer->status = KOLAM_ERR_FULL;
        return;
    }
    struct kolam_point point = {.x = (int32_t)lrint(x), .y = (int32_t)lrint(y), .pressure = 255};
    bool is_first = outline->point_count == writer->first;
    if (is_first || !is_same(&outline->points[outline->point_count - 1], &point)) {
        outline->points[outline->point_count++] = point;
    }
}

/* What encloses nothing is dropped: a dot of a point or two, where a glyph is smaller than 1/8 px. */
static void end_contour(struct writer *writer) {
    struct kolam_outline *outline = writer->outline;
    uint32_t count = outline->point_count - writer->first;
    if (count > 1 &&
        is_same(&outline->points[writer->first], &outline->points[outline->point_count - 1])) {
        count--;
    }
    if (count > KOLAM_STROKE_POINTS_MAX) {
        writer->status = KOLAM_ERR_FULL;
    } else if (count >= 3) {
        outline->contour_sizes[outline->contour_count++] = count;
    } else {
        count = 0;
    }
    outline->point_count = writer->first + count;
    writer->first = outline->point_count;
}

static void write_path(struct writer *writer, const cairo_path_t *path) {
    for (int i = 0; i < path->num_data && writer->status == KOLAM_OK;
         i += path->data[i].header.length) {
        const cairo_path_data_t *data = &path->data[i];
        if (data->header.type == CAIRO_PATH_MOVE_TO) {
            end_contour(writer);
        }
        if (data->header.type == CAIRO_PATH_CLOSE_PATH) {
            end_contour(writer);
        } else {
            add_point(writer, &data[1]);
        }
    }
    end_contour(writer);
}

static enum kolam_status take_contours(const cairo_path_t *path, struct kolam_outline *outline) {
    uint32_t points = 0, contours = 0;
    for (int i = 0; i < path->num_data; i += path->data[i].header.length) {
        points += path->data[i].header.type != CAIRO_PATH_CLOSE_PATH;
        contours += path->data[i].header.type == CAIRO_PATH_MOVE_TO;
        if (points > KOLAM_TEXT_POINTS_MAX) {
            return KOLAM_ERR_FULL;
        }
    }
    /* Each contour has at least three points. */
    outline->points = kolam_alloc_array(points + 1, sizeof *outline->points);
    outline->contour_sizes = kolam_alloc_array(contours + 1, sizeof *outline->contour_sizes);
    if (!outline->points || !outline->contour_sizes) {
        return KOLAM_ERR_NOMEM;
    }
    struct writer writer = {.outline = outline};
    write_path(&writer, path);
    return writer.status;
}

static enum kolam_status outline_on(cairo_t *cairo, PangoLayout *layout,
                                    struct kolam_outline *outline) {
    measure(layout, outline);
    cairo_set_tolerance(cairo, FLATNESS_PX);
    pango_cairo_layout_path(cairo, layout);
    cairo_path_t *path = cairo_copy_path_flat(cairo);
    enum kolam_status status =
        path->status == CAIRO_STATUS_SUCCESS ? take_contours(path, outline) : KOLAM_ERR_NOMEM;
    cairo_path_destroy(path);
    return status;
}

enum kolam_status kolam_text_outline(const char *text, size_t size_bytes, enum kolam_font font,
                                     double size_px, struct kolam_outline *out_outline) {
    if (size_bytes > KOLAM_TEXT_BYTES_MAX || !g_utf8_validate(text, (gssize)size_bytes, NULL) ||
        (unsigned)font >= KOLAM_FONT_COUNT ||
        !(size_px >= KOLAM_TEXT_SIZE_MIN_PX && size_px <= KOLAM_TEXT_SIZE_MAX_PX)) {
        return KOLAM_ERR_INVALID;
    }
    struct kolam_outline outline = {0};
    /* Without an end: of glyphs ten ems outside of a surface cairo makes no path. */
    cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_ALPHA, NULL);
    cairo_t *cairo = cairo_create(surface);
    PangoLayout *layout = make_layout(cairo, text, size_bytes, font, size_px);
    enum kolam_status status = outline_on(cairo, layout, &outline);
    g_object_unref(layout);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    if (status != KOLAM_OK) {
        kolam_outline_finish(&outline);
        return status;
    }
    *out_outline = outline;
    return KOLAM_OK;
}
