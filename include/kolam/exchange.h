/* What lives for a moment (a preview, a pen's place, who left), on its way between logs of the same canvas that are open side by
 * side: best effort, from each in the order in which it was published, never stored, never back to who published it. This
 * is the exchange within one process, which replicas in it share; a replicated engine has its own. */
#ifndef KOLAM_EXCHANGE_H
#define KOLAM_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

/* So many bytes wait for a member at most; of more the oldest are dropped. */
#define KOLAM_EXCHANGE_BYTES_MAX (1u << 20)

struct kolam_exchange;
struct kolam_exchange_member;

/* NULL when out of memory. Any thread. */
struct kolam_exchange *kolam_exchange_create(void);
/* All members have left. NULL is safe. */
void kolam_exchange_destroy(struct kolam_exchange *exchange);

/* `wake` is called, from the publisher's thread, when there is something to take and was not. NULL when out of memory. Any
 * thread. */
struct kolam_exchange_member *kolam_exchange_join(struct kolam_exchange *exchange,
                                                  void (*wake)(void *ctx), void *wake_ctx);
/* NULL is safe. */
void kolam_exchange_leave(struct kolam_exchange_member *member);

/* Copies the bytes to all other members; without memory for one of them it goes without. Any thread. */
void kolam_exchange_publish(struct kolam_exchange_member *member, const uint8_t *bytes,
                            size_t size_bytes);

typedef void kolam_exchange_hear(void *ctx, const uint8_t *bytes, size_t size_bytes);
/* Calls `hear` for all that has come, on this thread; the bytes are borrowed for the call. */
void kolam_exchange_take(struct kolam_exchange_member *member, kolam_exchange_hear *hear,
                         void *ctx);

#endif
