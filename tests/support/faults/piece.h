/* Long runs in pieces: KOLAM_LONG=1 takes everything, KOLAM_PIECE=2/50 of it every 50th from the third on; tests/faults.mjs runs
 * one piece after another. What was done is counted, for the line that each program ends with. */
#ifndef KOLAM_TESTS_PIECE_H
#define KOLAM_TESTS_PIECE_H

#include <stdbool.h>
#include <stdint.h>

bool piece_is_long(void);
uint64_t piece_seed(void);
/* True if it is this run's turn to do number `number` of its kind; counted then. Of a sample all are. */
bool piece_has(uint64_t number);
/* "1234 faults" on standard output. */
void piece_tell(const char *what);

#endif
