@group(0) @binding(1) var<storage, read> pairs: array<vec4<u32>>; // a and b, low words first
@group(0) @binding(2) var<storage, read_write> out: array<vec2<u32>>; // 8 results per pair

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.end) {
        return;
    }
    let a = pairs[id.x].xy;
    let b = pairs[id.x].zw;
    let at = id.x * 8u;
    out[at] = u64_add(a, b);
    out[at + 1u] = u64_sub(a, b);
    out[at + 2u] = vec2<u32>(u32(u64_less(a, b)), u32(u64_less(b, a)));
    out[at + 3u] = u64_mul(a.x, b.x);
    out[at + 4u] = u64_shl(a, b.x & 63u);
    out[at + 5u] = vec2<u32>(u64_sqrt(a), u64_leading_zeros(a));
    out[at + 6u] = u64_min(a, b);
    // A root in [2^30, 2^31) and a value within it.
    let root = (a.x >> 2u) | 0x40000000u;
    let value = b.x % (root + 1u);
    let half_shift = b.y % 31u;
    let q = f32(min(value >> half_shift, 1u << 24u));
    out[at + 7u] = vec2<u32>(u32(scale(q, root, half_shift)), bitcast<u32>(i32(scale(-q, root, half_shift))));
}
