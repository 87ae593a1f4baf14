// Lists the rows of every codeword. `cursors` starts at the first place of each. The order within a codeword depends on
// timing, but only exact sums are made from the list. Twin: src/kernel/members.rs.

struct Params {
    first: u32, // first code of this dispatch
    end: u32,   // one past its last
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> codes: array<f32>;
@group(0) @binding(2) var<storage, read_write> cursors: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> rows: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i < params.end) {
        rows[atomicAdd(&cursors[u32(codes[i])], 1u)] = f32(i);
    }
}
