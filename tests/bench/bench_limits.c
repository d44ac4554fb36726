/* What a check of the limits costs: payers as a busy server has them (an identity, an address, a network, and the total), one
 * charge of bytes and one of frames each, as every message that comes pays them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kolam/alloc.h"
#include "server/limits.h"

#define CHARGES 4000000u

static double cpu_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(struct kolam_limits *limits, uint32_t count) {
    struct kolam_payer *payers = kolam_alloc_zero(count, sizeof *payers);
    uint64_t now_us = 1000000;
    if (!payers) {
        exit(1);
    }
    for (uint32_t i = 0; i < count; i++) {
        /* 203.x.y.z: sixty-four people at an address, as in schools */
        struct kolam_address address = {.bytes = {[10] = 0xff, [11] = 0xff, [12] = 203}};
        address.bytes[13] = (uint8_t)(i >> 22);
        address.bytes[14] = (uint8_t)(i >> 14);
        address.bytes[15] = (uint8_t)(i >> 6);
        kolam_payer_set_address(limits, &payers[i], &address);
        kolam_payer_set_identity(limits, &payers[i], 1, i + 1, false);
    }
    const double began_s = cpu_s();
    for (uint32_t i = 0; i < CHARGES; i++) {
        const struct kolam_payer *payer = &payers[(i * 2654435761u) % count];
        now_us += 50;
        (void)kolam_limits_charge(limits, payer, KOLAM_LIMIT_BYTES, 60, now_us);
        (void)kolam_limits_charge(limits, payer, KOLAM_LIMIT_FRAMES, 1, now_us);
    }
    const double ns = (cpu_s() - began_s) * 1e9 / (2.0 * CHARGES);
    printf("%8u payers: %6.1f ns a charge, %5.1f ns an account\n", count, ns, ns / KOLAM_SCOPES);
    for (uint32_t i = 0; i < count; i++) {
        kolam_payer_release(limits, &payers[i]);
    }
    kolam_free(payers);
}

int main(void) {
    struct kolam_limit_settings settings;
    struct kolam_limits *limits;
    kolam_limit_defaults(&settings);
    if (kolam_limits_create(&settings, 60000, &limits) != KOLAM_OK) {
        return 1;
    }
    measure(limits, 10);
    measure(limits, 1000);
    measure(limits, 10000);
    kolam_limits_destroy(limits);
    return 0;
}
