/* Chance that is the same each time: what the engine and SQLite are given for random bytes in tests of faults. */
#ifndef KOLAM_TESTS_CHANCE_H
#define KOLAM_TESTS_CHANCE_H

#include <stddef.h>
#include <stdint.h>

void chance_begin(uint64_t seed);
void chance_take(void *out, size_t size);

#endif
