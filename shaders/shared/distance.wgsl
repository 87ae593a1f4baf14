// Computes the exact squared distance of a row to a codeword. Needs u64.wgsl, squares.wgsl, and the bindings `rows` and
// `codewords`.
fn distance(row: u32, code: u32) -> vec2<u32> {
    var total = vec2<u32>(0u);
    var row_at = row * params.width;
    var code_at = code;
    // Eight loads are in flight at once; the width is a multiple of 4.
    for (var i = 0u; i < params.width; i += 4u) {
        let r0 = rows[row_at];
        let r1 = rows[row_at + 1u];
        let r2 = rows[row_at + 2u];
        let r3 = rows[row_at + 3u];
        let c0 = codewords[code_at];
        let c1 = codewords[code_at + params.padded];
        let c2 = codewords[code_at + 2u * params.padded];
        let c3 = codewords[code_at + 3u * params.padded];
        var sums = squares_add(squares_add(vec3<u32>(0u), r0, c0), r1, c1);
        sums = squares_add(squares_add(sums, r2, c2), r3, c3);
        total = squares_fold(total, sums);
        row_at += 4u;
        code_at += 4u * params.padded;
    }
    return total;
}
