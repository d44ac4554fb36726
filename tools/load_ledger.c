/* The ledger. The same record comes to thousands of watchers: its envelope is taken apart once, and then compared byte by
 * byte, as the body is with what the artist sent. */
#include "load_ledger.h"

#include <string.h>

#include "kolam/alloc.h"

#define CAPACITY_MIN                                                                               \
    32768 /* over what a flood of others' ops takes while all watchers are judged once */
#define CAPACITY_MAX 65536

static uint64_t power_of_two(double at_least) {
    uint64_t power = CAPACITY_MIN;
    while (power < CAPACITY_MAX && (double)power < at_least) {
        power *= 2;
    }
    return power;
}

enum kolam_status kolam_load_ledger_init(struct kolam_load_ledger *ledger, uint64_t base_nonce,
                                         uint32_t artist_count, double ops_per_s, double seconds) {
    const uint64_t capacity = power_of_two(ops_per_s * seconds);
    uint64_t each = artist_count > 0 ? capacity * 4 / artist_count : 0;
    uint32_t names = 256;
    while (names < each && names < CAPACITY_MAX) {
        names *= 2;
    }
    *ledger = (struct kolam_load_ledger){.base_nonce = base_nonce,
                                         .artist_count = artist_count,
                                         .capacity = capacity,
                                         .name_capacity = names};
    ledger->ops = kolam_alloc_zero(capacity, sizeof *ledger->ops);
    ledger->seqs = kolam_alloc_zero(capacity, sizeof *ledger->seqs);
    ledger->numbers = kolam_alloc_zero((size_t)artist_count + 1, sizeof *ledger->numbers);
    ledger->partials = kolam_alloc_zero((size_t)artist_count + 1, sizeof *ledger->partials);
    ledger->names = kolam_alloc_zero((size_t)artist_count * names + 1, sizeof *ledger->names);
    if (!ledger->ops || !ledger->seqs || !ledger->names || !ledger->numbers || !ledger->partials) {
        kolam_load_ledger_finish(ledger);
        return KOLAM_ERR_NOMEM;
    }
    return KOLAM_OK;
}

void kolam_load_ledger_finish(struct kolam_load_ledger *ledger) {
    kolam_free(ledger->ops);
    kolam_free(ledger->seqs);
    kolam_free(ledger->names);
    kolam_free(ledger->numbers);
    kolam_free(ledger->partials);
    *ledger = (struct kolam_load_ledger){0};
}

static struct kolam_load_op *op_at(const struct kolam_load_ledger *ledger, uint64_t number) {
    return &ledger->ops[number & (ledger->capacity - 1)];
}

static uint64_t *name_slot(const struct kolam_load_ledger *ledger, uint32_t artist,
                           uint32_t counter) {
    return &ledger->names[(size_t)artist * ledger->name_capacity +
                          (counter & (ledger->name_capacity - 1))];
}

/* `number` is one more than the op's; NULL if that is too long ago, or not of this name. */
static struct kolam_load_op *named(const struct kolam_load_ledger *ledger, uint64_t number,
                                   uint32_t artist, uint32_t counter) {
    if (number == 0 || ledger->op_count - (number - 1) > ledger->capacity) {
        return NULL;
    }
    struct kolam_load_op *op = op_at(ledger, number - 1);
    return op->part && op->artist == artist && op->counter == counter ? op : NULL;
}

static struct kolam_load_op *find(const struct kolam_load_ledger *ledger, uint32_t artist,
                                  uint32_t counter) {
    return named(ledger, *name_slot(ledger, artist, counter), artist, counter);
}

void kolam_load_ledger_sent(struct kolam_load_ledger *ledger, uint32_t artist, uint32_t counter,
                            const struct kolam_load_part *part, int64_t due_us) {
    *name_slot(ledger, artist, counter) = ledger->op_count + 1;
    *op_at(ledger, ledger->op_count) = (struct kolam_load_op){
        .part = part, .due_us = due_us, .artist = artist, .counter = counter};
    ledger->op_count++;
    ledger->unacked++;
    ledger->has_changes |= part->is_change;
}

