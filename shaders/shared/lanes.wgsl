// 16 rows per workgroup, 16 lanes per row, so that neighbouring lanes read neighbouring vec4; needs u64.wgsl.

const LANES: u32 = 16u;
const GROUP_ROWS: u32 = 16u;

var<workgroup> partial_sums: array<vec2<u32>, 256>;

// The sum of `value` over the lanes of a row, for each of them. Every invocation of the workgroup must call it.
fn lanes_sum(local: u32, value: vec2<u32>) -> vec2<u32> {
    partial_sums[local] = value;
    for (var step = 8u; step > 0u; step >>= 1u) {
        workgroupBarrier();
        if ((local & 15u) < step) {
            partial_sums[local] = u64_add(partial_sums[local], partial_sums[local + step]);
        }
    }
    workgroupBarrier();
    let sum = partial_sums[local & 0xf0u];
    workgroupBarrier();
    return sum;
}
