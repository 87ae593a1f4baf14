// Finds for every value the first row of its block of 256 rows at which the running sum of distances exceeds it. Twin:
// src/kernel/nearer.rs. A workgroup takes one value.

struct Params {
    first: u32, // first value of this dispatch
    end: u32,   // one past its last
    rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> closest: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> values: array<vec4<u32>>; // a block, and 96 bits below its sum
@group(0) @binding(3) var<storage, read_write> drawn: array<u32>;

const GROUP_ROWS: u32 = 1u;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let at = params.first + group.x;
    let value = values[at];
    let row = value.x * SIZE + local;
    var own = vec3<u32>(0u);
    if (row < params.rows) {
        own = vec3<u32>(closest[row], 0u);
    }
    note(row, value.yzw, own, running_sum(local, vec3<u32>(0u), own));
    workgroupBarrier();
    if (local == 0u) {
        drawn[at] = found.x;
    }
}
