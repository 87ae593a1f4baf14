// Computes a = a op b, element by element. Twin: src/kernel/combine.rs.

struct Params {
    first: u32,  // first element of this dispatch
    end: u32,    // one past its last
    op: u32,     // as in src/device/gpu/tensors.rs
    period: u32, // elements of b: all, a row, or one
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> a: array<u32>;
@group(0) @binding(2) var<storage, read> b: array<u32>;

fn sign_times(a: u32, b: u32) -> u32 {
    if (float_is_nan(a) || ((a & ~SIGN) != 0u && float_is_nan(b))) {
        return NAN;
    }
    return select(b ^ (a & SIGN), 0u, (a & ~SIGN) == 0u);
}

fn combine(a: u32, b: u32) -> u32 {
    switch (params.op) {
        case 0u: { return float_add(a, b); }
        case 1u: { return float_sub(a, b); }
        case 2u: { return float_mul(a, b); }
        case 3u: { return sign_times(a, b); }
        default: { return float_div(ONE, float_sqrt(float_add(a, b))); }
    }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let i = params.first + group.x * 256u + local;
    if (i < params.end) {
        a[i] = combine(a[i], b[i % params.period]);
    }
}
