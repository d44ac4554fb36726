/* Finding what an act hid; see undo_find.h. The hides were committed together with it. What another moderator hid as well, or the same one
 * by another deed, stays hidden until that is taken back, too (undo_hiders.c). What its own author hid meanwhile stays so, too, but as theirs alone: it is shown, and hidden again by
 * them, so that they may show it. A worker's. */
#include "undo_find.h"

#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "undo_hiders.h"

/* What one hide names; what is not to be shown goes from it. */
struct hide {
    uint64_t *targets; /* rising */
    uint32_t count;
};

struct own_hide {
    uint32_t artist;
    uint64_t target;
};

struct finding {
    struct kolam_undo_found *found;
    struct kolam_op_room *room;
    uint64_t nonce, first_seq; /* of the act's submission */
    uint64_t stroke_seq;       /* voted about; or 0 */
    uint32_t artist;
    struct hide hides[KOLAM_UNDO_HIDES_MAX];
    uint32_t hide_count;
    struct own_hide *own; /* of what is shown: what its author hid as well */
    uint32_t own_count, own_capacity;
    struct kolam_undo_hiders hiders;
    enum kolam_status status;
};

/* ---- the act ---- */

static bool decode_act(struct finding *finding, const struct kolam_log_row *row,
                       struct kolam_act *out_act) {
    struct kolam_op op;
    return kolam_op_decode(row->body, row->body_size_bytes, finding->room, &op) == KOLAM_OK &&
           op.kind == KOLAM_OP_RECORD &&
           kolam_act_decode(op.record, op.record_size_bytes, out_act) == KOLAM_OK;
}

/* Also of other acts: what they hid they hide no more. */
static bool look_for_undo(void *ctx, const struct kolam_log_row *row) {
    struct finding *finding = ctx;
    struct kolam_act act;
    if (decode_act(finding, row, &act) && act.kind == KOLAM_ACT_UNDO) {
        finding->status = act.act_seq == finding->found->seq
                              ? KOLAM_ERR_EXISTS
                              : kolam_undo_hiders_note(&finding->hiders, act.act_seq);
    }
    return finding->status == KOLAM_OK;
}

static void take_whom(struct finding *finding, const struct kolam_act *act) {
    struct kolam_undo_found *found = finding->found;
    found->artist_count = act->kind == KOLAM_ACT_ROLLBACK ? act->artist_count : 0;
    memcpy(found->artists, act->artists, found->artist_count * sizeof(*act->artists));
    if (act->kind == KOLAM_ACT_ROLE) {
        found->artists[found->artist_count++] = act->artist;
    }
    finding->stroke_seq = act->kind == KOLAM_ACT_VOTED ? act->stroke_seq : 0;
}

/* Is it an act that can be taken back? */
static enum kolam_status take_act(struct finding *finding, const struct kolam_log_row *row) {
    struct kolam_act act;
    if (!decode_act(finding, row, &act) || act.kind == KOLAM_ACT_OTHER ||
        act.kind == KOLAM_ACT_VOTE || act.kind == KOLAM_ACT_UNVOTE || act.kind == KOLAM_ACT_UNDO) {
        return KOLAM_ERR_NOT_FOUND;
    }
    finding->found->kind = act.kind;
    finding->found->is_operators = act.is_operators;
    finding->nonce = row->nonce;
    finding->artist = row->artist;
    take_whom(finding, &act);
    return KOLAM_OK;
}

static bool look_for_act(void *ctx, const struct kolam_log_row *row) {
    struct finding *finding = ctx;
    if (row->seq == finding->found->seq) {
        finding->status = take_act(finding, row);
    }
    return row->seq < finding->found->seq;
}

/* Of an act whose op was flattened the record is there; what it hid is not any more. */
static enum kolam_status find_act(struct finding *finding, struct kolam_reader *reader) {
    struct kolam_undo_found *found = finding->found;
    struct kolam_log_row row;
    enum kolam_status status = kolam_reader_op(reader, found->seq, &row);
    if (status == KOLAM_OK) {
        status = take_act(finding, &row);
    } else if (status == KOLAM_ERR_GONE) {
        finding->status = KOLAM_ERR_NOT_FOUND;
        status = kolam_reader_records(reader, look_for_act, finding);
        status = status == KOLAM_OK ? finding->status : status;
        status = status == KOLAM_OK && kolam_undo_is_of_hides(found) ? KOLAM_ERR_NOT_FOUND : status;
    }
    return status == KOLAM_OK ? kolam_reader_artist(reader, finding->artist, &found->author)
                              : status;
}

