// Finds where the rows of each codeword begin in the list that `members` makes, and how many there are in all. One
// workgroup does it all, 256 codewords at a time. Twin: src/kernel/members.rs.

struct Params {
    clusters: u32, // codewords of all levels
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> starts: array<f32>;
@group(0) @binding(3) var<storage, read_write> cursors: array<u32>; // the same for `members`, which moves them

const SIZE: u32 = 256u;

// Rows of an invocation's codeword and of some or all codewords before it.
var<workgroup> sums: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
    var before = 0u;
    for (var first = 0u; first < params.clusters; first += SIZE) {
        let codeword = first + local;
        var own = 0u;
        if (codeword < params.clusters) {
            own = counts[codeword];
        }
        var sum = own;
        for (var step = 1u; step < SIZE; step *= 2u) {
            sums[local] = sum;
            workgroupBarrier();
            if (local >= step) {
                sum += sums[local - step];
            }
            workgroupBarrier();
        }
        sums[local] = sum;
        if (codeword < params.clusters) {
            let start = before + sum - own;
            starts[codeword] = f32(start);
            cursors[codeword] = start;
        }
        workgroupBarrier();
        before += sums[SIZE - 1u];
        workgroupBarrier();
    }
    if (local == 0u) {
        starts[params.clusters] = f32(before);
    }
}
