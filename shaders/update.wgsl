// Moves every codeword to the centroid of its members. Twin, and the bounds that make 32, 64 and 96 bits enough:
// src/kernel/update.rs.
//
// A workgroup moves one codeword: its invocations stride over the components, four at a time, and add up what the host
// and the next `assign` need to know.

struct Params {
    first: u32,  // first cluster of this dispatch
    base: u32,   // the cluster whose sums come first
    width: u32,  // vec4 per codeword
    padded: u32, // codewords with padding: the stride of their components
    room: u32,   // largest magnitude of a component
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec4<u32>>; // (low, high) of two components
@group(0) @binding(2) var<storage, read> totals: array<u32>; // undecided, changed, then the members of each cluster
@group(0) @binding(3) var<storage, read> before: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> after: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> half_norms: array<u32>; // bits of f32
@group(0) @binding(6) var<storage, read_write> facts: array<vec4<u32>>; // per cluster: gain, 0; movement, length

// One codeword per workgroup.
const GROUP_ROWS: u32 = 1u;

const SIZE: u32 = 64u;
const LIMIT: i32 = 0x1000000; // 2^24

var<workgroup> gains: array<vec3<u32>, 64>;
var<workgroup> squares: array<vec4<u32>, 64>;

// Returns floor((2 s + n) / (2 n)) for four sums s of n members, by long division of s + n 2^24.
fn centroids(low: vec4<u32>, high: vec4<u32>, n: u32) -> vec4<i32> {
    let u_low = low + vec4<u32>(n << 24u);
    let u_high = high + vec4<u32>(n >> 8u) + vec4<u32>(u_low < low);
    let members = vec4<u32>(n);
    var rest = (u_high << vec4<u32>(6u)) | (u_low >> vec4<u32>(26u));
    var quotient = vec4<u32>(0u);
    for (var bit = 26u; bit > 0u; bit--) {
        rest = (rest << vec4<u32>(1u)) | ((u_low >> vec4<u32>(bit - 1u)) & vec4<u32>(1u));
        let fits = rest >= members;
        rest = select(rest, rest - members, fits);
        quotient = (quotient << vec4<u32>(1u)) | vec4<u32>(fits);
    }
    quotient += vec4<u32>((rest << vec4<u32>(1u)) >= members);
    return vec4<i32>(quotient) - vec4<i32>(LIMIT);
}

// Returns c (2 s - n c).
fn gain(s: vec2<u32>, n: u32, c: i32) -> vec3<u32> {
    let size = u32(abs(c));
    let zero = vec2<u32>(0u);
    let share = u64_mul(n, size);
    let twice = vec2<u32>(s.x << 1u, (s.y << 1u) | (s.x >> 31u));
    let factor = u64_sub(twice, select(share, u64_sub(zero, share), c < 0));
    let negative = (factor.y >> 31u) == 1u;
    let product = u96_mul(select(factor, u64_sub(zero, factor), negative), size);
    return select(product, u96_negate(product), negative != (c < 0));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let cluster = params.first + group.x;
    let n = totals[2u + cluster];
    let limit = vec4<i32>(i32(params.room));
    var all_gain = vec3<u32>(0u);
    var moved = vec2<u32>(0u);
    var norm = vec2<u32>(0u);
    for (var column = local; column < params.width; column += SIZE) {
        let at = ((cluster - params.base) * params.width + column) * 2u;
        let first = sums[at];
        let second = sums[at + 1u];
        let place = column * params.padded + cluster;
        let old = before[place];
        let c = vec4<i32>(old);
        all_gain = u96_add(all_gain, gain(first.xy, n, c.x));
        all_gain = u96_add(all_gain, gain(first.zw, n, c.y));
        all_gain = u96_add(all_gain, gain(second.xy, n, c.z));
        all_gain = u96_add(all_gain, gain(second.zw, n, c.w));
        var now = old;
        if (n > 0u) {
            let low = vec4<u32>(first.xz, second.xz);
            let high = vec4<u32>(first.yw, second.yw);
            now = vec4<f32>(clamp(centroids(low, high, n), -limit, limit));
        }
        after[place] = now;
        moved = squares_fold(moved, squares_add(vec3<u32>(0u), now, old));
        norm = squares_fold(norm, squares_add(vec3<u32>(0u), now, vec4<f32>(0.0)));
    }
    gains[local] = all_gain;
    squares[local] = vec4<u32>(moved, norm);
    for (var step = SIZE / 2u; step > 0u; step >>= 1u) {
        workgroupBarrier();
        if (local < step) {
            gains[local] = u96_add(gains[local], gains[local + step]);
            let a = squares[local];
            let b = squares[local + step];
            squares[local] = vec4<u32>(u64_add(a.xy, b.xy), u64_add(a.zw, b.zw));
        }
    }
    if (local == 0u) {
        facts[2u * cluster] = vec4<u32>(gains[0], 0u);
        facts[2u * cluster + 1u] = squares[0];
        half_norms[cluster] = float_from_exact(squares[0].zw, 1);
    }
}