const struct kolam_load_op *kolam_load_ledger_named(const struct kolam_load_ledger *ledger,
                                                    uint32_t artist, uint32_t counter) {
    return find(ledger, artist, counter);
}

/* The ring of seqs moves on; those that nobody tells us about are others'. */
static void reach(struct kolam_load_ledger *ledger, uint64_t seq) {
    if (seq <= ledger->newest_seq) {
        return;
    }
    uint64_t first = seq - ledger->newest_seq > ledger->capacity ? seq - ledger->capacity + 1
                                                                 : ledger->newest_seq + 1;
    for (uint64_t i = first; i <= seq; i++) {
        ledger->seqs[i & (ledger->capacity - 1)] = 0;
    }
    ledger->newest_seq = seq;
}

/* False if it contradicts what is known. `number` is one more than the op's. */
static bool assign(struct kolam_load_ledger *ledger, struct kolam_load_op *op, uint64_t number,
                   uint64_t seq) {
    if (op->seq != 0) {
        return op->seq == seq;
    }
    reach(ledger, seq);
    if (seq == 0 || ledger->newest_seq - seq >= ledger->capacity) {
        return false;
    }
    uint64_t *slot = &ledger->seqs[seq & (ledger->capacity - 1)];
    if (*slot != 0) {
        return false;
    }
    *slot = number;
    op->seq = seq;
    return true;
}

static bool assign_sent(struct kolam_load_ledger *ledger, struct kolam_load_op *op, uint64_t seq) {
    return assign(ledger, op, *name_slot(ledger, op->artist, op->counter), seq);
}

const struct kolam_load_op *kolam_load_ledger_acked(struct kolam_load_ledger *ledger,
                                                    uint32_t artist, uint32_t counter, uint64_t seq,
                                                    int64_t now_us) {
    struct kolam_load_op *op = find(ledger, artist, counter);
    if (!op || op->ack_us != 0 || !assign_sent(ledger, op, seq)) {
        ledger->wrong++;
        return NULL;
    }
    op->ack_us = now_us;
    ledger->unacked--;
    ledger->newest_acked_seq = seq > ledger->newest_acked_seq ? seq : ledger->newest_acked_seq;
    return op;
}

void kolam_load_ledger_refused(struct kolam_load_ledger *ledger, uint32_t artist,
                               uint32_t counter) {
    if (find(ledger, artist, counter)) {
        *name_slot(ledger, artist, counter) = 0;
        ledger->unacked--;
    }
}

static bool is_body(const struct kolam_load_op *op, const uint8_t *body, size_t size_bytes) {
    return size_bytes == op->part->body_bytes && memcmp(body, op->part->body, size_bytes) == 0;
}

/* An op under the name of one that is not yet sent, or that has another body: left behind in mid-stroke, once, before the
 * complete one. NULL if it is not that. */
static struct kolam_load_op *take_partial(struct kolam_load_ledger *ledger, uint32_t artist,
                                          const struct kolam_load_op *sent,
                                          const struct kolam_wire_op *came, int64_t now_us) {
    uint64_t *newest = &ledger->partials[artist];
    if (!ledger->beginning || (sent && sent->seq != 0 && sent->seq <= came->seq) ||
        named(ledger, *newest, artist, came->counter)) {
        return NULL;
    }
    const struct kolam_load_part *part = ledger->beginning(
        ledger->beginning_ctx, artist, came->counter, sent, came->body, came->body_size_bytes);
    struct kolam_load_op op = {.part = part,
                               .due_us = INT64_MIN,
                               .ack_us = now_us,
                               .artist = artist,
                               .counter = came->counter};
    if (!part || !assign(ledger, &op, ledger->op_count + 1, came->seq)) {
        return NULL;
    }
    *newest = ++ledger->op_count;
    *op_at(ledger, *newest - 1) = op;
    ledger->partial_ops++;
    return op_at(ledger, *newest - 1);
}

