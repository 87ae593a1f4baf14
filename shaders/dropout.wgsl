// Keeps or drops each element by a hash of its place. Twin: src/kernel/dropout.rs.

struct Params {
    first: u32, // first element of this dispatch
    end: u32,   // one past its last
    key0: u32,
    key1: u32,
    threshold: u32,
    factor: u32, // bits of an f32
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> x: array<u32>;

fn mix(value: u32) -> u32 {
    let a = (value ^ (value >> 16u)) * 0x7feb352du;
    let b = (a ^ (a >> 15u)) * 0x846ca68bu;
    return b ^ (b >> 16u);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i < params.end) {
        let keep = mix(mix(i + params.key0) ^ params.key1) >= params.threshold;
        x[i] = select(0u, float_mul(x[i], params.factor), keep);
    }
}
