/* How much of all faults a run takes: a seeded sample, or with KOLAM_EVERY_FAULT=1 every one. Then KOLAM_FROM=n and KOLAM_TO=n leave
 * out those before the n-th and from there on, and KOLAM_SECONDS=s those for which no time is left, so that a long run may be one of
 * many (tests/faults.mjs): the line that each program ends with tells what was done and where to go on. With a sanitizer there is only the sample. */
#ifndef KOLAM_TESTS_PIECE_H
#define KOLAM_TESTS_PIECE_H

#include <stdbool.h>
#include <stdint.h>

bool piece_is_long(void);
uint64_t piece_seed(void);
/* Of what follows a sample takes one in `one_in`, which ones is chance's to say. */
void piece_sample(uint64_t one_in);
/* The next fault: true if it is this run's turn to see what comes of it. */
bool piece_takes(uint64_t *out_number);
/* "1234 faults, all" or "1234 faults, go on from 5678" on standard output. */
void piece_tell(void);

#endif
