// IEEE-754 binary32 on bit patterns, rounded to nearest even, computed with integers only: every device gives the same
// bits.
//
// Subnormal operands count as zeros of their sign. A result is rounded as IEEE rounds it, gradual underflow included;
// if it then lies below 2^-126, it becomes a zero of its sign. Every NaN is the one below. Twin: src/kernel/float.rs,
// in native f32. Needs u64.wgsl.

const SIGN: u32 = 0x80000000u;
const SMALLEST: u32 = 0x00800000u; // 2^-126
const INFINITY: u32 = 0x7f800000u;
const NAN: u32 = 0x7fc00000u;
const ONE: u32 = 0x3f800000u;

fn float_flush(a: u32) -> u32 {
    return select(a, a & SIGN, (a & INFINITY) == 0u);
}

fn float_positive(a: u32) -> bool {
    return a - SMALLEST <= INFINITY - SMALLEST;
}

fn float_is_nan(a: u32) -> bool {
    return (a & ~SIGN) > INFINITY;
}

fn float_exponent(a: u32) -> i32 {
    return i32((a >> 23u) & 0xffu);
}

// Returns the 24 bits of a normal number's significand.
fn float_significand(a: u32) -> u32 {
    return (a & 0x7fffffu) | SMALLEST;
}

// Rounds m 2^(exponent - 158), with m in [2^31, 2^32). It keeps 24 bits of m, and the other 8 decide the rounding; the
// last bit of m is set if any bit below it was not zero.
fn float_round(sign: u32, exponent: i32, m: u32) -> u32 {
    if (exponent >= 255) {
        return sign | INFINITY;
    }
    if (exponent <= 0) {
        // Below 2^-126 steps are 2^-149: values half a step below 2^-126, or closer, round up to it, because on the tie
        // it is the even neighbour.
        return sign | select(0u, SMALLEST, exponent == 0 && m >= 0xffffff00u);
    }
    let kept = m >> 8u;
    let up = (m & 0xffu) + (kept & 1u) > 0x80u;
    // The leading bit of `kept` counts as one more in the exponent, and so does a carry out of it: up to infinity.
    return sign | ((u32(exponent - 1) << 23u) + kept + u32(up));
}

fn float_add(a: u32, b: u32) -> u32 {
    let swap = (b & ~SIGN) > (a & ~SIGN);
    let large = float_flush(select(a, b, swap));
    let small = float_flush(select(b, a, swap));
    let differ = ((large ^ small) & SIGN) != 0u;
    if ((large & ~SIGN) >= INFINITY) {
        let nan = float_is_nan(large) || (differ && (small & ~SIGN) == INFINITY);
        return select(large, NAN, nan);
    }
    if ((small & ~SIGN) == 0u) {
        return select(large, large & small, (large & ~SIGN) == 0u);
    }
    // 7 bits more, and one free bit above for a carry. If a sum lost bits, at most two leading bits cancel, so those
    // lost stay below the result.
    let exponent = float_exponent(large);
    let m = float_significand(large) << 7u;
    let n = float_significand(small) << 7u;
    let distance = min(u32(exponent - float_exponent(small)), 31u);
    let moved = n >> distance;
    let shifted = moved | u32((moved << distance) != n);
    let sum = select(m + shifted, m - shifted, differ);
    if (sum == 0u) {
        return 0u;
    }
    let zeros = countLeadingZeros(sum);
    return float_round(large & SIGN, exponent + 1 - i32(zeros), sum << zeros);
}

fn float_sub(a: u32, b: u32) -> u32 {
    return float_add(a, b ^ SIGN);
}

