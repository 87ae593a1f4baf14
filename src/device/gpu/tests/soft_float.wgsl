@group(0) @binding(1) var<storage, read> inputs: array<vec4<u32>>; // two floats, and a 64-bit integer: low word first
@group(0) @binding(2) var<storage, read_write> out: array<vec4<u32>>; // 8 results for each

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.end) {
        return;
    }
    let a = inputs[id.x].x;
    let b = inputs[id.x].y;
    out[id.x * 2u] = vec4<u32>(float_add(a, b), float_sub(a, b), float_mul(a, b), float_div(a, b));
    let shift = i32(b & 0x1ffu) - 128;
    // A finite number, and a largest one of its vector.
    let finite = select(a, a ^ 0x40000000u, (a & INFINITY) == INFINITY);
    let largest = min(max(float_exponent(finite), 1) + i32(b & 31u), 254);
    let bytes = float_scaled(finite, 6 - (largest - 127), 127u);
    let words = float_scaled(finite, 14 - (largest - 127), 32767u);
    out[id.x * 2u + 1u] = vec4<u32>(
        float_sqrt(a),
        float_from_exact(inputs[id.x].zw, shift),
        bitcast<u32>(words << 8u) + bitcast<u32>(bytes),
        u32(float_positive(a)) | (u32(float_is_nan(a)) << 1u),
    );
}
