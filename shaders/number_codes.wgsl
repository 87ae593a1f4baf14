// Writes the codes of a level to those of all levels, and counts the rows of each codeword. Integer atomics give the
// same counts in any order. Twin: src/kernel/members.rs.

struct Params {
    first: u32,    // first row of this dispatch
    end: u32,      // one past its last
    row: u32,      // rows of the batch before those of these codes
    levels: u32,
    level: u32,
    before: u32,   // codewords of the levels before
    clusters: u32, // codewords of the level
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> codes: array<u32>; // code + 1, or 0
@group(0) @binding(2) var<storage, read_write> all: array<f32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i >= params.end) {
        return;
    }
    let code = codes[i] - 1u;
    if (code < params.clusters) {
        all[(params.row + i) * params.levels + params.level] = f32(params.before + code);
        atomicAdd(&counts[params.before + code], 1u);
    }
}