/* ---- what it hid ---- */

static bool decode_hide(struct finding *finding, const struct kolam_log_row *row,
                        struct kolam_op *out_op) {
    return row->kind == KOLAM_OP_HIDE &&
           kolam_op_decode(row->body, row->body_size_bytes, finding->room, out_op) == KOLAM_OK;
}

static int compare_seqs(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static bool take_hide(void *ctx, const struct kolam_log_row *row) {
    struct finding *finding = ctx;
    struct kolam_op op;
    if (row->nonce != finding->nonce || row->artist != finding->artist ||
        finding->hide_count == KOLAM_UNDO_HIDES_MAX || !decode_hide(finding, row, &op)) {
        return true;
    }
    struct hide *hide = &finding->hides[finding->hide_count];
    hide->targets = kolam_memdup(op.targets, op.target_count * sizeof(*op.targets));
    if (!hide->targets) {
        finding->status = KOLAM_ERR_NOMEM;
        return false;
    }
    hide->count = op.target_count;
    qsort(hide->targets, hide->count, sizeof(*hide->targets), compare_seqs);
    finding->first_seq = finding->hide_count == 0 ? row->seq : finding->first_seq;
    finding->hide_count++;
    return true;
}

/* ---- what else hides it ---- */

static enum kolam_status note_own(struct finding *finding, uint32_t artist, uint64_t target) {
    if (finding->own_count == finding->own_capacity) {
        const uint32_t more = finding->own_capacity ? finding->own_capacity * 2 : 64;
        struct own_hide *own = kolam_realloc_array(finding->own, more, sizeof(*own));
        if (!own) {
            return KOLAM_ERR_NOMEM;
        }
        finding->own = own;
        finding->own_capacity = more;
    }
    finding->own[finding->own_count++] = (struct own_hide){artist, target};
    return KOLAM_OK;
}

/* Whether the act alone, or beside it the stroke's own author, hides it: nothing else that was not taken back, and no show came between. */
static enum kolam_status judge_target(struct finding *finding, uint64_t target,
                                      bool *out_is_shown) {
    struct kolam_undo_hidden hidden = {.author = 0};
    enum kolam_status status = kolam_undo_hiders_ask(&finding->hiders, target, finding->first_seq,
                                                     finding->found->seq, &hidden);
    *out_is_shown = status == KOLAM_OK && hidden.is_by_act && !hidden.is_by_others;
    return *out_is_shown && hidden.is_by_author ? note_own(finding, hidden.author, target) : status;
}

static enum kolam_status drop_others(struct finding *finding, struct hide *hide) {
    enum kolam_status status = KOLAM_OK;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < hide->count && status == KOLAM_OK; i++) {
        bool is_shown;
        status = judge_target(finding, hide->targets[i], &is_shown);
        if (status == KOLAM_OK && is_shown) {
            hide->targets[kept++] = hide->targets[i];
        }
    }
    hide->count = kept;
    return status;
}

/* ---- what comes of it ---- */

static enum kolam_status encode(enum kolam_op_kind kind, uint64_t *targets, uint32_t count,
                                uint8_t **out_body, size_t *out_size) {
    const struct kolam_op op = {.kind = kind, .target_count = count, .targets = targets};
    const size_t capacity = 16 + (size_t)count * 10;
    uint8_t *body = kolam_alloc(capacity);
    const enum kolam_status status =
        body ? kolam_op_encode(&op, body, capacity, out_size) : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        *out_body = body;
    } else {
        kolam_free(body);
    }
    return status;
}

static enum kolam_status put_show(struct kolam_undo_found *found, const struct hide *hide) {
    const uint32_t at = found->show_count;
    const enum kolam_status status = encode(KOLAM_OP_SHOW, hide->targets, hide->count,
                                            &found->bodies[at], &found->body_sizes[at]);
    found->show_count += status == KOLAM_OK;
    return status;
}

static int compare_own(const void *left, const void *right) {
    const struct own_hide *a = left, *b = right;
    return a->artist != b->artist ? (a->artist < b->artist ? -1 : 1)
                                  : compare_seqs(&a->target, &b->target);
}

