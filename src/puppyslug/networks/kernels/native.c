/* Transforms of Winograd's minimal filtering F(4x4, 3x3), ReLU and max pooling, depthwise
 * convolution, and moments of channels; winograd.py, sign_bits.py and depthwise.py explain the methods.
 *
 * Images are height x width x channels, in float32 or in bfloat16; tiles are numbered row by row.
 * A tile's values are transformed in float32, LANES channels at a time. Signs are one bit for each
 * value, in words of 32: whether it is positive. They need a multiple of 32 channels.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 64
#define SQRT_HALF 0.70710678118654752f
#define SQRT_TWO 1.41421356237309505f

/* GCC on Linux compiles these functions once for each instruction set and selects one at load time.
 * With x86-64-v4, which has AVX-512's instructions for 16-bit integers, bfloat16 takes 0.7 of the
 * time that it takes with avx512f. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 12
#define AVX512 "arch=x86-64-v4"
#else
#define AVX512 "avx512f"
#endif
#define MULTIVERSION __attribute__((target_clones(AVX512, "arch=haswell", "default")))
#else
#define MULTIVERSION
#endif
#define INLINE static inline __attribute__((always_inline))

typedef struct {
    int64_t height, width, channels; /* of the image */
    int64_t across;                  /* tiles in a row of tiles */
    int64_t first, count;            /* the tiles to transform */
    int64_t plane;                   /* distance between planes of the transformed tiles, in values */
    int64_t bfloat16;                /* whether values are bfloat16 rather than float32 */
    int64_t relu;                    /* whether to apply a ReLU to the outputs */
} Tiles;

INLINE void load(float *restrict to, const void *from, int64_t at, int64_t n, int bfloat16) {
    if (!bfloat16) {
        memcpy(to, (const float *)from + at, n * sizeof(float));
        return;
    }
    const uint16_t *restrict halves = (const uint16_t *)from + at;
    uint32_t *restrict bits = (uint32_t *)to;
    for (int64_t i = 0; i < n; i++) bits[i] = (uint32_t)halves[i] << 16;
}

INLINE void store(void *to, const float *restrict from, int64_t at, int64_t n, int bfloat16) {
    if (!bfloat16) {
        memcpy((float *)to + at, from, n * sizeof(float));
        return;
    }
    uint16_t *restrict halves = (uint16_t *)to + at;
    const uint32_t *restrict bits = (const uint32_t *)from;
    for (int64_t i = 0; i < n; i++) /* rounds to nearest, ties to even */
        halves[i] = (uint16_t)((bits[i] + 0x7fff + ((bits[i] >> 16) & 1)) >> 16);
}

/* Set values to zero where the bit is 0; n is a multiple of 32. */
INLINE void mask(float *restrict v, const uint32_t *restrict words, int64_t n) {
    uint32_t *restrict bits = (uint32_t *)v;
    for (int64_t w = 0; w < n / 32; w++)
        for (uint32_t i = 0; i < 32; i++) bits[32 * w + i] &= -(words[w] >> i & 1u);
}

INLINE void pack(uint32_t *restrict words, const float *restrict v, int64_t n) {
    const int32_t *restrict bits = (const int32_t *)v; /* positive numbers are positive integers */
    for (int64_t w = 0; w < n / 32; w++) {
        uint32_t word = 0;
        for (uint32_t i = 0; i < 32; i++) word |= (uint32_t)(bits[32 * w + i] > 0) << i;
        words[w] = word;
    }
}

/* Transform six values, `step` vectors apart, in place. */
INLINE void transform_input_line(float *restrict v, int step) {
    for (int i = 0; i < LANES; i++) {
        float *p = v + i;
        const int s = step * LANES;
        float a = p[0], b = p[s], c = p[2 * s], d = p[3 * s], e = p[4 * s], f = p[5 * s];
        float even = e - 2.0f * c, odd = SQRT_HALF * d - SQRT_TWO * b;
        float even2 = e - 0.5f * c, odd2 = SQRT_TWO * d - SQRT_HALF * b;
        p[0] = a - 2.5f * c + e;
        p[s] = even + odd;
        p[2 * s] = even - odd;
        p[3 * s] = even2 + odd2;
        p[4 * s] = even2 - odd2;
        p[5 * s] = b - 2.5f * d + f;
    }
}

