// Computes the exact squared distance of a row to a codeword. Needs u64.wgsl, squares.wgsl, and the bindings `rows` and
// `codewords`.
fn distance(row: u32, code: u32) -> vec2<u32> {
    var total = vec2<u32>(0u);
    for (var i = 0u; i < params.width; i += FOLD) {
        var sums = vec3<u32>(0u);
        for (var j = i; j < min(i + FOLD, params.width); j++) {
            sums = squares_add(sums, rows[row * params.width + j], codewords[j * params.padded + code]);
        }
        total = squares_fold(total, sums);
    }
    return total;
}
