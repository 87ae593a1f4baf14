// Keeps values above zero and multiplies all others by a slope. Twin: src/kernel/rectify.rs.

struct Params {
    first: u32, // first element of this dispatch
    end: u32,   // one past its last
    slope: u32, // bits of an f32
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> x: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i < params.end) {
        x[i] = leak(x[i], float_positive(x[i]), params.slope);
    }
}
