/* A rollback's search: which visible strokes are meant, whose they are, and the hides that name them. A
 * worker's. */
#include <stdlib.h>
#include <string.h>

#include "history_rollback.h"
#include "kolam/alloc.h"

/* ---- the strokes ---- */

static bool reserve(struct kolam_rollback *rollback) {
    if (rollback->stroke_count < rollback->stroke_capacity) {
        return true;
    }
    uint32_t capacity = rollback->stroke_capacity ? 2 * rollback->stroke_capacity : 256;
    struct kolam_rollback_stroke *grown =
        kolam_realloc_array(rollback->strokes, capacity, sizeof(*grown));
    if (!grown) {
        return false;
    }
    rollback->strokes = grown;
    rollback->stroke_capacity = capacity;
    return true;
}

/* A hide is bounded by how many strokes it names and by what they are: past that the next one begins. */
static uint32_t place_in_op(struct kolam_rollback *rollback, uint32_t homes, size_t bytes) {
    if (rollback->op_count == 0 || rollback->op_targets == KOLAM_TARGETS_MAX ||
        rollback->op_homes + homes > KOLAM_CHANGED_HOMES_MAX ||
        rollback->op_bytes + bytes > KOLAM_CHANGED_BYTES_MAX) {
        rollback->op_count++;
        rollback->op_targets = rollback->op_homes = 0;
        rollback->op_bytes = 0;
    }
    rollback->op_targets++;
    rollback->op_homes += homes;
    rollback->op_bytes += bytes;
    return rollback->op_count - 1;
}

static enum kolam_status take(struct kolam_rollback *rollback,
                              const struct kolam_selected *selected) {
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    uint32_t home_count;
    if (kolam_stroke_homes(selected->stroke, homes, &home_count) != KOLAM_OK) {
        return KOLAM_ERR_CORRUPT;
    }
    if (rollback->stroke_count == KOLAM_ROLLBACK_STROKES_MAX) {
        return KOLAM_ERR_FULL;
    }
    if (!reserve(rollback)) {
        return KOLAM_ERR_NOMEM;
    }
    uint32_t op = place_in_op(rollback, home_count, selected->row->body_size_bytes);
    rollback->strokes[rollback->stroke_count++] = (struct kolam_rollback_stroke){
        selected->row->seq, selected->group_seq, selected->row->artist, op};
    return op < KOLAM_ROLLBACK_OPS_MAX ? KOLAM_OK : KOLAM_ERR_FULL;
}

static bool take_selected(void *ctx, const struct kolam_selected *selected) {
    struct kolam_rollback *rollback = ctx;
    if (!selected->is_hidden) {
        rollback->status = take(rollback, selected);
    }
    return rollback->status == KOLAM_OK;
}

/* ---- whose they are ---- */

static int compare_numbers(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static int compare_shares(const void *left, const void *right) {
    const struct kolam_rollback_artist *a = left, *b = right;
    if (a->strokes != b->strokes) {
        return a->strokes > b->strokes ? -1 : 1;
    }
    return a->artist < b->artist ? -1 : a->artist > b->artist;
}

/* Keeps the artist if it is among those with most strokes so far. */
static void keep_share(struct kolam_rollback *rollback, uint32_t artist, uint32_t strokes) {
    struct kolam_rollback_artist *found = rollback->found;
    if (rollback->found_count < KOLAM_ROLLBACK_ARTISTS_MAX) {
        found[rollback->found_count++] =
            (struct kolam_rollback_artist){.artist = artist, .strokes = strokes};
        return;
    }
    uint32_t least = 0;
    for (uint32_t i = 1; i < rollback->found_count; i++) {
        least = found[i].strokes < found[least].strokes ? i : least;
    }
    if (strokes > found[least].strokes) {
        found[least] = (struct kolam_rollback_artist){.artist = artist, .strokes = strokes};
    }
}

/* The artist of each drawing: a group counts once, and its parts come one after another. */
static uint32_t list_artists(const struct kolam_rollback *rollback, uint32_t *numbers) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < rollback->stroke_count; i++) {
        const struct kolam_rollback_stroke *stroke = &rollback->strokes[i];
        if (i == 0 || stroke->group_seq != stroke[-1].group_seq) {
            numbers[count++] = stroke->artist;
        }
    }
    return count;
}

