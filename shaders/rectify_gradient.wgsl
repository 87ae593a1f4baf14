// Turns the gradient behind `rectify` into the gradient before it, by the output of `rectify`. Twin:
// src/kernel/rectify.rs.

struct Params {
    first: u32, // first element of this dispatch
    end: u32,   // one past its last
    slope: u32, // bits of an f32
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gradient: array<u32>;
@group(0) @binding(2) var<storage, read> output: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i < params.end) {
        gradient[i] = leak(gradient[i], float_positive(output[i]), params.slope);
    }
}
