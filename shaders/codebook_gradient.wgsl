// Computes for every codeword minus the sum of its members' residuals, member less codeword. An invocation computes one
// value of a codeword. Twin: src/kernel/codebook_gradient.rs.

struct Params {
    first: u32,    // first value of this dispatch
    end: u32,      // one past its last
    columns: u32,  // values of a codeword
    exponent: i32, // of the grid
    factor: u32,   // an f32
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> residuals: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read> starts: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i >= params.end) {
        return;
    }
    let codeword = i / params.columns;
    let column = i % params.columns;
    let end = u32(starts[codeword + 1u]);
    var sum = vec2<u32>(0u);
    for (var at = u32(starts[codeword]); at < end; at++) {
        sum = u64_sub(sum, i64_from(i32(residuals[u32(rows[at]) * params.columns + column])));
    }
    gradient[i] = float_mul(float_from_exact(sum, params.exponent), params.factor);
}
