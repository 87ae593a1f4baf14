// Subtracts from every row the codeword of its code. Twin: src/kernel/residual.rs. Values, codewords and their
// differences are integers within 2^24, so f32 subtraction is exact.

@group(0) @binding(1) var<storage, read_write> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> codes: array<u32>; // code + 1, or 0

const GROUP_ROWS: u32 = 16u;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * GROUP_ROWS + local / 16u;
    if (row >= params.end) {
        return;
    }
    let code = codes[row] - 1u;
    if (code >= params.clusters) {
        return;
    }
    for (var i = local % 16u; i < params.width; i += 16u) {
        let at = row * params.width + i;
        rows[at] = rows[at] - codewords[i * params.padded + code];
    }
}
