// Sums the components of the rows per cluster. Twin: src/kernel/centroid.rs.
//
// A piece is a stretch of the ordered list within one cluster; a workgroup sums 64 vec4 columns of one piece. The sum
// of 64 values within 2^24 is within 2^30, so i32 holds it; it is then added to 64 bits in two's complement.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> ordered: array<u32>;
@group(0) @binding(3) var<storage, read> pieces: array<vec4<u32>>; // cluster, start, end; empty behind the last one
@group(0) @binding(4) var<storage, read_write> sums: array<atomic<u32>>; // (low, high) pairs

// One piece per workgroup.
const GROUP_ROWS: u32 = 1u;

// Adds 64 bits to a pair. The addition that wraps the low word sees this from the old value and adds the carry, so that
// concurrent additions in any order end in the same pair.
fn add(at: u32, low: u32, high: u32) {
    let old = atomicAdd(&sums[at], low);
    let carried = high + u32(old + low < old);
    if (carried != 0u) {
        atomicAdd(&sums[at + 1u], carried);
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let piece = pieces[params.first + group.x];
    let column = group.y * 64u + local;
    let cluster = piece.x - params.count;
    if (column >= params.width || cluster >= params.clusters || piece.y == piece.z) {
        return;
    }
    var low = vec4<u32>(0u);
    var high = vec4<u32>(0u);
    for (var start = piece.y; start < piece.z; start += 64u) {
        var block = vec4<i32>(0);
        let stop = min(start + 64u, piece.z);
        var i = start;
        // Four loads are in flight at once.
        for (; i + 4u <= stop; i += 4u) {
            let a = rows[ordered[i] * params.width + column];
            let b = rows[ordered[i + 1u] * params.width + column];
            let c = rows[ordered[i + 2u] * params.width + column];
            let d = rows[ordered[i + 3u] * params.width + column];
            block += vec4<i32>(a) + vec4<i32>(b) + vec4<i32>(c) + vec4<i32>(d);
        }
        for (; i < stop; i++) {
            block += vec4<i32>(rows[ordered[i] * params.width + column]);
        }
        let word = bitcast<vec4<u32>>(block);
        low += word;
        high += bitcast<vec4<u32>>(block >> vec4<u32>(31u)) + vec4<u32>(low < word);
    }
    let at = (cluster * params.width + column) * 8u;
    add(at, low.x, high.x);
    add(at + 2u, low.y, high.y);
    add(at + 4u, low.z, high.z);
    add(at + 6u, low.w, high.w);
}
