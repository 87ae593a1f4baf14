// Integers of 96 bits as (low, middle, high) words, in two's complement. They wrap. Needs u64.wgsl.

fn u96_add(a: vec3<u32>, b: vec3<u32>) -> vec3<u32> {
    let low = u64_add(a.xy, b.xy);
    return vec3<u32>(low, a.z + b.z + u32(u64_less(low, a.xy)));
}

fn u96_negate(a: vec3<u32>) -> vec3<u32> {
    return u96_add(~a, vec3<u32>(1u, 0u, 0u));
}

// Returns the full product of unsigned integers of 64 and 32 bits.
fn u96_mul(a: vec2<u32>, b: u32) -> vec3<u32> {
    let low = u64_mul(a.x, b);
    // At most (2^32 - 1)^2 + 2^32 - 1: no overflow.
    return vec3<u32>(low.x, u64_add(u64_mul(a.y, b), vec2<u32>(low.y, 0u)));
}

// Compares unsigned integers.
fn u96_less(a: vec3<u32>, b: vec3<u32>) -> bool {
    return a.z < b.z || (a.z == b.z && u64_less(a.xy, b.xy));
}

fn u96_leading_zeros(a: vec3<u32>) -> u32 {
    return select(countLeadingZeros(a.z), 32u + u64_leading_zeros(a.xy), a.z == 0u);
}

// Shifts right by n below 32. Two shifts stand for one by 32 - n, which WGSL reduces modulo 32.
fn u96_shr(a: vec3<u32>, n: u32) -> vec3<u32> {
    let above = vec3<u32>(a.yz, 0u);
    return (a >> vec3<u32>(n)) | ((above << vec3<u32>(1u)) << vec3<u32>(31u - n));
}
