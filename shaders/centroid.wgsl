// Sums the components of the rows per cluster. Twin: src/kernel/centroid.rs.
//
// A piece is a stretch of the ordered list within one cluster; a workgroup sums up to 32 vec4 columns of one piece. An
// invocation takes one column of every second row, or of fewer rows where these have fewer columns than 32. The sum of
// 64 values within 2^24 is within 2^30, so i32 holds it; it is then added to 64 bits in two's complement.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> ordered: array<u32>;
@group(0) @binding(3) var<storage, read> pieces: array<vec4<u32>>; // cluster, start, end; empty behind the last one
@group(0) @binding(4) var<storage, read_write> sums: array<atomic<u32>>; // (low, high) pairs

// One piece per workgroup.
const GROUP_ROWS: u32 = 1u;

const SIZE: u32 = 64u;
const COLUMNS: u32 = 32u;

var<workgroup> lows: array<vec4<u32>, 64>;
var<workgroup> highs: array<vec4<u32>, 64>;

// Adds 64 bits to a pair. The addition that wraps the low word sees this from the old value and adds the carry, so that
// concurrent additions in any order end in the same pair.
fn add(at: u32, low: u32, high: u32) {
    let old = atomicAdd(&sums[at], low);
    let carried = high + u32(old + low < old);
    if (carried != 0u) {
        atomicAdd(&sums[at + 1u], carried);
    }
}

fn value(at: u32, column: u32) -> vec4<i32> {
    return vec4<i32>(rows[ordered[at] * params.width + column]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let piece = pieces[params.first + group.x];
    let cluster = piece.x - params.count;
    let across = min(params.width, COLUMNS);
    let steps = SIZE / across;
    let step = local / across;
    let column = group.y * COLUMNS + local % across;
    let takes = column < params.width && step < steps && cluster < params.clusters;
    var low = vec4<u32>(0u);
    var high = vec4<u32>(0u);
    if (takes) {
        for (var start = piece.y; start < piece.z; start += 64u * steps) {
            var block = vec4<i32>(0);
            let stop = min(start + 64u * steps, piece.z);
            var i = start + step;
            // Four loads are in flight at once.
            for (; i + 3u * steps < stop; i += 4u * steps) {
                let a = value(i, column);
                let b = value(i + steps, column);
                let c = value(i + 2u * steps, column);
                let d = value(i + 3u * steps, column);
                block += a + b + c + d;
            }
            for (; i < stop; i += steps) {
                block += value(i, column);
            }
            let word = bitcast<vec4<u32>>(block);
            low += word;
            high += bitcast<vec4<u32>>(block >> vec4<u32>(31u)) + vec4<u32>(low < word);
        }
    }
    lows[local] = low;
    highs[local] = high;
    workgroupBarrier();
    if (takes && step == 0u && piece.y < piece.z) {
        for (var other = local + across; other < steps * across; other += across) {
            let word = lows[other];
            low += word;
            high += highs[other] + vec4<u32>(low < word);
        }
        let at = (cluster * params.width + column) * 8u;
        add(at, low.x, high.x);
        add(at + 2u, low.y, high.y);
        add(at + 4u, low.z, high.z);
        add(at + 6u, low.w, high.w);
    }
}
