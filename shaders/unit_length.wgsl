// Scales every row to length 2^20 on the grid. Twin: src/kernel/unit_length.rs.
// shared/scale.wgsl has the division.

@group(0) @binding(1) var<storage, read_write> rows: array<vec4<f32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * GROUP_ROWS + local / LANES;
    let valid = row < params.end;
    var total = vec2<u32>(0u);
    if (valid) {
        for (var i = local % LANES; i < params.width; i += LANES * FOLD) {
            var sums = vec3<u32>(0u);
            for (var j = i; j < min(i + LANES * FOLD, params.width); j += LANES) {
                sums = squares_add(sums, rows[row * params.width + j], vec4<f32>(0.0));
            }
            total = squares_fold(total, sums);
        }
    }
    total = lanes_sum(local, total);
    if (!valid || (total.x | total.y) == 0u) {
        return;
    }
    let shift = (u64_leading_zeros(total) - 2u) & ~1u;
    let s = u64_sqrt(u64_shl(total, shift));
    let half_shift = shift / 2u;
    for (var i = local % LANES; i < params.width; i += LANES) {
        let at = row * params.width + i;
        let value = rows[at];
        rows[at] = vec4<f32>(
            scale(value.x, s, half_shift),
            scale(value.y, s, half_shift),
            scale(value.z, s, half_shift),
            scale(value.w, s, half_shift),
        );
    }
}
