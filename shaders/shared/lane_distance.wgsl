// Computes what a lane adds to the squared distance of a row to a codeword. Needs u64.wgsl, squares.wgsl, `LANES`, and
// the bindings `rows` and `codewords`.
fn lane_distance(row: u32, code: u32, lane: u32) -> vec2<u32> {
    var total = vec2<u32>(0u);
    for (var i = lane; i < params.width; i += LANES * FOLD) {
        var sums = vec3<u32>(0u);
        for (var j = i; j < min(i + LANES * FOLD, params.width); j += LANES) {
            sums = squares_add(sums, rows[row * params.width + j], codewords[j * params.padded + code]);
        }
        total = squares_fold(total, sums);
    }
    return total;
}
