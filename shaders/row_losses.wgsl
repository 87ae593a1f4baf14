// Sums the magnitudes or the squares of each row, as scaled 16-bit integers. Twin: src/kernel/row_losses.rs.

@group(0) @binding(2) var<storage, read_write> losses: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let v = local / LANES;
    let row = params.first + group.x * GROUP_ROWS + v;
    let shift = vector_shift(group.x, local, v);
    let squared = params.kind != 0u;
    var sum = vec2<u32>(0u);
    if (row < params.end && shift != BAD) {
        for (var i = local % LANES; i < params.terms; i += LANES) {
            let q = u32(abs(integer(row, i, shift)));
            sum = u64_add(sum, vec2<u32>(select(q, q * q, squared), 0u));
        }
    }
    sum = lanes_sum(local, sum);
    if (row < params.end && local % LANES == 0u) {
        losses[row] = select(float_from_exact(sum, select(shift, 2 * shift, squared)), NAN, shift == BAD);
    }
}