/* One that was sent, and completes what was left behind if it says so. NULL if it is not that. */
static struct kolam_load_op *take_sent(struct kolam_load_ledger *ledger, uint32_t artist,
                                       struct kolam_load_op *op, const struct kolam_wire_op *came) {
    const struct kolam_load_op *partial =
        named(ledger, ledger->partials[artist], artist, came->counter);
    if (!assign_sent(ledger, op, came->seq)) {
        return NULL;
    }
    /* Nobody of ours may have seen the partial one: but what it replaces is then none that we know. */
    const bool is_right = came->replaces == 0
                              ? !partial
                              : ledger->beginning && came->replaces < came->seq &&
                                    (partial ? partial->seq == came->replaces
                                             : !kolam_load_ledger_at(ledger, came->replaces));
    if (came->replaces != 0 && is_right) {
        op->replaces = came->replaces;
        ledger->has_changes = true;
        ledger->replaced_ops++;
    }
    return is_right ? op : NULL;
}

/* Takes one apart for the first time. */
static struct kolam_load_op *read_first(struct kolam_load_ledger *ledger,
                                        struct kolam_wire_reader payload, int64_t now_us) {
    struct kolam_wire_op came;
    if (kolam_wire_read_op(payload, &came) != KOLAM_OK) {
        ledger->wrong++;
        return NULL;
    }
    uint64_t artist = came.nonce - ledger->base_nonce;
    /* A nonce is no secret: somebody else may use it, and then the op is that one's. */
    const bool is_another = artist < ledger->artist_count && ledger->numbers[artist] != 0 &&
                            ledger->numbers[artist] != came.artist;
    if (artist >= ledger->artist_count || is_another) {
        reach(ledger, came.seq);
        ledger->foreign++;
        return NULL;
    }
    struct kolam_load_op *op = find(ledger, (uint32_t)artist, came.counter);
    const size_t envelope_bytes = (size_t)(came.body - payload.at);
    if (op && is_body(op, came.body, came.body_size_bytes)) {
        op = take_sent(ledger, (uint32_t)artist, op, &came);
    } else {
        op = came.replaces == 0 ? take_partial(ledger, (uint32_t)artist, op, &came, now_us) : NULL;
    }
    /* Another envelope under the same name is as wrong as another body. */
    if (!op || envelope_bytes > sizeof op->envelope || op->envelope_bytes != 0) {
        ledger->wrong++;
        return NULL;
    }
    ledger->numbers[artist] = came.artist;
    memcpy(op->envelope, payload.at, envelope_bytes);
    op->envelope_bytes = (uint8_t)envelope_bytes;
    return op;
}

const struct kolam_load_op *kolam_load_ledger_came(struct kolam_load_ledger *ledger,
                                                   struct kolam_wire_reader payload, int64_t now_us,
                                                   uint64_t *out_seq) {
    struct kolam_wire_reader reader = payload;
    const uint64_t seq = kolam_wire_varint(&reader);
    const struct kolam_load_op *op = kolam_load_ledger_at(ledger, seq);
    const size_t size_bytes = (size_t)(payload.end - payload.at);
    *out_seq = seq;
    if (op && op->envelope_bytes > 0 && size_bytes > op->envelope_bytes &&
        memcmp(payload.at, op->envelope, op->envelope_bytes) == 0 &&
        is_body(op, payload.at + op->envelope_bytes, size_bytes - op->envelope_bytes)) {
        return op;
    }
    return read_first(ledger, payload, now_us);
}

const struct kolam_load_op *kolam_load_ledger_at(const struct kolam_load_ledger *ledger,
                                                 uint64_t seq) {
    if (seq == 0 || seq > ledger->newest_seq || ledger->newest_seq - seq >= ledger->capacity) {
        return NULL;
    }
    uint64_t number = ledger->seqs[seq & (ledger->capacity - 1)];
    if (number == 0 || ledger->op_count - (number - 1) > ledger->capacity) {
        return NULL;
    }
    const struct kolam_load_op *op = op_at(ledger, number - 1);
    return op->seq == seq ? op : NULL;
}
