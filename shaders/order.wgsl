// Lists the rows cluster by cluster. `cursors` starts at the first place of each cluster. The order within a cluster
// depends on timing, but only exact sums are made from the list.

@group(0) @binding(1) var<storage, read> codes: array<u32>; // code + 1, or 0
@group(0) @binding(2) var<storage, read_write> cursors: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> ordered: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * 256u + local;
    if (row < params.end) {
        let code = codes[row] - 1u;
        if (code < params.clusters) {
            ordered[atomicAdd(&cursors[code], 1u)] = row;
        }
    }
}
