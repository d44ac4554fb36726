/* The few vector operations the ink kernel needs, four floats wide: SSE2, WebAssembly SIMD, or
 * plain C.
 *
 * Each is exact or correctly rounded lane by lane (no estimates, no fused multiply-add), so all
 * three give the same bits; the four-function arithmetic is the compiler's own on vector types.
 * Square roots are instructions here because the C function would bring libm and errno along. */
#ifndef KOLAM_INK_LANES_H
#define KOLAM_INK_LANES_H

#include <stdint.h>

/* KOLAM_INK_PLAIN: the plain C, for comparing. */
#if defined(__SSE2__) && !defined(KOLAM_INK_PLAIN)
#define LANES_SSE2
#include <emmintrin.h>
#elif defined(__wasm_simd128__) && !defined(KOLAM_INK_PLAIN)
#define LANES_WASM
#include <wasm_simd128.h>
#endif

typedef float lanes __attribute__((vector_size(16)));
typedef uint32_t words __attribute__((vector_size(16)));
typedef int32_t ints __attribute__((vector_size(16)));
typedef uint16_t shorts __attribute__((vector_size(16)));

static inline lanes lanes_of(float value) {
    return (lanes){value, value, value, value};
}

/* Whole numbers from `first` on: exact, and so are sums of them. */
static inline lanes lanes_from(int32_t first) {
    return lanes_of((float)first) + (lanes){0.0f, 1.0f, 2.0f, 3.0f};
}

static inline int lanes_are_full(const uint8_t *bytes) {
    uint32_t four;
    __builtin_memcpy(&four, bytes, sizeof four);
    return four == UINT32_MAX;
}

static inline words words_of(uint32_t value) {
    return (words){value, value, value, value};
}

static inline words words_load(const uint32_t *from) {
    words value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

static inline void words_store(uint32_t *to, words value) {
    __builtin_memcpy(to, &value, sizeof value);
}

/* Whole quotients of what is at most 2^16 by what is at most 2^8: a quotient is whole, or further from a whole number
 * than a float rounds. */
static inline ints ints_divide(ints value, ints by) {
    return __builtin_convertvector(
        __builtin_convertvector(value, lanes) / __builtin_convertvector(by, lanes), ints);
}

/* Two bytes a word, each in 16 bits: a * b / 255 to nearest, pixman's MUL_UN8. */
static inline words words_mul_un8(words a, words b) {
    shorts product = (shorts)a * (shorts)b + 0x80;
    return (words)((product + (product >> 8)) >> 8);
}

#if defined(LANES_SSE2)

/* Four bytes, each in both halves of a word. */
static inline words words_of_bytes(const uint8_t *bytes) {
    int32_t four;
    __builtin_memcpy(&four, bytes, sizeof four);
    __m128i wide = _mm_unpacklo_epi8(_mm_cvtsi32_si128(four), _mm_setzero_si128());
    return (words)_mm_unpacklo_epi16(wide, wide);
}

static inline double exact_sqrt(double value) {
    __m128d wide = _mm_set_sd(value);
    return _mm_cvtsd_f64(_mm_sqrt_sd(wide, wide));
}

static inline lanes lanes_sqrt(lanes value) {
    return (lanes)_mm_sqrt_ps((__m128)value);
}

/* Both: a < b ? a : b and its mirror; no operand is ever a NaN. */
static inline lanes lanes_min(lanes a, lanes b) {
    return (lanes)_mm_min_ps((__m128)a, (__m128)b);
}

static inline lanes lanes_max(lanes a, lanes b) {
    return (lanes)_mm_max_ps((__m128)a, (__m128)b);
}

static inline lanes lanes_abs(lanes value) {
    return (lanes)_mm_andnot_ps(_mm_set1_ps(-0.0f), (__m128)value);
}

/* Four bytes become the larger of themselves and the lanes truncated; lanes are in 0..255.99. */
static inline void lanes_raise_bytes(uint8_t *bytes, lanes value) {
    __m128i rounded = _mm_cvttps_epi32((__m128)value);
    rounded = _mm_packs_epi32(rounded, rounded);
    rounded = _mm_packus_epi16(rounded, rounded);
    int32_t old;
    __builtin_memcpy(&old, bytes, sizeof old);
    int32_t raised = _mm_cvtsi128_si32(_mm_max_epu8(rounded, _mm_cvtsi32_si128(old)));
    __builtin_memcpy(bytes, &raised, sizeof raised);
}

#elif defined(LANES_WASM)

static inline words words_of_bytes(const uint8_t *bytes) {
    v128_t wide = wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(bytes));
    return (words)wasm_i16x8_shuffle(wide, wide, 0, 0, 1, 1, 2, 2, 3, 3);
}

static inline double exact_sqrt(double value) {
    return __builtin_sqrt(value); /* one instruction: built with -fno-math-errno */
}

static inline lanes lanes_sqrt(lanes value) {
    return (lanes)wasm_f32x4_sqrt((v128_t)value);
}

static inline lanes lanes_min(lanes a, lanes b) {
    return (lanes)wasm_f32x4_pmin((v128_t)b, (v128_t)a); /* pmin(b, a): a < b ? a : b */
}

static inline lanes lanes_max(lanes a, lanes b) {
    return (lanes)wasm_f32x4_pmax((v128_t)b, (v128_t)a); /* pmax(b, a): b < a ? a : b */
}

static inline lanes lanes_abs(lanes value) {
    return (lanes)wasm_f32x4_abs((v128_t)value);
}

static inline void lanes_raise_bytes(uint8_t *bytes, lanes value) {
    v128_t rounded = wasm_i32x4_trunc_sat_f32x4((v128_t)value);
    rounded = wasm_i16x8_narrow_i32x4(rounded, rounded);
    rounded = wasm_u8x16_narrow_i16x8(rounded, rounded);
    rounded = wasm_u8x16_max(rounded, wasm_v128_load32_zero(bytes));
    wasm_v128_store32_lane(bytes, rounded, 0);
}

#else

static inline words words_of_bytes(const uint8_t *bytes) {
    return (words){bytes[0], bytes[1], bytes[2], bytes[3]} * 0x10001u;
}

static inline double exact_sqrt(double value) {
    return __builtin_sqrt(value);
}

static inline lanes lanes_sqrt(lanes value) {
    return (lanes){__builtin_sqrtf(value[0]), __builtin_sqrtf(value[1]), __builtin_sqrtf(value[2]),
                   __builtin_sqrtf(value[3])};
}

static inline lanes lanes_min(lanes a, lanes b) {
    return (lanes){a[0] < b[0] ? a[0] : b[0], a[1] < b[1] ? a[1] : b[1], a[2] < b[2] ? a[2] : b[2],
                   a[3] < b[3] ? a[3] : b[3]};
}

static inline lanes lanes_max(lanes a, lanes b) {
    return (lanes){a[0] > b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1], a[2] > b[2] ? a[2] : b[2],
                   a[3] > b[3] ? a[3] : b[3]};
}

static inline lanes lanes_abs(lanes value) {
    return (lanes){__builtin_fabsf(value[0]), __builtin_fabsf(value[1]), __builtin_fabsf(value[2]),
                   __builtin_fabsf(value[3])};
}

static inline void lanes_raise_bytes(uint8_t *bytes, lanes value) {
    for (int i = 0; i < 4; i++) {
        uint8_t byte = (uint8_t)value[i];
        bytes[i] = byte > bytes[i] ? byte : bytes[i];
    }
}

#endif

#endif
