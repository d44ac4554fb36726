/* The veil over quiet areas; see veil.h. */
#include "veil.h"

#include <math.h>
#include <stdlib.h>

#include "fanout.h"
#include "keyed_hash.h"
#include "kolam/alloc.h"
#include "people.h"
#include "protocol_out.h"
#include "sanctions.h"
#include "session.h"
#include "standing.h"

/* ---- the rule ---- */

uint32_t kolam_veil_artist(const struct kolam_eyes *eyes, uint32_t artist, bool is_quiet) {
    if (!is_quiet || eyes->sees_names) {
        return artist;
    }
    for (uint32_t i = 0; i < eyes->own_count; i++) {
        if (eyes->own[i] == artist) {
            return artist;
        }
    }
    return KOLAM_NOBODY;
}

/* ---- the areas of a canvas ---- */

/* Without memory for the areas, or for the act that made one, names are told nowhere until there is. */
static const struct kolam_quiet everywhere = {
    .count = 1,
    .rects = {{-KOLAM_TILE_PX, -KOLAM_TILE_PX, KOLAM_TILE_PX, KOLAM_TILE_PX, KOLAM_LEVEL_MIN}}};

static struct kolam_quiet *take(struct kolam_quiet *quiet) {
    if (quiet && quiet != &everywhere) {
        quiet->refs++;
    }
    return quiet;
}

static void release(struct kolam_quiet *quiet) {
    if (quiet && quiet != &everywhere && --quiet->refs == 0) {
        kolam_free(quiet);
    }
}

void kolam_veil_forget(struct kolam_canvas *canvas) {
    release(canvas->quiet);
    canvas->quiet = NULL;
}

void kolam_veil_refresh(struct kolam_canvas *canvas) {
    kolam_veil_forget(canvas);
    if (canvas->is_policy_lost || kolam_policy_quiet(&canvas->policy, &canvas->quiet) != KOLAM_OK) {
        canvas->quiet = (struct kolam_quiet *)(uintptr_t)&everywhere;
        canvas->is_policy_lost = true; /* it is read again */
    }
    canvas->quiet_generation++;
}

bool kolam_veil_is_quiet_at(const struct kolam_canvas *canvas, const struct kolam_extent *extent) {
    if (!canvas->quiet) {
        return false;
    }
    const struct kolam_rect rect = kolam_extent_rect(extent);
    return kolam_quiet_has(canvas->quiet, &rect);
}

/* In pixels of level 0, or of a coarser one that the view shows: what is finer lies inside of one of them. */
bool kolam_veil_is_quiet_view(const struct kolam_quiet *quiet, const char *x, const char *y,
                              double zoom, int64_t reach_px) {
    if (!quiet) {
        return false;
    }
    const int32_t level = zoom >= 0                 ? 0
                          : zoom <= KOLAM_LEVEL_MIN ? KOLAM_LEVEL_MIN
                                                    : (int32_t)floor(zoom);
    const int64_t reach = zoom > 0 ? (int64_t)ceil((double)reach_px / exp2(zoom)) : reach_px;
    const int64_t middle_x = (int64_t)floor(ldexp(strtod(x, NULL), level));
    const int64_t middle_y = (int64_t)floor(ldexp(strtod(y, NULL), level));
    const struct kolam_rect rect = {middle_x - reach, middle_y - reach, middle_x + reach + 1,
                                    middle_y + reach + 1, level};
    return kolam_quiet_has(quiet, &rect);
}

/* ---- who sees ---- */

/* What a role gives more than others have is asleep while its holder is kept out. */
static bool sees_names(const struct kolam_session *session) {
    const struct kolam_where where = {.mode = session->canvas->policy.mode,
                                      .area = KOLAM_AREA_QUIET};
    return kolam_rights_ask(kolam_standing_role(session), KOLAM_ACTION_SEE_NAMES, &where).may &&
           !kolam_sanctions_keep_out(session);
}

bool kolam_veil_sees(const struct kolam_session *session) {
    return session->canvas->quiet && sees_names(session);
}

void kolam_veil_changed(struct kolam_session *session) {
    const struct kolam_viewers *viewers = session->viewers;
    const bool sees = kolam_veil_sees(session);
    if (!viewers || viewers->interest.view.sees_names == sees) {
        return;
    }
    struct kolam_view view = viewers->interest.view;
    view.sees_names = session->view.sees_names = sees;
    if (kolam_viewers_join(session, &view) != KOLAM_OK) {
        kolam_session_close(session, 1013, "out of memory");
    }
}

/* ---- ops ---- */

static const struct kolam_stroke *stroke_of(const struct kolam_server *server, const uint8_t *body,
                                            size_t size_bytes, struct kolam_op *room) {
    return kolam_op_decode(body, size_bytes, server->room, room) == KOLAM_OK &&
                   room->kind == KOLAM_OP_STROKE
               ? &room->stroke
               : NULL;
}

