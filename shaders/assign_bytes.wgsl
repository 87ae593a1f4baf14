// Finds the nearest codeword of every row, with a matrix product of signed bytes as a filter. Twin, and proof of the
// bound: src/kernel/assign/bytes/mod.rs. The kernel itself is shared/race.wgsl, and scores are those of
// shared/byte_scores.wgsl, of rows and codewords as shared/byte_vectors.wgsl has them.

alias Sum = vec4<i32>;

fn add_product(sum: vec4<i32>, row: u32, code: vec4<u32>) -> vec4<i32> {
    return sum + dots(row, code);
}

fn scores(row: u32, products: vec4<i32>, facts: Facts) -> vec4<f32> {
    return byte_scores(facts_of_row(row), products, facts);
}
