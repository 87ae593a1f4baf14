// Compares the nearest new candidate of every row, whose index is the row's code, with the nearest one so far, and
// keeps the nearer. Sums the distances of every block of 256 rows. Twin: src/kernel/nearer.rs. A workgroup takes one
// block.

struct Params {
    first: u32, // first row of this dispatch, which begins a block
    end: u32,   // one past its last
    known: u32, // how many candidates there were before
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> distances: array<vec2<u32>>; // from the codewords of the codes
@group(0) @binding(2) var<storage, read> codes: array<u32>; // code + 1
@group(0) @binding(3) var<storage, read_write> closest: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> nearest: array<u32>; // index + 1
@group(0) @binding(5) var<storage, read_write> sums: array<vec4<u32>>; // of each block, 96 bits

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * SIZE + local;
    var distance = vec2<u32>(0u);
    if (row < params.end) {
        distance = closest[row];
        if (params.known == 0u || u64_less(distances[row], distance)) {
            distance = distances[row];
            closest[row] = distance;
            nearest[row] = params.known + codes[row];
        }
    }
    let sum = block_sum(local, vec3<u32>(distance, 0u));
    if (local == 0u) {
        sums[row / SIZE] = vec4<u32>(sum, 0u);
    }
}
