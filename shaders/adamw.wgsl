// One step of AdamW. Twin: src/kernel/adamw.rs, which states the order of the operations.

struct Params {
    first: u32, // first element of this dispatch
    end: u32,   // one past its last
    beta1: u32, // this and all that follow: bits of f32, as in the twin's `Step`
    rest1: u32,
    beta2: u32,
    rest2: u32,
    root: u32,
    epsilon: u32,
    decay: u32,
    rate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> values: array<u32>;
@group(0) @binding(2) var<storage, read> gradient: array<u32>;
@group(0) @binding(3) var<storage, read_write> first_moment: array<u32>;
@group(0) @binding(4) var<storage, read_write> second_moment: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i >= params.end) {
        return;
    }
    let g = gradient[i];
    let m = float_add(float_mul(params.beta1, first_moment[i]), float_mul(params.rest1, g));
    let v = float_add(float_mul(params.beta2, second_moment[i]), float_mul(params.rest2, float_mul(g, g)));
    first_moment[i] = m;
    second_moment[i] = v;
    let denominator = float_add(float_mul(float_sqrt(v), params.root), params.epsilon);
    let step = float_mul(params.rate, float_div(m, denominator));
    values[i] = float_sub(float_mul(values[i], params.decay), step);
}
