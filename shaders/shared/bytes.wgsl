// Parameters of the kernels of the byte filter: those of params.wgsl, and two more. Twin, and proof of the bound:
// src/kernel/assign/bytes/mod.rs.
struct Params {
    first: u32,    // first row (or listed row, or codeword) of this dispatch
    end: u32,      // one past its last
    width: u32,    // vec4<f32> per vector
    clusters: u32, // codewords
    padded: u32,   // codewords with padding: the stride of their values and bytes
    slope: f32,    // what f32 arithmetic adds to the bound of rounding: slope * reach + base
    base: f32,
    count: u32,    // workgroups of `rerank` or `settle`
    quads: u32,    // vec4<u32> per vector, of 16 bytes each
    room: u32,     // rows with padding; their facts follow their bytes
}

@group(0) @binding(0) var<uniform> params: Params;
