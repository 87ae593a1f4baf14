// Finds the nearest codeword of every row, with a matrix product of f32 as a filter. Twin, and proof of the bound:
// src/kernel/assign/mod.rs. The kernel itself is shared/race.wgsl.

@group(0) @binding(6) var<storage, read> race_norms: array<vec4<f32>>; // as distinct.wgsl writes them
@group(0) @binding(7) var<storage, read> lengths: array<f32>;
@group(0) @binding(8) var<storage, read> listed: array<vec4<u32>>; // as keep.wgsl lists rows, where LISTED

alias Sum = vec4<f32>;

// Returns how many vec4 of words a vector has; a word is an f32.
fn row_quads() -> u32 {
    return params.width;
}

fn add_product(sum: vec4<f32>, row: u32, code: vec4<u32>) -> vec4<f32> {
    return fma(vec4<f32>(bitcast<f32>(row)), bitcast<vec4<f32>>(code), sum);
}

// The facts of 4 codewords.
struct Facts { half_norms: vec4<f32> }

fn facts_of(code: u32) -> Facts {
    return Facts(race_norms[code / 4u]);
}

// Returns the scores of a row with 4 codewords.
fn scores(row: u32, products: vec4<f32>, facts: Facts) -> vec4<f32> {
    return facts.half_norms - products;
}

// A score has no width: arithmetic is all that makes the race's value of it another than the exact one.
fn width_of(row: u32, code: u32) -> f32 {
    return 0.0;
}

fn rounding_of(row: u32) -> f32 {
    return fma(params.slope, lengths[row], params.base);
}
