/* See piece.h. */
#include "tests/support/faults/piece.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/faults/explore.h"
#include "tests/unit/random.h"

static uint64_t next_number, done, stopped_at = UINT64_MAX, sample_one_in = 1;

static uint64_t number_of(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static bool has_sanitizer(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return true;
#endif
#endif
    return false;
}

bool piece_is_long(void) {
    const char *text = getenv("KOLAM_EVERY_FAULT");
    return text && strcmp(text, "1") == 0 && !has_sanitizer();
}

uint64_t piece_seed(void) {
    return number_of("KOLAM_SEED", 1);
}

void piece_sample(uint64_t one_in) {
    sample_one_in = one_in > 0 ? one_in : 1;
}

static bool is_time_over(void) {
    static time_t end;
    struct timespec now;
    const uint64_t seconds = number_of("KOLAM_SECONDS", 0);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    end = end == 0 ? now.tv_sec + (time_t)seconds : end;
    return seconds > 0 && now.tv_sec >= end;
}

bool piece_takes(uint64_t *out_number) {
    const uint64_t number = next_number++;
    *out_number = number;
    if (explore_is_child() || stopped_at != UINT64_MAX) {
        return false;
    }
    if (!piece_is_long()) {
        struct test_random random = test_random_from(piece_seed() * 1000003 + number);
        const bool is_taken = test_random_below(&random, sample_one_in) == 0;
        done += is_taken;
        return is_taken;
    }
    if (number < number_of("KOLAM_FROM", 0)) {
        return false;
    }
    if (number >= number_of("KOLAM_TO", UINT64_MAX) || is_time_over()) {
        stopped_at = number;
        return false;
    }
    done++;
    return true;
}

void piece_tell(void) {
    printf("%" PRIu64 " faults of %" PRIu64 ", %" PRIu64 " looks of which %" PRIu64
           " were like another, ",
           done, next_number, explore_known_count() + explore_spared_count(),
           explore_spared_count());
    if (stopped_at == UINT64_MAX) {
        printf("all\n");
    } else {
        printf("go on from %" PRIu64 "\n", stopped_at);
    }
}
