// Shares the work on 16 rows per workgroup among 16 lanes per row, so that neighbouring lanes read neighbouring vec4.
// Needs u64.wgsl.

const LANES: u32 = 16u;
const GROUP_ROWS: u32 = 16u;

var<workgroup> lane_sums: array<vec2<u32>, 256>;

// Returns to every lane the sum of `value` over the lanes of its row. Every invocation of the workgroup must call it,
// and only once: nothing keeps a second call from overwriting values that a lane has yet to read. Each lane adds all 16
// values, because that needs one barrier where a tree needs five, and every load serves 16 lanes.
fn lanes_sum(local: u32, value: vec2<u32>) -> vec2<u32> {
    lane_sums[local] = value;
    workgroupBarrier();
    var sum = vec2<u32>(0u);
    for (var i = 0u; i < LANES; i++) {
        sum = u64_add(sum, lane_sums[(local & 0xf0u) + i]);
    }
    return sum;
}
