// Rounds codewords to bytes, for `assign_bytes`, and measures what that takes from them. Twin: `round` of
// src/kernel/assign/bytes/mod.rs.
//
// A workgroup rounds 16 codewords. Neighbouring invocations take neighbouring codewords, as they lie in memory; 16
// invocations share each of them. The number of codewords with padding is a multiple of 16.

@group(0) @binding(1) var<storage, read> codewords: array<vec4<f32>>; // (width, padded)
@group(0) @binding(2) var<storage, read> race_norms: array<f32>; // as distinct.wgsl writes them
// (quads, padded) vec4 of bytes, or (padded, quads) with ROW_MAJOR; then per codeword the facts: half norm, scale,
// error, length.
@group(0) @binding(3) var<storage, read_write> bytes: array<u32>;

const GROUP_ROWS: u32 = 16u;
override ROW_MAJOR: bool = false;

var<workgroup> lane_largest: array<f32, 256>;
var<workgroup> lane_squares: array<vec2<f32>, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let code = params.first + group.x * GROUP_ROWS + local % 16u;
    let lane = local / 16u;
    var largest = 0.0;
    var squares = vec2<f32>(0.0); // of the codeword, and of what rounding takes
    for (var i = lane; i < params.width; i += 16u) {
        let v = codewords[i * params.padded + code];
        largest = max(largest, largest_of(v));
        squares.x += dot(v, v);
    }
    lane_largest[local] = largest;
    workgroupBarrier();
    for (var i = 0u; i < 16u; i++) {
        largest = max(largest, lane_largest[(local & 15u) + i * 16u]);
    }
    let scale = byte_scale(largest);
    let inverse = 1.0 / f32(scale);
    for (var i = lane; i < params.quads * 4u; i += 16u) {
        var v = vec4<f32>(0.0);
        if (i < params.width) {
            v = codewords[i * params.padded + code];
        }
        let rounded = round_word(v, scale, inverse);
        let at = select(((i / 4u) * params.padded + code) * 4u + i % 4u, code * params.quads * 4u + i, ROW_MAJOR);
        bytes[at] = rounded.word;
        squares.y += dot(rounded.rests, rounded.rests);
    }
    lane_squares[local] = squares;
    workgroupBarrier();
    if (lane == 0u) {
        for (var i = 1u; i < 16u; i++) {
            squares += lane_squares[local + i * 16u];
        }
        let at = (params.quads * params.padded + code) * 4u;
        bytes[at] = bitcast<u32>(race_norms[code]);
        bytes[at + 1u] = bitcast<u32>(f32(scale));
        bytes[at + 2u] = bitcast<u32>(length_above(squares.y));
        bytes[at + 3u] = bitcast<u32>(length_above(squares.x));
    }
}
