/* How often codes and phrases may be guessed: per prefix of addresses and in all. A code is found by nobody who may try only so often;
 * the limit in all is what stands against somebody with many addresses, and is wide enough that one who wears it out keeps nobody
 * else from signing in for long. Pure but for memory. */
#ifndef KOLAM_SERVER_GUESSES_H
#define KOLAM_SERVER_GUESSES_H

#include "peer.h"

/* Of one prefix (IPv4 /32, IPv6 /64): so many at once, and one more after so long. */
#define KOLAM_GUESSES_BURST 10
#define KOLAM_GUESSES_MS 30000
/* Of all together: so many at once, and so many a second. 44 bits and 1,000 open codes: one in 17 billion each. */
#define KOLAM_GUESSES_ALL_BURST 300
#define KOLAM_GUESSES_ALL_PER_S 10

struct kolam_guesses;

struct kolam_guesses *kolam_guesses_create(void);          /* NULL when out of memory */
void kolam_guesses_destroy(struct kolam_guesses *guesses); /* NULL is safe */
/* Takes one; false: not now. */
bool kolam_guesses_take(struct kolam_guesses *guesses, const struct kolam_address *address,
                        int64_t now_ms);
/* It was right: gives it back. */
void kolam_guesses_give_back(struct kolam_guesses *guesses, const struct kolam_address *address);

#endif
