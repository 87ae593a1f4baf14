// Copies the listed rows to the output as integers; a workgroup copies one row.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> listed: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<i32>>;

// One listed row per workgroup.
const GROUP_ROWS: u32 = 1u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let at = params.first + group.x;
    let row = listed[at];
    for (var i = local; i < params.width; i += 64u) {
        out[at * params.width + i] = vec4<i32>(rows[row * params.width + i]);
    }
}
