/* Records as the command reads and writes them: what is malformed never passes, and never reads beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/alloc.h"
#include "tools/wire.h"

static void varints_come_back(void **state) {
    (void)state;
    static const uint64_t values[] = {
        0, 1, 127, 128, 300, 16383, 16384, UINT32_MAX, UINT64_MAX >> 1, UINT64_MAX};
    struct kolam_wire_buffer buffer = {0};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        kolam_wire_put_varint(&buffer, values[i]);
    }
    assert_false(buffer.has_failed);
    struct kolam_wire_reader reader = {buffer.bytes, buffer.bytes + buffer.size_bytes, false};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_true(kolam_wire_varint(&reader) == values[i]);
    }
    assert_false(reader.has_failed);
    assert_ptr_equal(reader.at, reader.end);
    kolam_free(buffer.bytes);
}

static void refuses(const uint8_t *bytes, size_t size_bytes) {
    struct kolam_wire_reader reader = {bytes, bytes + size_bytes, false};
    assert_int_equal(kolam_wire_varint(&reader), 0);
    assert_true(reader.has_failed);
}

static void malformed_varints_are_refused(void **state) {
    (void)state;
    static const uint8_t cut_off[] = {0x80}, superfluous[] = {0x81, 0x00},
                         too_long[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},
                         endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                      0x80, 0x80, 0x80, 0x80, 0x01};
    refuses(cut_off, 0);
    refuses(cut_off, sizeof cut_off);
    refuses(superfluous, sizeof superfluous);
    refuses(too_long, sizeof too_long);
    refuses(endless, sizeof endless);
}

static void frame_is_walked_record_by_record(void **state) {
    (void)state;
    /* An unknown record, then ACK 5, 2, 300. */
    static const uint8_t frame[] = {0xf0, 2, 9, 9, 0x82, 4, 5, 2, 0xac, 0x02};
    struct kolam_wire_reader reader = {frame, frame + sizeof frame, false}, payload;
    struct kolam_wire_ack ack;
    uint8_t type;
    assert_true(kolam_wire_record(&reader, &type, &payload));
    assert_int_equal(type, 0xf0);
    assert_true(kolam_wire_record(&reader, &type, &payload));
    assert_int_equal(type, KOLAM_WIRE_ACK);
    assert_int_equal(kolam_wire_read_ack(payload, &ack), KOLAM_OK);
    assert_int_equal(ack.counter, 5);
    assert_int_equal(ack.count, 2);
    assert_int_equal(ack.seq, 300);
    assert_false(kolam_wire_record(&reader, &type, &payload));
    assert_false(reader.has_failed);
}

static void record_longer_than_its_frame_is_refused(void **state) {
    (void)state;
    static const uint8_t frame[] = {0x82, 5, 5, 2, 1};
    struct kolam_wire_reader reader = {frame, frame + sizeof frame, false}, payload;
    uint8_t type;
    assert_false(kolam_wire_record(&reader, &type, &payload));
    assert_true(reader.has_failed);
}

static void op_is_taken_apart(void **state) {
    (void)state;
    struct kolam_wire_buffer buffer = {0};
    static const uint8_t nonce[8] = {8, 7, 6, 5, 4, 3, 2, 1}, body[3] = {1, 4, 0};
    kolam_wire_put_varint(&buffer, 4711);
    kolam_wire_put_varint(&buffer, 1769000000000u);
    kolam_wire_put_varint(&buffer, 12);
    kolam_wire_put(&buffer, nonce, sizeof nonce);
    kolam_wire_put_varint(&buffer, 99);
    kolam_wire_put_varint(&buffer, 17);
    kolam_wire_put(&buffer, body, sizeof body);
    struct kolam_wire_reader payload = {buffer.bytes, buffer.bytes + buffer.size_bytes, false};
    struct kolam_wire_op op;
    assert_int_equal(kolam_wire_read_op(payload, &op), KOLAM_OK);
    assert_int_equal(op.seq, 4711);
    assert_true(op.time_ms == 1769000000000);
    assert_int_equal(op.artist, 12);
    assert_true(op.nonce == 0x0102030405060708u);
    assert_int_equal(op.counter, 99);
    assert_int_equal(op.replaces, 17);
    assert_int_equal(op.body_size_bytes, 3);
    for (size_t size = 0; size < buffer.size_bytes - sizeof body; size++) {
        payload.end = payload.at + size;
        assert_int_equal(kolam_wire_read_op(payload, &op), KOLAM_ERR_INVALID);
    }
    kolam_free(buffer.bytes);
}

static void ack_and_nack_are_taken_apart(void **state) {
    (void)state;
    static const uint8_t left_over[] = {5, 1, 9, 0}, nack_bytes[] = {5, 4, 'n', 'o'};
    struct kolam_wire_ack ack;
    struct kolam_wire_nack nack;
    struct kolam_wire_reader payload = {left_over, left_over + 4, false};
    assert_int_equal(kolam_wire_read_ack(payload, &ack), KOLAM_ERR_INVALID);
    payload = (struct kolam_wire_reader){nack_bytes, nack_bytes + 4, false};
    assert_int_equal(kolam_wire_read_nack(payload, &nack), KOLAM_OK);
    assert_int_equal(nack.counter, 5);
    assert_int_equal(nack.code, 4);
    assert_int_equal(nack.message_bytes, 2);
    payload.end = nack_bytes + 1;
    assert_int_equal(kolam_wire_read_nack(payload, &nack), KOLAM_ERR_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_come_back),
        cmocka_unit_test(malformed_varints_are_refused),
        cmocka_unit_test(frame_is_walked_record_by_record),
        cmocka_unit_test(record_longer_than_its_frame_is_refused),
        cmocka_unit_test(op_is_taken_apart),
        cmocka_unit_test(ack_and_nack_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
