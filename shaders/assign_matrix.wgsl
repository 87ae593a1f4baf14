// Finds the nearest codeword of every row, with products of cooperative matrices of signed bytes as a filter. Twin, and
// proof of the bound: src/kernel/assign/bytes/mod.rs. The kernel itself is shared/matrix_race.wgsl.
//
// WGSL has cooperative matrices of floats alone: src/device/gpu/cooperative/ makes those of f32 here matrices of signed
// bytes, 16 x 32 and 32 x 16, and their sums i32. So a word of f32 holds 4 bytes, or a sum. Sums are exact: a product
// is at most 127^2, and a vector has fewer than 2^17 bytes.
//
// Each subgroup, of 32 invocations, owns 32 of the 128 rows: 2 x 4 matrices of 16 x 16 sums.

// Races the codewords from `start` on for the rows from `first` on.
fn race_tile(before: States, of_row: vec4<f32>, first: u32, start: u32, local: u32) -> States {
    let near_at = local / 32u * 32u * STRIDE;
    let far_at = near_at + 16u * STRIDE;
    var a = coop_mat16x16<f32, C>();
    var b = coop_mat16x16<f32, C>();
    var c = coop_mat16x16<f32, C>();
    var d = coop_mat16x16<f32, C>();
    var e = coop_mat16x16<f32, C>();
    var f = coop_mat16x16<f32, C>();
    var g = coop_mat16x16<f32, C>();
    var h = coop_mat16x16<f32, C>();
    for (var step = 0u; step < params.quads; step += STEP) {
        stage(first, start, step, local);
        // 32 bytes at a time.
        for (var i = 0u; i < STEP; i += 2u) {
            let near = coopLoadT<coop_mat16x16<f32, A>>(&tile[near_at + i], STRIDE);
            let far = coopLoadT<coop_mat16x16<f32, A>>(&tile[far_at + i], STRIDE);
            let p = coopLoad<coop_mat16x16<f32, B>>(&tile[CODES_AT + i], STRIDE);
            a = coopMultiplyAdd(near, p, a);
            e = coopMultiplyAdd(far, p, e);
            let q = coopLoad<coop_mat16x16<f32, B>>(&tile[CODES_AT + 16u * STRIDE + i], STRIDE);
            b = coopMultiplyAdd(near, q, b);
            f = coopMultiplyAdd(far, q, f);
            let r = coopLoad<coop_mat16x16<f32, B>>(&tile[CODES_AT + 32u * STRIDE + i], STRIDE);
            c = coopMultiplyAdd(near, r, c);
            g = coopMultiplyAdd(far, r, g);
            let s = coopLoad<coop_mat16x16<f32, B>>(&tile[CODES_AT + 48u * STRIDE + i], STRIDE);
            d = coopMultiplyAdd(near, s, d);
            h = coopMultiplyAdd(far, s, h);
        }
    }
    workgroupBarrier();
    coopStoreT(a, &tile[near_at], STRIDE);
    coopStoreT(b, &tile[near_at + 4u], STRIDE);
    coopStoreT(e, &tile[far_at], STRIDE);
    coopStoreT(f, &tile[far_at + 4u], STRIDE);
    workgroupBarrier();
    let half = meet32(before, of_row, local, start);
    workgroupBarrier();
    coopStoreT(c, &tile[near_at], STRIDE);
    coopStoreT(d, &tile[near_at + 4u], STRIDE);
    coopStoreT(g, &tile[far_at], STRIDE);
    coopStoreT(h, &tile[far_at + 4u], STRIDE);
    workgroupBarrier();
    return meet32(half, of_row, local, start + 32u);
}
