// Subtracts the codewords of a row from its latents, level by level. Gives the values for the decoder, the pull of the
// codewords on the latents, and the residuals. An invocation computes one latent value. Twin:
// src/kernel/straight_through.rs.

struct Params {
    first: u32,    // first latent value of this dispatch
    end: u32,      // one past its last
    columns: u32,  // values of a latent
    levels: u32,
    exponent: i32, // of the grid
    factor: u32,   // of the pull, an f32
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> latents: array<u32>;
@group(0) @binding(2) var<storage, read> codes: array<f32>;
@group(0) @binding(3) var<storage, read> books: array<f32>;
@group(0) @binding(4) var<storage, read_write> quantized: array<u32>;
@group(0) @binding(5) var<storage, read_write> commitment: array<u32>;
@group(0) @binding(6) var<storage, read_write> residuals: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i >= params.end) {
        return;
    }
    let row = i / params.columns;
    let column = i % params.columns;
    let start = on_grid(latents[i], params.exponent);
    var rest = start;
    var left = vec2<u32>(0u);
    for (var level = 0u; level < params.levels; level++) {
        let at = row * params.levels + level;
        rest -= i32(books[u32(codes[at]) * params.columns + column]);
        left = u64_add(left, i64_from(rest));
        residuals[at * params.columns + column] = f32(rest);
    }
    quantized[i] = float_from_exact(i64_from(start - rest), params.exponent);
    commitment[i] = float_mul(float_from_exact(left, params.exponent), params.factor);
}
