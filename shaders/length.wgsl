// Computes an upper bound on the length of every row, which the rounding bound of `assign` needs; see there. The f32
// sum of D squares errs by less than 2^-9.9, its root by less than 2^-10.8 and a few units in the last place, in either
// direction: a factor 1 + 2^-10 covers both. The floor of 1 keeps the root away from zero.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> lengths: array<f32>;

const GROUP_ROWS: u32 = 16u;

var<workgroup> squares: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = params.first + group.x * GROUP_ROWS + local / 16u;
    var sum = 0.0;
    if (row < params.end) {
        for (var i = local % 16u; i < params.width; i += 16u) {
            let value = rows[row * params.width + i];
            sum += dot(value, value);
        }
    }
    squares[local] = sum;
    workgroupBarrier();
    if (local % 16u == 0u && row < params.end) {
        for (var i = 1u; i < 16u; i++) {
            sum += squares[local + i];
        }
        lengths[row] = sqrt(max(sum, 1.0)) * 1.0009765625;
    }
}