/* Transform six values, `step` vectors apart, into the first four of them. */
INLINE void transform_output_line(float *restrict v, int step) {
    for (int i = 0; i < LANES; i++) {
        float *p = v + i;
        const int s = step * LANES;
        float sum = p[s] + p[2 * s], difference = p[s] - p[2 * s];
        float sum2 = p[3 * s] + p[4 * s], difference2 = p[3 * s] - p[4 * s];
        float last = p[5 * s];
        p[0] = p[0] + sum + sum2;
        p[s] = SQRT_HALF * difference + SQRT_TWO * difference2;
        p[2 * s] = 0.5f * sum + 2.0f * sum2;
        p[3 * s] = 0.5f * SQRT_HALF * difference + 2.0f * SQRT_TWO * difference2 + last;
    }
}

/* Transform 6x6 inputs of each tile, with a border of zeros around the image, to 36 planes.
 * Where there are signs, inputs are first set to zero where those are not positive. */
MULTIVERSION
void transform_inputs(const Tiles *t, const void *image, const uint32_t *signs, void *planes) {
    float v[36 * LANES] __attribute__((aligned(64)));
    const int bfloat16 = (int)t->bfloat16;
    for (int64_t n = 0; n < t->count; n++) {
        int64_t top = (t->first + n) / t->across * 4 - 1;
        int64_t left = (t->first + n) % t->across * 4 - 1;
        for (int64_t c = 0; c < t->channels; c += LANES) {
            int64_t lanes = t->channels - c < LANES ? t->channels - c : LANES;
            for (int i = 0; i < 36; i++) {
                int64_t y = top + i / 6, x = left + i % 6;
                if (y < 0 || x < 0 || y >= t->height || x >= t->width) {
                    memset(v + i * LANES, 0, sizeof(float) * LANES);
                    continue;
                }
                int64_t at = (y * t->width + x) * t->channels + c;
                load(v + i * LANES, image, at, lanes, bfloat16);
                if (signs) mask(v + i * LANES, signs + at / 32, lanes);
            }
            for (int i = 0; i < 6; i++) transform_input_line(v + i * LANES, 6);
            for (int i = 0; i < 6; i++) transform_input_line(v + 6 * i * LANES, 1);
            for (int i = 0; i < 36; i++)
                store(planes, v + i * LANES, i * t->plane + n * t->channels + c, lanes, bfloat16);
        }
    }
}

/* Transform 36 planes of each tile to 4x4 outputs; what lies beyond the image is left out.
 * Signs of the outputs are stored where they are wanted. */
MULTIVERSION
void transform_outputs(const Tiles *t, const void *planes, const float *bias, void *image,
                       uint32_t *signs) {
    float v[36 * LANES] __attribute__((aligned(64)));
    const int bfloat16 = (int)t->bfloat16;
    for (int64_t n = 0; n < t->count; n++) {
        int64_t top = (t->first + n) / t->across * 4, left = (t->first + n) % t->across * 4;
        for (int64_t c = 0; c < t->channels; c += LANES) {
            int64_t lanes = t->channels - c < LANES ? t->channels - c : LANES;
            for (int i = 0; i < 36; i++)
                load(v + i * LANES, planes, i * t->plane + n * t->channels + c, lanes, bfloat16);
            for (int i = 0; i < 6; i++) transform_output_line(v + i * LANES, 6);
            for (int i = 0; i < 4; i++) transform_output_line(v + 6 * i * LANES, 1);
            for (int64_t y = 0; y < 4 && top + y < t->height; y++)
                for (int64_t x = 0; x < 4 && left + x < t->width; x++) {
                    float *restrict p = v + (6 * y + x) * LANES;
                    for (int64_t i = 0; i < lanes; i++) {
                        float value = p[i] + (bias ? bias[c + i] : 0.0f);
                        p[i] = t->relu && value <= 0.0f ? 0.0f : value;
                    }
                    int64_t at = ((top + y) * t->width + left + x) * t->channels + c;
                    store(image, p, at, lanes, bfloat16);
                    if (signs) pack(signs + at / 32, p, lanes);
                }
        }
    }
}

