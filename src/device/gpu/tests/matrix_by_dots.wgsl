// Does what shaders/assign_matrix.wgsl does, without cooperative matrices: an invocation multiplies its row. No device
// has to have anything for it, so it tests shared/matrix_race.wgsl everywhere.

fn dot16(a: vec4<f32>, b: vec4<f32>) -> i32 {
    let x = bitcast<vec4<u32>>(a);
    let y = bitcast<vec4<u32>>(b);
    return dot4I8Packed(x.x, y.x) + dot4I8Packed(x.y, y.y) + dot4I8Packed(x.z, y.z) + dot4I8Packed(x.w, y.w);
}

fn race_tile(before: States, of_row: vec4<f32>, first: u32, start: u32, local: u32) -> States {
    var sums = array<i32, 64>();
    for (var step = 0u; step < params.quads; step += STEP) {
        stage(first, start, step, local);
        for (var code = 0u; code < TILE_CODES; code++) {
            for (var i = 0u; i < STEP; i++) {
                sums[code] += dot16(tile[local * STRIDE + i], tile[CODES_AT + code * STRIDE + i]);
            }
        }
    }
    var states = before;
    for (var half = 0u; half < 64u; half += 32u) {
        workgroupBarrier();
        for (var i = 0u; i < 8u; i++) {
            let code = half + i * 4u;
            let sums4 = vec4<i32>(sums[code], sums[code + 1u], sums[code + 2u], sums[code + 3u]);
            tile[local * STRIDE + i] = bitcast<vec4<f32>>(sums4);
        }
        workgroupBarrier();
        states = meet32(states, of_row, local, start + half);
    }
    return states;
}
