// Divides exactly and rounds, for unit length.
//
// With s = isqrt(n2 << 2h) in [2^30, 2^31) and x = |q| << h: x^2 <= n2 << 2h, so x <= s fits 32 bits. The twin's
// floor((2 q 2^(20 + h) + s) / (2 s)) is x 2^20 / s rounded to the nearest integer, a half towards plus infinity. With
// x 2^20 = quotient s + rest it is quotient + (2 rest >= s) for q >= 0, and -(quotient + (2 rest > s)) otherwise.

// Returns (floor(x 2^10 / s), remainder) for x <= s. The f32 estimate is within 2^-10 (six roundings of a quotient of
// at most 2^10), so the estimate less 2^-9 is never above the quotient and at most one below it: the remainder, in [0,
// 2 s), fits u32.
fn ten_bits(x: u32, s: u32) -> vec2<u32> {
    let estimate = f32(x) / f32(s) * 1024.0 - 0.001953125;
    let quotient = u32(max(estimate, 0.0));
    let rest = (x << 10u) - quotient * s; // modulo 2^32, where the difference is exact
    let short = rest >= s;
    return vec2<u32>(quotient + u32(short), select(rest, rest - s, short));
}

fn scale(q: f32, s: u32, half_shift: u32) -> f32 {
    let x = u32(abs(q)) << half_shift;
    let high = ten_bits(x, s);
    let low = ten_bits(high.y, s);
    let twice = low.y << 1u;
    let up = select(twice > s, twice >= s, q >= 0.0);
    // The quotient is at most 2^20, so f32 holds it exactly.
    return sign(q) * f32((high.x << 10u) + low.x + u32(up));
}
