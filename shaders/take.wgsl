// Makes the distances and sums of the chosen point those of the codewords so far.

struct Params {
    first: u32, // first row of this dispatch
    end: u32,   // one past its last
    rows: u32,
    blocks: u32, // of 256 rows
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> distances: array<vec2<u32>>; // (points, rows)
@group(0) @binding(2) var<storage, read> sums: array<vec4<u32>>; // (points, blocks)
@group(0) @binding(3) var<storage, read> chosen: array<u32>; // sum of 96 bits, row, point or none
@group(0) @binding(4) var<storage, read_write> closest: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> closest_sums: array<vec4<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * 256u + local;
    let point = chosen[4];
    if (point == 0xffffffffu) {
        return;
    }
    if (row < params.end) {
        closest[row] = distances[point * params.rows + row];
    }
    // There are no more blocks than rows.
    if (row < params.blocks) {
        closest_sums[row] = sums[point * params.blocks + row];
    }
}
