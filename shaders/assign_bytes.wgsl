// Finds the nearest codeword of every row, with a matrix product of signed bytes as a filter. Twin, and proof of the
// bound: src/kernel/assign/bytes/mod.rs. The kernel itself is shared/race.wgsl; rows and codewords are bytes and facts,
// as round_rows.wgsl and round_codewords.wgsl write them.

alias Sum = vec4<i32>;

// Returns how many vec4 of words a vector has; a word is 4 bytes.
fn row_quads() -> u32 {
    return params.quads;
}

fn add_product(sum: vec4<i32>, row: u32, code: vec4<u32>) -> vec4<i32> {
    return sum + dots(row, code);
}

// The facts of 4 codewords.
struct Facts { half_norms: vec4<f32>, scales: vec4<f32>, errors: vec4<f32>, lengths: vec4<f32> }

fn facts_of(code: u32) -> Facts {
    let at = params.quads * params.padded + code;
    let facts = transpose(mat4x4<f32>(
        bitcast<vec4<f32>>(codewords[at]),
        bitcast<vec4<f32>>(codewords[at + 1u]),
        bitcast<vec4<f32>>(codewords[at + 2u]),
        bitcast<vec4<f32>>(codewords[at + 3u]),
    ));
    return Facts(facts[0], facts[1], facts[2], facts[3]);
}

fn facts_of_row(row: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(rows[params.room * params.quads + row]);
}

// Returns lower bounds of the scores of a row with 4 codewords.
fn scores(row: u32, products: vec4<i32>, facts: Facts) -> vec4<f32> {
    let of_row = facts_of_row(row);
    let bound = of_row.y * facts.errors + of_row.z * facts.lengths;
    return (facts.half_norms - bound) - (of_row.x * facts.scales) * vec4<f32>(products);
}

fn width_of(row: u32, code: u32) -> f32 {
    let of_row = facts_of_row(row);
    let of_code = bitcast<vec4<f32>>(codewords[params.quads * params.padded + code]);
    return 2.0 * (of_row.y * of_code.z + of_row.z * of_code.w);
}

fn rounding_of(row: u32) -> f32 {
    return fma(params.slope, facts_of_row(row).y, params.base);
}
