// Scores of the race of bytes, and what they may be off by. Twin, and proof of the bound:
// src/kernel/assign/bytes/mod.rs.
//
// Needs of the race: `facts_of_row(row)` and `facts_of_codeword(code)`, as round_rows.wgsl and round_codewords.wgsl
// write them.

// The facts of 4 codewords.
struct Facts { half_norms: vec4<f32>, scales: vec4<f32>, errors: vec4<f32>, lengths: vec4<f32> }

fn facts_of(code: u32) -> Facts {
    let facts = transpose(mat4x4<f32>(
        facts_of_codeword(code),
        facts_of_codeword(code + 1u),
        facts_of_codeword(code + 2u),
        facts_of_codeword(code + 3u),
    ));
    return Facts(facts[0], facts[1], facts[2], facts[3]);
}

// Returns lower bounds of the scores of a row with 4 codewords.
fn byte_scores(of_row: vec4<f32>, products: vec4<i32>, facts: Facts) -> vec4<f32> {
    let bound = of_row.y * facts.errors + of_row.z * facts.lengths;
    return (facts.half_norms - bound) - (of_row.x * facts.scales) * vec4<f32>(products);
}

fn width_of(row: u32, code: u32) -> f32 {
    let of_row = facts_of_row(row);
    let of_code = facts_of_codeword(code);
    return 2.0 * (of_row.y * of_code.z + of_row.z * of_code.w);
}

fn rounding_of(row: u32) -> f32 {
    return fma(params.slope, facts_of_row(row).y, params.base);
}
