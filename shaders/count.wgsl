// Counts the members of each cluster. Integer atomics give the same counts in any order.

@group(0) @binding(1) var<storage, read> codes: array<u32>; // code + 1, or 0
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * 256u + local;
    if (row < params.end) {
        let code = codes[row] - 1u;
        if (code < params.clusters) {
            atomicAdd(&counts[code], 1u);
        }
    }
}