/* Pack the signs of `count` values, a multiple of 32. */
MULTIVERSION
void pack_signs(const void *values, uint32_t *signs, int64_t count, int64_t bfloat16) {
    float v[LANES] __attribute__((aligned(64)));
    for (int64_t i = 0; i < count; i += LANES) {
        int64_t lanes = count - i < LANES ? count - i : LANES;
        load(v, values, i, lanes, (int)bfloat16);
        pack(signs + i / 32, v, lanes);
    }
}

/* Copy `count` values, with zero where the sign is not positive. */
MULTIVERSION
void mask_by_signs(const void *values, const uint32_t *signs, void *to, int64_t count,
                   int64_t bfloat16) {
    float v[LANES] __attribute__((aligned(64)));
    for (int64_t i = 0; i < count; i += LANES) {
        int64_t lanes = count - i < LANES ? count - i : LANES;
        load(v, values, i, lanes, (int)bfloat16);
        mask(v, signs + i / 32, lanes);
        store(to, v, i, lanes, (int)bfloat16);
    }
}

/* ReLU and 2x2 max pooling of one row of windows of `width` columns, an even number. Positive
 * numbers have the order of their bits as integers. The index is that of the first maximum, or 4
 * where none is positive. */
#define POOL(NAME, INTEGER)                                                                      \
    MULTIVERSION                                                                                 \
    void NAME(const INTEGER *restrict top, const INTEGER *restrict bottom, int64_t width,         \
              int64_t channels, INTEGER *restrict maximum, int8_t *restrict index) {              \
        for (int64_t x = 0; x < width / 2; x++)                                                  \
            for (int64_t c = 0; c < channels; c++) {                                             \
                int64_t left = 2 * x * channels + c, right = left + channels;                    \
                INTEGER largest = 0, first = 4;                                                  \
                INTEGER corners[4] = {top[left], top[right], bottom[left], bottom[right]};       \
                for (INTEGER i = 0; i < 4; i++) {                                                \
                    first = corners[i] > largest ? i : first;                                    \
                    largest = corners[i] > largest ? corners[i] : largest;                       \
                }                                                                                \
                maximum[x * channels + c] = largest;                                             \
                index[x * channels + c] = (int8_t)first;                                         \
            }                                                                                    \
    }

/* Pass the gradient of one row of windows to the corner that was the maximum. */
#define UNPOOL(NAME, INTEGER)                                                                    \
    MULTIVERSION                                                                                 \
    void NAME(const INTEGER *restrict gradient, const int8_t *restrict index, int64_t width,      \
              int64_t channels, INTEGER *restrict top, INTEGER *restrict bottom) {                \
        for (int64_t x = 0; x < width / 2; x++)                                                  \
            for (int64_t c = 0; c < channels; c++) {                                             \
                int64_t left = 2 * x * channels + c, right = left + channels;                    \
                INTEGER value = gradient[x * channels + c], i = index[x * channels + c];         \
                top[left] = i == 0 ? value : 0;                                                  \
                top[right] = i == 1 ? value : 0;                                                 \
                bottom[left] = i == 2 ? value : 0;                                               \
                bottom[right] = i == 3 ? value : 0;                                              \
            }                                                                                    \
    }

POOL(pool_float32, int32_t)
POOL(pool_bfloat16, int16_t)
UNPOOL(unpool_float32, int32_t)
UNPOOL(unpool_bfloat16, int16_t)

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi" /* vectors are passed to inlined functions only */
#endif

typedef struct {
    int64_t height, width, channels;         /* of the input */
    int64_t out_height, out_width;           /* of the output */
    int64_t kernel, stride, top, left;       /* top and left: rows and columns of zeros before it */
    int64_t first, count;                    /* the rows to compute */
    int64_t bfloat16;                        /* whether values are bfloat16 rather than float32 */
} Depthwise;

