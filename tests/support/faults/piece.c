/* See piece.h. */
#include "tests/support/faults/piece.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t done;

bool piece_is_long(void) {
    const char *text = getenv("KOLAM_LONG");
    return text && strcmp(text, "1") == 0;
}

uint64_t piece_seed(void) {
    const char *text = getenv("KOLAM_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

bool piece_has(uint64_t number) {
    const char *text = getenv("KOLAM_PIECE");
    uint64_t piece = 0, pieces = 0;
    const bool is_in_pieces =
        text && sscanf(text, "%" SCNu64 "/%" SCNu64, &piece, &pieces) == 2 && pieces > 0;
    const bool is_ours = !is_in_pieces || number % pieces == piece;
    done += is_ours;
    return is_ours;
}

void piece_tell(const char *what) {
    printf("%" PRIu64 " %s\n", done, what);
}