static enum kolam_status count_shares(struct kolam_rollback *rollback) {
    uint32_t *numbers = kolam_alloc_array(rollback->stroke_count, sizeof(*numbers));
    if (!numbers) {
        return KOLAM_ERR_NOMEM;
    }
    uint32_t count = list_artists(rollback, numbers);
    rollback->drawing_count = count;
    qsort(numbers, count, sizeof(*numbers), compare_numbers);
    for (uint32_t begin = 0, i = 1; i <= count; i++) {
        if (i == count || numbers[i] != numbers[begin]) {
            keep_share(rollback, numbers[begin], i - begin);
            begin = i;
        }
    }
    kolam_free(numbers);
    qsort(rollback->found, rollback->found_count, sizeof(rollback->found[0]), compare_shares);
    return KOLAM_OK;
}

static enum kolam_status name_shares(struct kolam_rollback *rollback, struct kolam_reader *reader) {
    for (uint32_t i = 0; i < rollback->found_count; i++) {
        struct kolam_author author;
        enum kolam_status status = kolam_reader_artist(reader, rollback->found[i].artist, &author);
        if (status != KOLAM_OK) {
            return status;
        }
        strcpy(rollback->found[i].name, author.name);
    }
    return KOLAM_OK;
}

/* ---- the hides ---- */

static enum kolam_status encode_hide(const struct kolam_rollback *rollback, uint32_t first,
                                     uint32_t end, struct kolam_log_op *out) {
    uint64_t targets[KOLAM_TARGETS_MAX];
    uint8_t bytes[KOLAM_TARGETS_MAX * 10 + 16]; /* a varint each */
    size_t size;
    for (uint32_t i = first; i < end; i++) {
        targets[i - first] = rollback->strokes[i].seq;
    }
    const struct kolam_op op = {
        .kind = KOLAM_OP_HIDE, .target_count = end - first, .targets = targets};
    enum kolam_status status = kolam_op_encode(&op, bytes, sizeof(bytes), &size);
    if (status != KOLAM_OK) {
        return status;
    }
    out->kind = KOLAM_OP_HIDE;
    out->counter = rollback->strokes[first].op + 1;
    out->body = kolam_memdup(bytes, size);
    out->body_size_bytes = size;
    return out->body ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

/* What was done, for those who read what was decided here. */
static enum kolam_status encode_record(const struct kolam_rollback *rollback,
                                       struct kolam_log_op *out) {
    struct kolam_act *act = kolam_alloc_zero(1, sizeof(*act));
    if (!act) {
        return KOLAM_ERR_NOMEM;
    }
    act->kind = KOLAM_ACT_ROLLBACK;
    act->strokes = rollback->drawing_count;
    act->artist_count = rollback->found_count;
    for (uint32_t i = 0; i < rollback->found_count; i++) {
        act->artists[i] = rollback->found[i].artist;
    }
    act->is_operators = rollback->is_operators;
    strcpy(act->why, rollback->why);
    out->kind = KOLAM_OP_RECORD;
    out->counter = rollback->op_count + 1;
    const enum kolam_status status = kolam_act_encode(act, &out->body, &out->body_size_bytes);
    kolam_free(act);
    return status;
}

static enum kolam_status make_submission(struct kolam_rollback *rollback) {
    struct kolam_submission *submission = kolam_submission_create(rollback->op_count + 1);
    enum kolam_status status = submission ? KOLAM_OK : KOLAM_ERR_NOMEM;
    for (uint32_t first = 0, op = 0; op < rollback->op_count && status == KOLAM_OK; op++) {
        uint32_t end = first;
        while (end < rollback->stroke_count && rollback->strokes[end].op == op) {
            end++;
        }
        status = encode_hide(rollback, first, end, &submission->ops[op]);
        first = end;
    }
    if (status == KOLAM_OK) {
        status = encode_record(rollback, &submission->ops[rollback->op_count]);
    }
    if (status != KOLAM_OK) {
        kolam_submission_destroy(submission);
        return status;
    }
    submission->author = rollback->author;
    submission->may_change_others = true;
    rollback->submission = submission;
    return KOLAM_OK;
}

enum kolam_status kolam_rollback_find(struct kolam_rollback *rollback,
                                      struct kolam_worker_canvas *canvas) {
    struct kolam_history *history;
    enum kolam_status status = kolam_history_create(canvas->reader, &history);
    if (status != KOLAM_OK) {
        return status;
    }
    rollback->status = KOLAM_OK;
    rollback->selection.takes_groups = true;
    status = kolam_history_select(history, &rollback->selection, take_selected, rollback);
    kolam_history_destroy(history);
    status = status == KOLAM_OK ? rollback->status : status;
    if (status != KOLAM_OK || rollback->stroke_count == 0) {
        return status;
    }
    status = count_shares(rollback);
    if (status == KOLAM_OK) {
        status = name_shares(rollback, canvas->reader);
    }
    if (status == KOLAM_OK && rollback->is_apply) {
        status = make_submission(rollback);
    }
    return status;
}
