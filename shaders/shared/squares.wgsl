// Sums squared differences of grid values exactly. Needs u64.wgsl.
//
// A difference of values within 2^24 is at most 2^25: it has 13 low bits l and a high part h of at most 2^12. Its
// square is l^2 + (l h << 14) + (h^2 << 26). Three u32 hold the three sums apart: with 32 terms they stay below 2^31,
// 2^30 and 2^29. So 8 vec4 may be added before the sums must be folded into 64 bits.

const FOLD: u32 = 8u;

fn squares_add(sums: vec3<u32>, a: vec4<f32>, b: vec4<f32>) -> vec3<u32> {
    let difference = vec4<u32>(abs(vec4<i32>(a) - vec4<i32>(b)));
    let low = difference & vec4<u32>(0x1fffu);
    let high = difference >> vec4<u32>(13u);
    return sums + vec3<u32>(dot(low, low), dot(low, high), dot(high, high));
}

fn squares_fold(total: vec2<u32>, sums: vec3<u32>) -> vec2<u32> {
    let middle = vec2<u32>(sums.y << 14u, sums.y >> 18u);
    let high = vec2<u32>(sums.z << 26u, sums.z >> 6u);
    return u64_add(total, u64_add(vec2<u32>(sums.x, 0u), u64_add(middle, high)));
}