/* Values are kept in registers as vectors of 16, BLOCK vectors at a time. */
#define WIDTH 16
#define BLOCK 4
typedef float Vector __attribute__((vector_size(4 * WIDTH)));
typedef uint32_t Bits __attribute__((vector_size(4 * WIDTH)));
typedef uint16_t Halves __attribute__((vector_size(2 * WIDTH)));

INLINE Vector load_vector(const void *from, int64_t at, int64_t n, int bfloat16) {
    if (!bfloat16) {
        Vector v = {0};
        memcpy(&v, (const float *)from + at, n * sizeof(float));
        return v;
    }
    Halves halves = {0};
    memcpy(&halves, (const uint16_t *)from + at, n * sizeof(uint16_t));
    return (Vector)(__builtin_convertvector(halves, Bits) << 16);
}

INLINE void store_vector(void *to, const Vector *v, int64_t at, int64_t n, int bfloat16) {
    float values[WIDTH] __attribute__((aligned(64)));
    memcpy(values, v, sizeof(values));
    store(to, values, at, n, bfloat16);
}

/* Where the taps of a row or a column lie on the other image: `count` taps from `tap` on, `step`
 * apart, the first one at `position`, and the next ones `direction` further each. */
typedef struct {
    int64_t tap, count, step, position, direction;
} Taps;

INLINE Taps taps_forward(int64_t at, int64_t kernel, int64_t stride, int64_t before, int64_t length) {
    int64_t start = at * stride - before, tap = start < 0 ? -start : 0;
    int64_t end = start + kernel > length ? length - start : kernel;
    return (Taps){tap, end - tap, 1, start + tap, 1};
}

INLINE Taps taps_backward(int64_t at, int64_t kernel, int64_t stride, int64_t before, int64_t length) {
    int64_t tap = (at + before) % stride, position = (at + before) / stride;
    if (position >= length) {
        tap += (position - length + 1) * stride;
        position = length - 1;
    }
    int64_t count = tap < kernel ? (kernel - tap + stride - 1) / stride : 0;
    return (Taps){tap, count < position + 1 ? count : position + 1, stride, position, -1};
}

/* Add the products of some taps and values, for `vectors` vectors of `n` channels from c on. */
INLINE void add_products(Vector *sum, Taps rows, Taps columns, const Depthwise *d, int64_t width,
                         const void *values, const float *weights, int64_t c, int vectors,
                         int64_t n, int bfloat16) {
    for (int64_t i = 0; i < rows.count; i++)
        for (int64_t j = 0; j < columns.count; j++) {
            int64_t y = rows.position + i * rows.direction;
            int64_t x = columns.position + j * columns.direction;
            int64_t tap = (rows.tap + i * rows.step) * d->kernel + columns.tap + j * columns.step;
            int64_t at = (y * width + x) * d->channels + c, weight = tap * d->channels + c;
            for (int k = 0; k < vectors; k++) {
                Vector v = load_vector(values, at + k * WIDTH, n, bfloat16);
                sum[k] += v * load_vector(weights, weight + k * WIDTH, n, 0);
            }
        }
}

/* Compute `vectors` vectors of `n` channels of one pixel, from c on. */
INLINE void compute_channels(const Depthwise *d, Taps rows, Taps columns, int64_t width,
                             const void *values, const float *weights, const float *bias, void *to,
                             int64_t at, int64_t c, int vectors, int64_t n, int bfloat16) {
    Vector sum[BLOCK] = {{0}};
    for (int k = 0; k < vectors && bias; k++) sum[k] = load_vector(bias, c + k * WIDTH, n, 0);
    add_products(sum, rows, columns, d, width, values, weights, c, vectors, n, bfloat16);
    for (int k = 0; k < vectors; k++) store_vector(to, &sum[k], at + c + k * WIDTH, n, bfloat16);
}