/* How many from `first` on go into one hide of their author. */
static uint32_t run_of(const struct finding *finding, uint32_t first, uint64_t *targets) {
    uint32_t count = 0;
    while (first + count < finding->own_count && count < KOLAM_TARGETS_MAX &&
           finding->own[first + count].artist == finding->own[first].artist) {
        targets[count] = finding->own[first + count].target;
        count++;
    }
    return count;
}

static enum kolam_status put_own(struct finding *finding, struct kolam_reader *reader) {
    struct kolam_undo_found *found = finding->found;
    uint64_t *targets = kolam_alloc_array(KOLAM_TARGETS_MAX, sizeof(*targets));
    found->own = kolam_alloc_zero(finding->own_count, sizeof(*found->own)); /* at most so many */
    enum kolam_status status = targets && found->own ? KOLAM_OK : KOLAM_ERR_NOMEM;
    qsort(finding->own, finding->own_count, sizeof(*finding->own), compare_own);
    for (uint32_t first = 0; first < finding->own_count && status == KOLAM_OK;) {
        struct kolam_undo_own *own = &found->own[found->own_count];
        const uint32_t count = run_of(finding, first, targets);
        status = kolam_reader_artist(reader, finding->own[first].artist, &own->author);
        if (status == KOLAM_OK) {
            status = encode(KOLAM_OP_HIDE, targets, count, &own->body, &own->size_bytes);
        }
        found->own_count += status == KOLAM_OK;
        first += count;
    }
    kolam_free(targets);
    return status;
}

/* Whose stroke was voted about. */
static enum kolam_status find_whose(struct finding *finding, struct kolam_reader *reader) {
    struct kolam_undo_found *found = finding->found;
    struct kolam_log_row row;
    if (finding->stroke_seq == 0) {
        return KOLAM_OK;
    }
    const enum kolam_status status = kolam_reader_op(reader, finding->stroke_seq, &row);
    if (status == KOLAM_OK) {
        found->artists[found->artist_count++] = row.artist;
    }
    return status == KOLAM_ERR_GONE || status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

static enum kolam_status find_shows(struct finding *finding, struct kolam_reader *reader) {
    const uint64_t seq = finding->found->seq;
    const uint64_t first = seq > KOLAM_UNDO_HIDES_MAX ? seq - KOLAM_UNDO_HIDES_MAX : 1;
    enum kolam_status status = kolam_reader_records(reader, look_for_undo, finding);
    status = status == KOLAM_OK ? finding->status : status;
    if (status == KOLAM_OK) {
        status = kolam_reader_range(reader, first, seq, take_hide, finding);
        status = status == KOLAM_OK ? finding->status : status;
    }
    for (uint32_t i = 0; i < finding->hide_count && status == KOLAM_OK; i++) {
        status = drop_others(finding, &finding->hides[i]);
        if (status == KOLAM_OK && finding->hides[i].count > 0) {
            status = put_show(finding->found, &finding->hides[i]);
        }
    }
    if (status == KOLAM_OK) {
        status = find_whose(finding, reader);
    }
    if (status == KOLAM_OK && finding->own_count > 0) {
        status = put_own(finding, reader);
    }
    return status;
}

enum kolam_status kolam_undo_find(struct kolam_reader *reader, struct kolam_undo_found *found) {
    struct finding finding = {.found = found, .room = kolam_alloc(sizeof(*finding.room))};
    finding.hiders = (struct kolam_undo_hiders){.reader = reader, .room = finding.room};
    enum kolam_status status = finding.room ? kolam_reader_begin(reader) : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        status = find_act(&finding, reader);
        finding.status = KOLAM_OK;
        if (status == KOLAM_OK && kolam_undo_is_of_hides(found)) {
            status = find_shows(&finding, reader);
        }
        kolam_reader_end(reader);
    }
    for (uint32_t i = 0; i < finding.hide_count; i++) {
        kolam_free(finding.hides[i].targets);
    }
    kolam_undo_hiders_finish(&finding.hiders);
    kolam_free(finding.own);
    kolam_free(finding.room);
    return status;
}

bool kolam_undo_is_of_hides(const struct kolam_undo_found *found) {
    return found->kind == KOLAM_ACT_ROLLBACK || found->kind == KOLAM_ACT_VOTED;
}

void kolam_undo_found_finish(struct kolam_undo_found *found) {
    for (uint32_t i = 0; i < found->show_count; i++) {
        kolam_free(found->bodies[i]);
    }
    for (uint32_t i = 0; i < found->own_count; i++) {
        kolam_free(found->own[i].body);
    }
    kolam_free(found->own);
}
