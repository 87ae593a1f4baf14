// Finds the nearest codeword of every row, with a matrix product of signed bytes as a filter. Twin, and proof of the
// bound: src/kernel/assign/bytes/mod.rs. The kernel itself is shared/race.wgsl, and scores are those of
// shared/byte_scores.wgsl; rows and codewords are bytes and facts, as round_rows.wgsl and round_codewords.wgsl write
// them.

@group(0) @binding(6) var<storage, read> listed: array<vec4<u32>>; // as keep.wgsl lists rows, where LISTED

alias Sum = vec4<i32>;

// Returns how many vec4 of words a vector has; a word is 4 bytes.
fn row_quads() -> u32 {
    return params.quads;
}

fn add_product(sum: vec4<i32>, row: u32, code: vec4<u32>) -> vec4<i32> {
    return sum + dots(row, code);
}

fn facts_of_codeword(code: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(codewords[params.quads * params.padded + code]);
}

fn facts_of_row(row: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(rows[params.room * params.quads + row]);
}

fn scores(row: u32, products: vec4<i32>, facts: Facts) -> vec4<f32> {
    return byte_scores(facts_of_row(row), products, facts);
}