/* Parts of one drawing come in one submission, one after another. */
bool kolam_veil_is_quiet_op(const struct kolam_canvas *canvas,
                            const struct kolam_submission *submission,
                            const struct kolam_log_op *op) {
    struct kolam_op decoded;
    if (!canvas->quiet || kolam_quiet_has_ink(canvas->quiet, op->homes, op->home_count)) {
        return canvas->quiet != NULL;
    }
    const struct kolam_stroke *stroke =
        submission->op_count > 1
            ? stroke_of(canvas->server, op->body, op->body_size_bytes, &decoded)
            : NULL;
    const ptrdiff_t first = op - submission->ops - (stroke ? (ptrdiff_t)stroke->part : 0);
    bool is_quiet = false;
    for (ptrdiff_t i = 0; stroke && i < (ptrdiff_t)stroke->part_count && !is_quiet; i++) {
        const ptrdiff_t at = first + i;
        is_quiet = at >= 0 && at < (ptrdiff_t)submission->op_count &&
                   kolam_quiet_has_ink(canvas->quiet, submission->ops[at].homes,
                                       submission->ops[at].home_count);
    }
    return is_quiet;
}

/* The ring holds the other parts, unless they have left it. */
static bool is_quiet_recent(const struct kolam_canvas *canvas, const struct kolam_recent_op *op,
                            const struct kolam_stroke *stroke) {
    const struct kolam_recent *recent = &canvas->recent;
    bool is_quiet = kolam_quiet_has_ink(canvas->quiet, op->homes, op->home_count);
    for (uint32_t i = 0; stroke && i < stroke->part_count && !is_quiet; i++) {
        const uint64_t seq = op->seq - stroke->part + i;
        const uint64_t first = recent->begin < recent->end ? recent->ops[recent->begin].seq : 0;
        if (first != 0 && seq >= first && seq - first < recent->end - recent->begin) {
            const struct kolam_recent_op *other = &recent->ops[recent->begin + (seq - first)];
            is_quiet = kolam_quiet_has_ink(canvas->quiet, other->homes, other->home_count);
        }
    }
    return is_quiet;
}

bool kolam_veil_hides_recent(const struct kolam_session *session,
                             const struct kolam_recent_op *op) {
    const struct kolam_canvas *canvas = session->canvas;
    struct kolam_out_op_head head;
    struct kolam_op decoded;
    if (!canvas->quiet || session->view.sees_names || !kolam_out_op_read(op->record, &head) ||
        kolam_people_is_own(session, head.artist)) {
        return false;
    }
    return is_quiet_recent(canvas, op,
                           stroke_of(canvas->server, head.body, head.body_size_bytes, &decoded));
}

struct kolam_bytes *kolam_veil_op(const struct kolam_server *server,
                                  const struct kolam_bytes *record) {
    struct kolam_out_op_head head;
    struct kolam_op decoded;
    if (!kolam_out_op_read(record, &head)) {
        return NULL;
    }
    const struct kolam_stroke *stroke =
        stroke_of(server, head.body, head.body_size_bytes, &decoded);
    const uint32_t part = stroke ? stroke->part : 0;
    head.artist = KOLAM_NOBODY;
    head.nonce = kolam_veil_nonce(server, head.nonce, head.counter - part);
    head.counter = part;
    return kolam_out_op_head(&head);
}

uint64_t kolam_veil_nonce(const struct kolam_server *server, uint64_t nonce, uint32_t counter) {
    const uint64_t words[] = {nonce, counter};
    return kolam_keyed_hash(&server->veil_key, words, 2);
}

/* ---- a job's ---- */

static struct kolam_eyes eyes_of(const struct kolam_session *session) {
    struct kolam_eyes eyes = {.sees_names = sees_names(session)};
    const struct kolam_formers *formers = session->formers;
    if (session->artist != 0) {
        eyes.own[eyes.own_count++] = session->artist;
    }
    for (uint32_t i = 0; formers && i < formers->selves.count; i++) {
        if (formers->artists[i] != 0) {
            eyes.own[eyes.own_count++] = formers->artists[i];
        }
    }
    return eyes;
}

void kolam_veil_begin(struct kolam_veil *veil, const struct kolam_canvas *canvas,
                      const struct kolam_session *asker) {
    veil->must_read = canvas->state != KOLAM_CANVAS_OPEN;
    veil->quiet = veil->must_read ? NULL : take(canvas->quiet);
    if (asker) {
        veil->eyes = eyes_of(asker);
    }
}

enum kolam_status kolam_veil_read(struct kolam_veil *veil, struct kolam_reader *reader,
                                  int64_t now_ms) {
    struct kolam_policy policy = {0};
    if (!veil->must_read) {
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_policy_read(reader, now_ms, &policy);
    if (status == KOLAM_OK) {
        status = kolam_policy_quiet(&policy, &veil->quiet);
    }
    veil->must_read = status != KOLAM_OK;
    kolam_policy_finish(&policy);
    return status;
}

void kolam_veil_finish(struct kolam_veil *veil) {
    release(veil->quiet);
    veil->quiet = NULL;
}
