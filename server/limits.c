/* Accounts and their buckets; see limits.h.
 *
 * A bucket is one number: until when what was taken from it is paid for (the "theoretical arrival time" of GCRA). What lies
 * before now is full, so a zeroed account owes nothing, and time fills all of them without a sweep. */
#include "limits.h"

#include <string.h>

#include "keyed_hash.h"
#include "kolam/alloc.h"
#include "kolam/identity.h"
#include "list.h"

#define NS_PER_US 1000
#define DEBT_BURSTS 4 /* what is charged past this many bursts is forgotten */

struct account_key {
    uint64_t kind, high, low;
};
enum { KEY_IDENTITY = 1, KEY_PASSING, KEY_ADDRESS, KEY_NETWORK };

struct kolam_account {
    struct kolam_account *next; /* in its bucket of the table */
    struct kolam_list idle;     /* among those nobody holds, the longest first */
    struct account_key key;
    uint32_t refs;
    uint32_t at_once[KOLAM_LIMITS - KOLAM_LIMIT_RATES];
    int64_t paid_until_ns[KOLAM_LIMIT_RATES];
};

/* What a setting is in the time of a bucket. */
struct pace {
    double ns_each;
    int64_t burst_ns; /* 0: no limit */
};

struct kolam_limits {
    struct pace paces[KOLAM_LIMIT_RATES][KOLAM_SCOPES];
    uint32_t most[KOLAM_LIMITS - KOLAM_LIMIT_RATES][KOLAM_SCOPES]; /* 0: no limit */
    bool counts_loopback;
    kolam_limit_hits hits;
    struct kolam_account total;
    struct kolam_hash_key key;
    struct kolam_list idle;
    uint32_t count, capacity, mask;
    struct kolam_account **table;
};

/* ---- making ---- */

static struct pace pace_of(const struct kolam_limit_setting *setting) {
    const double most_ns = 1e17; /* three years: sums of a few stay far from the type's end */
    if (setting->rate <= 0) {
        return (struct pace){0};
    }
    const double ns_each = 1e9 / setting->rate;
    const double burst_ns = setting->burst * ns_each;
    return (struct pace){ns_each, burst_ns < 1         ? 1
                                  : burst_ns > most_ns ? (int64_t)most_ns
                                                       : (int64_t)burst_ns};
}

static void take_settings(struct kolam_limits *limits,
                          const struct kolam_limit_settings *settings) {
    for (int scope = 0; scope < KOLAM_SCOPES; scope++) {
        for (int i = 0; i < KOLAM_LIMITS; i++) {
            const struct kolam_limit_setting *setting = &settings->of[i][scope];
            if (i < KOLAM_LIMIT_RATES) {
                limits->paces[i][scope] = pace_of(setting);
            } else {
                limits->most[i - KOLAM_LIMIT_RATES][scope] =
                    setting->rate > 0 ? (uint32_t)setting->burst : 0;
            }
        }
    }
    limits->counts_loopback = settings->counts_loopback;
}

enum kolam_status kolam_limits_create(const struct kolam_limit_settings *settings,
                                      uint32_t capacity, struct kolam_limits **out_limits) {
    struct kolam_limits *limits = kolam_alloc_zero(1, sizeof(*limits));
    if (!limits) {
        return KOLAM_ERR_NOMEM;
    }
    uint32_t buckets = 64;
    while (buckets < capacity && buckets < 1u << 30) {
        buckets *= 2;
    }
    limits->table = kolam_alloc_zero(buckets, sizeof(*limits->table));
    if (!limits->table) {
        kolam_free(limits);
        return KOLAM_ERR_NOMEM;
    }
    limits->mask = buckets - 1;
    limits->capacity = capacity;
    kolam_list_init(&limits->idle);
    kolam_list_init(&limits->total.idle);
    kolam_random_bytes(&limits->key, sizeof(limits->key));
    take_settings(limits, settings);
    *out_limits = limits;
    return KOLAM_OK;
}

void kolam_limits_destroy(struct kolam_limits *limits) {
    for (uint32_t i = 0; limits && i <= limits->mask; i++) {
        for (struct kolam_account *account = limits->table[i]; account;) {
            struct kolam_account *next = account->next;
            kolam_free(account);
            account = next;
        }
    }
    if (limits) {
        kolam_free(limits->table);
        kolam_free(limits);
    }
}

/* ---- the table ---- */

static struct kolam_account **slot_of(struct kolam_limits *limits, const struct account_key *key) {
    const uint64_t words[] = {key->kind, key->high, key->low};
    return &limits->table[kolam_keyed_hash(&limits->key, words, 3) & limits->mask];
}

static void forget(struct kolam_limits *limits, struct kolam_account *account) {
    struct kolam_account **at = slot_of(limits, &account->key);
    while (*at != account) {
        at = &(*at)->next;
    }
    *at = account->next;
    kolam_list_remove(&account->idle);
    limits->count--;
    kolam_free(account);
}

