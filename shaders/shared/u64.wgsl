// Unsigned 64-bit integers as (low, high) pairs of u32, in core WGSL. They wrap, and every device gives the same bits.

fn u64_add(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = a.x + b.x;
    return vec2<u32>(low, a.y + b.y + u32(low < a.x));
}

fn u64_sub(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(a.x - b.x, a.y - b.y - u32(a.x < b.x));
}

fn u64_less(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.y < b.y || (a.y == b.y && a.x < b.x);
}

fn u64_min(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return select(a, b, u64_less(b, a));
}

// Returns the full product of two u32, from four products of 16-bit halves.
fn u64_mul(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u); // at most 0xffff^2 + 0xffff: no overflow
    let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
    return vec2<u32>((other << 16u) | (low & 0xffffu), (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u));
}

// Shifts left by n below 64. Two shifts stand for one by 32 - n, which WGSL reduces modulo 32.
fn u64_shl(a: vec2<u32>, n: u32) -> vec2<u32> {
    let m = n & 31u;
    let part = vec2<u32>(a.x << m, (a.y << m) | ((a.x >> 1u) >> (31u - m)));
    return select(part, vec2<u32>(0u, part.x), n >= 32u);
}

fn u64_leading_zeros(a: vec2<u32>) -> u32 {
    return select(countLeadingZeros(a.y), 32u + countLeadingZeros(a.x), a.y == 0u);
}

// Returns floor(sqrt(n)), bit by bit.
fn u64_sqrt(n: vec2<u32>) -> u32 {
    var root = 0u;
    for (var bit = 0x80000000u; bit != 0u; bit >>= 1u) {
        let trial = root | bit;
        root = select(trial, root, u64_less(n, u64_mul(trial, trial)));
    }
    return root;
}