INLINE void compute_pixel(const Depthwise *d, Taps rows, Taps columns, int64_t width,
                          const void *values, const float *weights, const float *bias, void *to,
                          int64_t at, int bfloat16) {
    int64_t c = 0, n = d->channels;
    for (; c + BLOCK * WIDTH <= n; c += BLOCK * WIDTH)
        compute_channels(d, rows, columns, width, values, weights, bias, to, at, c, BLOCK, WIDTH,
                         bfloat16);
    for (; c + WIDTH <= n; c += WIDTH)
        compute_channels(d, rows, columns, width, values, weights, bias, to, at, c, 1, WIDTH,
                         bfloat16);
    if (c < n)
        compute_channels(d, rows, columns, width, values, weights, bias, to, at, c, 1, n - c,
                         bfloat16);
}

INLINE void forward_rows(const Depthwise *d, const void *image, const float *weights,
                         const float *bias, void *to, int bfloat16) {
    for (int64_t y = d->first; y < d->first + d->count; y++) {
        Taps rows = taps_forward(y, d->kernel, d->stride, d->top, d->height);
        for (int64_t x = 0; x < d->out_width; x++) {
            Taps columns = taps_forward(x, d->kernel, d->stride, d->left, d->width);
            compute_pixel(d, rows, columns, d->width, image, weights, bias, to,
                          (y * d->out_width + x) * d->channels, bfloat16);
        }
    }
}

INLINE void backward_rows(const Depthwise *d, const void *gradient, const float *weights, void *to,
                          int bfloat16) {
    for (int64_t y = d->first; y < d->first + d->count; y++) {
        Taps rows = taps_backward(y, d->kernel, d->stride, d->top, d->out_height);
        for (int64_t x = 0; x < d->width; x++) {
            Taps columns = taps_backward(x, d->kernel, d->stride, d->left, d->out_width);
            compute_pixel(d, rows, columns, d->out_width, gradient, weights, NULL, to,
                          (y * d->width + x) * d->channels, bfloat16);
        }
    }
}

/* Depthwise convolution of some rows of the output; weights are taps x channels. */
MULTIVERSION
void depthwise_forward(const Depthwise *d, const void *image, const float *weights,
                       const float *bias, void *to) {
    if (d->bfloat16)
        forward_rows(d, image, weights, bias, to, 1);
    else
        forward_rows(d, image, weights, bias, to, 0);
}

/* Pass a gradient of the output back to some rows of the input. */
MULTIVERSION
void depthwise_backward(const Depthwise *d, const void *gradient, const float *weights, void *to) {
    if (d->bfloat16)
        backward_rows(d, gradient, weights, to, 1);
    else
        backward_rows(d, gradient, weights, to, 0);
}

/* Mean and mean square of x - centre over positions, for `count` channels from the first on. They
 * are summed in blocks, which keeps the rounding error small. */
MULTIVERSION
void moments(const void *values, const float *centre, int64_t positions, int64_t channels,
             int64_t first, int64_t count, float *mean, float *square, int64_t bfloat16) {
    enum { POSITIONS = 128 };
    float v[LANES] __attribute__((aligned(64)));
    for (int64_t c = first; c < first + count; c += LANES) {
        int64_t lanes = first + count - c < LANES ? first + count - c : LANES;
        float sums[LANES] = {0}, squares[LANES] = {0};
        for (int64_t start = 0; start < positions; start += POSITIONS) {
            int64_t end = positions - start < POSITIONS ? positions : start + POSITIONS;
            float sum[LANES] = {0}, sum_of_squares[LANES] = {0};
            for (int64_t p = start; p < end; p++) {
                load(v, values, p * channels + c, lanes, (int)bfloat16);
                for (int64_t i = 0; i < lanes; i++) {
                    float difference = v[i] - centre[c + i];
                    sum[i] += difference;
                    sum_of_squares[i] += difference * difference;
                }
            }
            for (int64_t i = 0; i < lanes; i++) {
                sums[i] += sum[i];
                squares[i] += sum_of_squares[i];
            }
        }
        for (int64_t i = 0; i < lanes; i++) {
            mean[c + i] = sums[i] / (float)positions;
            square[c + i] = squares[i] / (float)positions;
        }
    }
}