static struct kolam_account *hold(struct kolam_limits *limits, const struct account_key *key) {
    struct kolam_account **slot = slot_of(limits, key);
    for (struct kolam_account *known = *slot; known; known = known->next) {
        if (known->key.low == key->low && known->key.high == key->high &&
            known->key.kind == key->kind) {
            kolam_list_remove(&known->idle);
            known->refs++;
            return known;
        }
    }
    if (limits->count >= limits->capacity) {
        if (kolam_list_is_empty(&limits->idle)) {
            return NULL;
        }
        forget(limits, KOLAM_CONTAINER(limits->idle.next, struct kolam_account, idle));
    }
    struct kolam_account *account = kolam_alloc_zero(1, sizeof(*account));
    if (!account) {
        return NULL;
    }
    account->key = *key;
    account->refs = 1;
    account->next = *slot;
    *slot = account;
    kolam_list_init(&account->idle);
    limits->count++;
    return account;
}

static void let_go(struct kolam_limits *limits, struct kolam_account *account) {
    if (!account || --account->refs > 0) {
        return;
    }
    if (account->key.kind == KEY_PASSING) {
        forget(limits, account);
    } else {
        kolam_list_append(&limits->idle, &account->idle);
    }
}

/* ---- payers ---- */

static uint64_t word_at(const uint8_t *bytes) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
        word = word << 8 | bytes[i];
    }
    return word;
}

void kolam_payer_set_address(struct kolam_limits *limits, struct kolam_payer *payer,
                             const struct kolam_address *address) {
    const uint64_t high = word_at(address->bytes), low = word_at(address->bytes + 8);
    const bool is_v4 = high == 0 && low >> 32 == 0xffff;
    const bool is_loopback = (is_v4 && (low >> 24 & 0xff) == 127) || (high == 0 && low == 1);
    if (is_loopback && !limits->counts_loopback) {
        return;
    }
    struct account_key one = {KEY_ADDRESS, high, is_v4 ? low : 0};
    struct account_key network = {KEY_NETWORK, high, low & ~(uint64_t)0xff};
    if (!is_v4) {
        network.high = high & ~(uint64_t)0xffff;
        network.low = 0;
    }
    if (is_loopback && !is_v4) {
        one.low = low;
    }
    payer->accounts[KOLAM_SCOPE_ADDRESS] = hold(limits, &one);
    payer->accounts[KOLAM_SCOPE_NETWORK] = hold(limits, &network);
}

void kolam_payer_set_identity(struct kolam_limits *limits, struct kolam_payer *payer, uint64_t high,
                              uint64_t low, bool is_passing) {
    const struct account_key key = {is_passing ? KEY_PASSING : KEY_IDENTITY, high, low};
    struct kolam_account *former = payer->accounts[KOLAM_SCOPE_IDENTITY];
    payer->accounts[KOLAM_SCOPE_IDENTITY] = hold(limits, &key);
    let_go(limits, former);
}

void kolam_payer_copy(struct kolam_payer *payer, const struct kolam_payer *from) {
    *payer = *from;
    for (int i = 0; i < KOLAM_SCOPE_TOTAL; i++) {
        if (payer->accounts[i]) {
            payer->accounts[i]->refs++;
        }
    }
}

void kolam_payer_release(struct kolam_limits *limits, struct kolam_payer *payer) {
    for (int i = 0; i < KOLAM_SCOPE_TOTAL; i++) {
        let_go(limits, payer->accounts[i]);
    }
    *payer = (struct kolam_payer){0};
}

/* ---- taking ---- */

/* The buckets that a payer's cost falls into, the narrowest first. */
struct bill {
    uint32_t count;
    struct {
        enum kolam_limit_scope scope;
        const struct pace *pace;
        int64_t *paid_until_ns;
        int64_t used_ns; /* now */
        int64_t cost_ns;
        int64_t room_ns; /* what may be used of it by this payer */
    } items[KOLAM_SCOPES];
};

static int64_t cost_of(const struct pace *pace, uint64_t cost) {
    const double ns = (double)cost * pace->ns_each;
    return ns < 1e17 ? (int64_t)ns : (int64_t)1e17;
}

static void make_bill(struct kolam_limits *limits, const struct kolam_payer *payer,
                      enum kolam_limit limit, uint64_t cost, int64_t now_ns, struct bill *out) {
    bool took_much = false;
    out->count = 0;
    for (int scope = 0; scope < KOLAM_SCOPES; scope++) {
        const struct pace *pace = &limits->paces[limit][scope];
        struct kolam_account *account =
            scope == KOLAM_SCOPE_TOTAL ? &limits->total : payer->accounts[scope];
        if (!account || pace->burst_ns == 0) {
            continue;
        }
        const int64_t used_ns = account->paid_until_ns[limit] - now_ns;
        const uint32_t i = out->count++;
        out->items[i].scope = (enum kolam_limit_scope)scope;
        out->items[i].pace = pace;
        out->items[i].paid_until_ns = &account->paid_until_ns[limit];
        out->items[i].used_ns = used_ns > 0 ? used_ns : 0;
        out->items[i].room_ns = i > 0 && took_much ? pace->burst_ns / 2 : pace->burst_ns;
        out->items[i].cost_ns = cost_of(pace, cost);
        if (i == 0) {
            took_much = out->items[i].used_ns + out->items[i].cost_ns > pace->burst_ns / 2;
        }
    }
}

