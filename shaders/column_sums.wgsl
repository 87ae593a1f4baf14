// Sums columns as scaled 16-bit integers; the sums stay within i32. Twin: src/kernel/column_sums.rs.

@group(0) @binding(2) var<storage, read_write> sums: array<u32>;

const GROUP_ROWS: u32 = 16u;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let v = local % 16u;
    let lane = local / 16u;
    let column = params.first + group.x * GROUP_ROWS + v;
    let shift = vector_shift(group.x, local, v);
    var sum = 0;
    if (column < params.end && shift != BAD) {
        for (var row = lane; row < params.terms; row += 16u) {
            sum += integer(column, row, shift);
        }
    }
    sum = vector_sum(v, lane, sum);
    if (column < params.end && lane == 0u) {
        sums[column] = select(float_from_exact(i64_from(sum), shift), NAN, shift == BAD);
    }
}
