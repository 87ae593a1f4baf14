// Computes the squared distance of every row to the codeword of its code; 0 where the row has no code.
// Twin: src/kernel/assigned_distances.rs.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> codes: array<u32>; // code + 1, or 0
@group(0) @binding(4) var<storage, read_write> distances: array<vec2<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * GROUP_ROWS + local / LANES;
    let valid = row < params.end;
    var code = 0xffffffffu;
    if (valid) {
        code = codes[row] - 1u;
    }
    var total = vec2<u32>(0u);
    if (code < params.clusters) {
        total = lane_distance(row, code, local % LANES);
    }
    total = lanes_sum(local, total);
    if (valid && local % LANES == 0u) {
        distances[row] = total;
    }
}