uint64_t kolam_limits_take(struct kolam_limits *limits, const struct kolam_payer *payer,
                           enum kolam_limit limit, uint64_t cost, uint64_t now_us) {
    const int64_t now_ns = (int64_t)now_us * NS_PER_US;
    struct bill bill;
    int64_t wait_ns = 0;
    if (payer->is_exempt) {
        return 0;
    }
    make_bill(limits, payer, limit, cost, now_ns, &bill);
    for (uint32_t i = 0; i < bill.count; i++) {
        /* What costs more than a bucket holds is had when it is full. */
        const int64_t cost_ns = bill.items[i].cost_ns;
        const int64_t room_ns = bill.items[i].room_ns;
        const int64_t over_ns =
            bill.items[i].used_ns + (cost_ns < room_ns ? cost_ns : room_ns) - room_ns;
        if (over_ns > 0) {
            limits->hits[limit][bill.items[i].scope]++;
            wait_ns = over_ns > wait_ns ? over_ns : wait_ns;
        }
    }
    if (wait_ns > 0) {
        return (uint64_t)(wait_ns / NS_PER_US) + 1;
    }
    for (uint32_t i = 0; i < bill.count; i++) {
        *bill.items[i].paid_until_ns = now_ns + bill.items[i].used_ns + bill.items[i].cost_ns;
    }
    return 0;
}

uint64_t kolam_limits_charge(struct kolam_limits *limits, const struct kolam_payer *payer,
                             enum kolam_limit limit, uint64_t cost, uint64_t now_us) {
    const int64_t now_ns = (int64_t)now_us * NS_PER_US;
    struct bill bill;
    int64_t wait_ns = 0;
    if (payer->is_exempt) {
        return 0;
    }
    make_bill(limits, payer, limit, cost, now_ns, &bill);
    for (uint32_t i = 0; i < bill.count; i++) {
        const int64_t burst_ns = bill.items[i].pace->burst_ns;
        const int64_t room_ns = bill.items[i].room_ns;
        /* One's own debt is remembered; in what is shared, what many took in the same moment must not lock out those
         * who come after: who took much already cannot take of the half that is kept, even by debt. */
        const int64_t most_ns = i == 0               ? burst_ns * DEBT_BURSTS
                                : room_ns < burst_ns ? room_ns + burst_ns / 4
                                                     : burst_ns + burst_ns / 4;
        const int64_t before_ns = bill.items[i].used_ns;
        int64_t after_ns = before_ns + bill.items[i].cost_ns;
        if (after_ns > most_ns) {
            after_ns = before_ns > most_ns ? before_ns : most_ns;
        }
        *bill.items[i].paid_until_ns = now_ns + after_ns;
        if (after_ns > room_ns) {
            limits->hits[limit][bill.items[i].scope]++;
            wait_ns = after_ns - room_ns > wait_ns ? after_ns - room_ns : wait_ns;
        }
    }
    return wait_ns > 0 ? (uint64_t)(wait_ns / NS_PER_US) + 1 : 0;
}

/* ---- at once ---- */

static struct kolam_account *account_at(struct kolam_limits *limits,
                                        const struct kolam_payer *payer, int scope) {
    return scope == KOLAM_SCOPE_TOTAL ? &limits->total : payer->accounts[scope];
}

bool kolam_limits_enter(struct kolam_limits *limits, const struct kolam_payer *payer,
                        enum kolam_limit limit) {
    const int kind = (int)limit - (int)KOLAM_LIMIT_RATES;
    for (int scope = 0; scope < KOLAM_SCOPES; scope++) {
        const struct kolam_account *account = account_at(limits, payer, scope);
        const uint32_t most = limits->most[kind][scope];
        if (account && most > 0 && account->at_once[kind] >= most) {
            limits->hits[limit][scope]++;
            return false;
        }
    }
    for (int scope = 0; scope < KOLAM_SCOPES; scope++) {
        struct kolam_account *account = account_at(limits, payer, scope);
        if (account) {
            account->at_once[kind]++;
        }
    }
    return true;
}

void kolam_limits_leave(struct kolam_limits *limits, const struct kolam_payer *payer,
                        enum kolam_limit limit) {
    for (int scope = 0; scope < KOLAM_SCOPES; scope++) {
        struct kolam_account *account = account_at(limits, payer, scope);
        if (account) {
            account->at_once[(int)limit - (int)KOLAM_LIMIT_RATES]--;
        }
    }
}

const kolam_limit_hits *kolam_limits_hits(const struct kolam_limits *limits) {
    return (const kolam_limit_hits *)&limits->hits;
}

uint32_t kolam_limits_accounts(const struct kolam_limits *limits) {
    return limits->count;
}

uint64_t kolam_limits_bytes(const struct kolam_limits *limits) {
    return (uint64_t)limits->count * sizeof(struct kolam_account) +
           ((uint64_t)limits->mask + 1) * sizeof(limits->table[0]);
}
