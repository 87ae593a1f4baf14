// Adds the counts of a chunk to those of the table. One workgroup does it all, so nothing is added at the same time.

@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read> counters: array<u32>; // to rerank, to settle, changed
@group(0) @binding(3) var<storage, read_write> totals: array<u32>; // undecided, changed, then members of each cluster

const SIZE: u32 = 256u;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
    if (local == 0u) {
        totals[0] += counters[0] + counters[1];
        totals[1] += counters[2];
    }
    for (var cluster = local; cluster < params.clusters; cluster += SIZE) {
        totals[2u + cluster] += counts[cluster];
    }
}