fn float_mul(a: u32, b: u32) -> u32 {
    let sign = (a ^ b) & SIGN;
    let x = float_flush(a) & ~SIGN;
    let y = float_flush(b) & ~SIGN;
    if (max(x, y) >= INFINITY) {
        return select(sign | INFINITY, NAN, max(x, y) > INFINITY || min(x, y) == 0u);
    }
    if (min(x, y) == 0u) {
        return sign;
    }
    let product = u64_mul(float_significand(x) << 8u, float_significand(y) << 8u);
    let m = product.y | u32(product.x != 0u);
    let carry = product.y >> 31u;
    return float_round(sign, float_exponent(x) + float_exponent(y) - 127 + i32(carry), m << (1u - carry));
}

fn float_div(a: u32, b: u32) -> u32 {
    let sign = (a ^ b) & SIGN;
    let x = float_flush(a) & ~SIGN;
    let y = float_flush(b) & ~SIGN;
    if (max(x, y) > INFINITY || (x == y && (x == 0u || x == INFINITY))) {
        return NAN;
    }
    if (x == INFINITY || y == 0u) {
        return sign | INFINITY;
    }
    if (x == 0u || y == INFINITY) {
        return sign;
    }
    // Long division finds the leading bit of the quotient, then 8 bits at a time. The remainder stays below n < 2^24.
    let n = float_significand(y);
    let half = float_significand(x) < n;
    let first = (float_significand(x) << u32(half)) - n;
    let high = (first << 8u) / n;
    let second = (first << 8u) - high * n;
    let middle = (second << 8u) / n;
    let third = (second << 8u) - middle * n;
    let low = (third << 8u) / n;
    let left = (third << 8u) - low * n;
    let quotient = (SMALLEST << 1u) | (high << 16u) | (middle << 8u) | low;
    let exponent = float_exponent(x) - float_exponent(y) + 127 - i32(half);
    return float_round(sign, exponent, (quotient << 7u) | u32(left != 0u));
}

fn float_sqrt(a: u32) -> u32 {
    let x = float_flush(a);
    if ((x & ~SIGN) == 0u || x == INFINITY) {
        return x;
    }
    if (x >= INFINITY) {
        return NAN;
    }
    // Finds 25 bits of the root, one by one. `twice` is twice the root so far, and `left` is the number less the root's
    // square, both on a scale that shifts along.
    let odd = ~u32(float_exponent(x)) & 1u;
    var left = float_significand(x) << (1u + odd);
    var twice = 0u;
    var root = 0u;
    for (var bit = 0x01000000u; bit != 0u; bit >>= 1u) {
        let trial = twice + bit;
        if (trial <= left) {
            twice = trial + bit;
            left -= trial;
            root |= bit;
        }
        left <<= 1u;
    }
    let exponent = ((float_exponent(x) - 127 - i32(odd)) >> 1u) + 127;
    return float_round(0u, exponent, (root << 7u) | u32(left != 0u));
}

// Returns dot 2^-shift, for a signed 64-bit integer as (low, high).
fn float_from_exact(dot: vec2<u32>, shift: i32) -> u32 {
    if ((dot.x | dot.y) == 0u) {
        return 0u;
    }
    let magnitude = select(dot, u64_sub(vec2<u32>(0u), dot), (dot.y & SIGN) != 0u);
    let zeros = u64_leading_zeros(magnitude);
    let m = u64_shl(magnitude, zeros);
    return float_round(dot.y & SIGN, 190 - i32(zeros) - shift, m.y | u32(m.x != 0u));
}

// Returns the integer nearest to a 2^shift, the even one on a tie, but at most `limit`, which is below 2^23. For finite
// a.
fn float_scaled(a: u32, shift: i32, limit: u32) -> i32 {
    let distance = 150 - float_exponent(a) - shift;
    if ((a & INFINITY) == 0u || distance > 24) {
        return 0;
    }
    let n = u32(max(distance, 1));
    let m = float_significand(a);
    // A value that needs no shift is 2^23 or more.
    let kept = select(m >> n, limit, distance < 1);
    let up = (m & ((1u << n) - 1u)) + (kept & 1u) > (1u << (n - 1u));
    let value = i32(min(kept + u32(up), limit));
    return select(value, -value, (a & SIGN) != 0u);
}
