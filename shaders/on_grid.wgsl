// Puts latents on their grid, as rows of a table. An invocation takes one value. Twin: src/kernel/on_grid.rs.

struct Params {
    first: u32,    // first value of this dispatch
    end: u32,      // one past its last
    before: u32,   // values of the latents before those of these rows
    columns: u32,  // values of a latent
    stride: u32,   // from a row to the next
    exponent: i32, // of the grid
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> latents: array<u32>;
@group(0) @binding(2) var<storage, read_write> rows: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i < params.end) {
        let at = i / params.columns * params.stride + i % params.columns;
        rows[at] = f32(on_grid(latents[params.before + i], params.exponent));
    }
}
