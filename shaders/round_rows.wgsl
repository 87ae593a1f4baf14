// Rounds rows to bytes, for `assign_bytes`, and measures what that takes from them. Twin: `round` of
// src/kernel/assign/bytes/mod.rs.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
// (room, quads) vec4 of bytes, then per row the facts: scale, reach, error, 0.
@group(0) @binding(2) var<storage, read_write> bytes: array<u32>;

const GROUP_ROWS: u32 = 16u;

var<workgroup> lane_largest: array<f32, 256>;
var<workgroup> lane_squares: array<vec2<f32>, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * GROUP_ROWS + local / 16u;
    let lane = local % 16u;
    var largest = 0.0;
    var squares = vec2<f32>(0.0); // of the row, and of what rounding takes
    if (row < params.end) {
        for (var i = lane; i < params.width; i += 16u) {
            let v = rows[row * params.width + i];
            largest = max(largest, largest_of(v));
            squares.x += dot(v, v);
        }
    }
    lane_largest[local] = largest;
    workgroupBarrier();
    for (var i = 0u; i < 16u; i++) {
        largest = max(largest, lane_largest[(local & 0xf0u) + i]);
    }
    let scale = byte_scale(largest);
    let inverse = 1.0 / f32(scale);
    if (row < params.end) {
        for (var i = lane; i < params.quads * 4u; i += 16u) {
            var v = vec4<f32>(0.0);
            if (i < params.width) {
                v = rows[row * params.width + i];
            }
            let rounded = round_word(v, scale, inverse);
            bytes[row * params.quads * 4u + i] = rounded.word;
            squares.y += dot(rounded.rests, rounded.rests);
        }
    }
    lane_squares[local] = squares;
    workgroupBarrier();
    if (lane == 0u && row < params.end) {
        for (var i = 1u; i < 16u; i++) {
            squares += lane_squares[local + i];
        }
        let error = length_above(squares.y);
        let reach = length_above(squares.x) + error;
        let at = (params.room * params.quads + row) * 4u;
        bytes[at] = bitcast<u32>(f32(scale));
        bytes[at + 1u] = bitcast<u32>(reach);
        bytes[at + 2u] = bitcast<u32>(error);
        bytes[at + 3u] = 0u;
    }
}
