// Sums the weighted distances of every block of 256 rows, for each point. A workgroup takes one block and one point.

struct Params {
    rows: u32,
    blocks: u32, // of 256 rows
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> distances: array<vec2<u32>>; // (points, rows)
@group(0) @binding(2) var<storage, read> weights: array<u32>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec4<u32>>; // (points, blocks), 96 bits

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = group.x * SIZE + local;
    var own = vec3<u32>(0u);
    if (row < params.rows) {
        own = u96_mul(distances[group.y * params.rows + row], weights[row]);
    }
    let sum = block_sum(local, own);
    if (local == 0u) {
        sums[group.y * params.blocks + group.x] = vec4<u32>(sum, 0u);
    }
}
