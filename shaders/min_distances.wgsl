// Returns for every point and row the smaller of their squared distance and `closest` of the row. Twin:
// src/kernel/min_distances.rs.
//
// Four points at a time go through an f32 filter first. A difference of integers rounds once and its square twice; as
// all D squares have one sign, their sum keeps the relative error below gamma_(D + 3) with u = 2^-23, which is under
// 2^-9.9 for any order, fusion or rounding. So where sum * (1 - 2^-8) still reaches `closest`, the exact distance does
// too.

struct Params {
    first: u32, // first row of this dispatch
    end: u32,   // one past its last
    width: u32, // vec4 per row
    count: u32, // points
    origin: u32, // the row at which `closest` and `out` begin
    stride: u32, // rows of `closest` and of each point in `out`
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> points: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> closest: array<vec2<u32>>; // from `origin` on
@group(0) @binding(4) var<storage, read_write> out: array<vec2<u32>>; // (points, rows from `origin` on)

var<workgroup> estimates: array<vec4<f32>, 256>;
var<workgroup> lows: array<vec4<u32>, 256>;
var<workgroup> highs: array<vec4<u32>, 256>;

fn square(row: vec4<f32>, point: u32, i: u32) -> f32 {
    let difference = row - points[min(point, params.count - 1u) * params.width + i];
    return dot(difference, difference);
}

// Returns this lane's part of the exact squared distance.
fn distance_part(row: u32, point: u32, lane: u32) -> vec2<u32> {
    var total = vec2<u32>(0u);
    for (var i = lane; i < params.width; i += LANES * FOLD) {
        var sums = vec3<u32>(0u);
        for (var j = i; j < min(i + LANES * FOLD, params.width); j += LANES) {
            sums = squares_add(sums, rows[row * params.width + j], points[point * params.width + j]);
        }
        total = squares_fold(total, sums);
    }
    return total;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * GROUP_ROWS + local / LANES;
    let lane = local % LANES;
    let lanes = local & 0xf0u;
    let valid = row < params.end;
    var limit = vec2<u32>(0u);
    if (valid) {
        limit = closest[row - params.origin];
    }
    // Nothing is farther than a limit that is none.
    let filters = valid && limit.y != 0xffffffffu;
    // `reach` is at least `limit`: two conversions, a product with a power of two and a sum each err by at most one
    // part in 2^23.
    let reach = (f32(limit.y) * 4294967296.0 + f32(limit.x)) * 1.0000019;
    for (var point = 0u; point < params.count; point += 4u) {
        var sum = vec4<f32>();
        if (filters) {
            for (var i = lane; i < params.width; i += LANES) {
                let value = rows[row * params.width + i];
                sum += vec4<f32>(
                    square(value, point, i),
                    square(value, point + 1u, i),
                    square(value, point + 2u, i),
                    square(value, point + 3u, i),
                );
            }
        }
        estimates[local] = sum;
        workgroupBarrier();
        var estimate = vec4<f32>();
        for (var i = 0u; i < LANES; i++) {
            estimate += estimates[lanes + i];
        }
        let maybe_closer = vec4<bool>(valid) & (estimate * 0.99609375 < vec4<f32>(reach));
        let some = min(4u, params.count - point);
        var low = vec4<u32>();
        var high = vec4<u32>();
        for (var p = 0u; p < some; p++) {
            if (maybe_closer[p]) {
                let part = distance_part(row, point + p, lane);
                low[p] = part.x;
                high[p] = part.y;
            }
        }
        lows[local] = low;
        highs[local] = high;
        workgroupBarrier();
        // The first lanes finish one point each.
        if (valid && lane < some) {
            var distance = limit;
            if (maybe_closer[lane]) {
                var total = vec2<u32>(0u);
                for (var i = 0u; i < LANES; i++) {
                    total = u64_add(total, vec2<u32>(lows[lanes + i][lane], highs[lanes + i][lane]));
                }
                distance = u64_min(total, limit);
            }
            out[(point + lane) * params.stride + row - params.origin] = distance;
        }
    }
}
