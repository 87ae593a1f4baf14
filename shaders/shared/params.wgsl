// Parameters of every dispatch; `Params` in src/device/gpu/params.rs has the same words in the same order.
struct Params {
    first: u32,    // first row (or piece) of this dispatch
    end: u32,      // one past its last
    width: u32,    // vec4 per row
    clusters: u32, // codewords
    padded: u32,   // codewords with padding: the stride of `codewords`
    slope: f32,    // rounding bound of `assign`: slope * |row| + base
    base: f32,
    count: u32,    // points, workgroups of `rerank` or `settle`, or first cluster of the sums
}

@group(0) @binding(0) var<uniform> params: Params;
