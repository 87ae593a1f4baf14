// Says which rows may keep their codes now that codewords have moved. It lists rows that any codeword may have as
// `open`, and as `challenged` those that no codeword but one which moved can take from their own. Twin, and proof:
// src/kernel/keep.rs.
//
// 16 lanes share a row, as in assigned_distances.wgsl. What was known of a row is used again where neither its code nor
// the codeword has changed.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> codes: array<u32>; // code + 1, or 0
@group(0) @binding(4) var<storage, read> facts: array<vec4<u32>>; // per cluster: gain, 0; movement, length
// Per row: its distance from the codeword of a code, this code + 1, and the bits of its score.
@group(0) @binding(5) var<storage, read_write> known: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read_write> open: array<vec4<u32>>; // row + 1, 0, 0, 0
@group(0) @binding(7) var<storage, read_write> challenged: array<vec4<u32>>; // row + 1, bits of its score, 0, 0
@group(0) @binding(8) var<storage, read_write> counters: array<atomic<u32>, 3>; // open rows, challenged rows, 0

const GROUP_ROWS: u32 = 16u;
const LANES: u32 = 16u;

var<workgroup> lane_sums: array<vec4<u32>, 256>;

// Computes what a lane adds to the squared length of a row.
fn lane_length(row: u32, lane: u32) -> vec2<u32> {
    var total = vec2<u32>(0u);
    for (var i = lane; i < params.width; i += LANES * FOLD) {
        var sums = vec3<u32>(0u);
        for (var j = i; j < min(i + LANES * FOLD, params.width); j += LANES) {
            sums = squares_add(sums, rows[row * params.width + j], vec4<f32>(0.0));
        }
        total = squares_fold(total, sums);
    }
    return total;
}

// Returns a value that is not below (distance - length) / 2, the score of a codeword.
fn score_above(distance: vec2<u32>, length: vec2<u32>) -> f32 {
    let negative = u64_less(distance, length);
    let twice = select(u64_sub(distance, length), u64_sub(length, distance), negative);
    let size = fma(f32(twice.y), 0x1p31, f32(twice.x) * 0.5);
    return fma(size, 0x1p-20, select(size, -size, negative));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * GROUP_ROWS + local / LANES;
    let lane = local % LANES;
    var label = 0u;
    var before = vec4<u32>(0u);
    if (row < params.end) {
        label = codes[row];
        before = known[row];
    }
    let has_code = label - 1u < params.clusters;
    let was_known = has_code && before.z == label;
    var computes = has_code;
    if (was_known) {
        let movement = facts[2u * label - 1u].xy;
        computes = any(movement != vec2<u32>(0u));
    }
    var sums = vec4<u32>(0u);
    if (computes) {
        sums = vec4<u32>(lane_distance(row, label - 1u, lane), lane_length(row, lane));
    }
    lane_sums[local] = sums;
    workgroupBarrier();
    if (lane == 0u && row < params.end) {
        var now = before;
        if (computes) {
            for (var i = 1u; i < LANES; i++) {
                let other = lane_sums[local + i];
                sums = vec4<u32>(u64_add(sums.xy, other.xy), u64_add(sums.zw, other.zw));
            }
            now = vec4<u32>(sums.xy, label, bitcast<u32>(score_above(sums.xy, sums.zw)));
            known[row] = now;
        }
        if (was_known && !u64_less(before.xy, now.xy)) {
            challenged[atomicAdd(&counters[1], 1u)] = vec4<u32>(row + 1u, now.w, 0u, 0u);
        } else {
            open[atomicAdd(&counters[0], 1u)] = vec4<u32>(row + 1u, 0u, 0u, 0u);
        }
    }
}
