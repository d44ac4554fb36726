/* The shared op vectors: the C codec reads what the TypeScript codec reads, refuses what it refuses, and writes the
 * same bytes. tests/web/ runs the same file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/alloc.h"
#include "kolam/op.h"

#define VECTORS "tests/data/op-vectors.txt"

struct bench {
    struct kolam_op_room room;
    uint8_t bytes[KOLAM_OP_BYTES_MAX], again[KOLAM_OP_BYTES_MAX];
    uint32_t good, bad;
};

static size_t from_hex(const char *hex, uint8_t *bytes, size_t capacity) {
    size_t size = 0;
    unsigned value;
    while (size < capacity && sscanf(hex + 2 * size, "%2x", &value) == 1) {
        bytes[size++] = (uint8_t)value;
    }
    return size;
}

static void judge(struct bench *bench, const char *line) {
    struct kolam_op op;
    size_t again_size = 0;
    bool is_good = strncmp(line, "ok ", 3) == 0;
    const char *hex = strchr(line, ' ');
    size_t size = hex ? from_hex(hex + 1, bench->bytes, sizeof bench->bytes) : 0;
    enum kolam_status status = kolam_op_decode(bench->bytes, size, &bench->room, &op);
    if (status != (is_good ? KOLAM_OK : KOLAM_ERR_INVALID)) {
        print_error("%.80s: status %d\n", line, (int)status);
    }
    assert_int_equal(status, is_good ? KOLAM_OK : KOLAM_ERR_INVALID);
    if (is_good) {
        assert_int_equal(kolam_op_encode(&op, bench->again, sizeof bench->again, &again_size),
                         KOLAM_OK);
        assert_int_equal(again_size, size);
        assert_memory_equal(bench->again, bench->bytes, size);
    }
    bench->good += is_good;
    bench->bad += !is_good;
}

static void both_codecs_agree_on_every_vector(void **state) {
    (void)state;
    struct bench *bench = kolam_alloc_zero(1, sizeof *bench);
    FILE *file = fopen(VECTORS, "r");
    char *line = NULL;
    size_t capacity = 0;
    assert_non_null(bench);
    assert_non_null(file);
    while (getline(&line, &capacity, file) > 0) {
        if (strncmp(line, "ok ", 3) == 0 || strncmp(line, "bad", 3) == 0) {
            judge(bench, line);
        }
    }
    assert_true(bench->good >= 20);
    assert_true(bench->bad >= 40);
    free(line);
    fclose(file);
    kolam_free(bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_codecs_agree_on_every_vector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
