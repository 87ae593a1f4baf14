// Finds for every value the first row at which the running sum of weighted distances exceeds it, and copies the row to
// the points. A workgroup takes one value: it looks for the block of 256 rows first, and then for the row in it.

struct Params {
    rows: u32,
    blocks: u32, // of 256 rows
    width: u32,  // vec4 per row
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> closest: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> weights: array<u32>;
@group(0) @binding(4) var<storage, read> sums: array<vec4<u32>>; // of each block, 96 bits
@group(0) @binding(5) var<storage, read> values: array<vec4<u32>>; // 96 bits, and 0; or a row, and 1
@group(0) @binding(6) var<storage, read_write> points: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> drawn: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let value = values[group.x];
    if (local == 0u) {
        found = vec4<u32>(0u);
    }
    var before = vec3<u32>(0u);
    for (var first = 0u; first < params.blocks; first += SIZE) {
        let block = first + local;
        var own = vec3<u32>(0u);
        if (block < params.blocks) {
            own = sums[block].xyz;
        }
        let end = running_sum(local, before, own);
        note(block, value.xyz, own, end);
        ends[local] = end;
        workgroupBarrier();
        before = ends[SIZE - 1u];
        workgroupBarrier();
    }
    let place = found;
    workgroupBarrier();
    let row = place.x * SIZE + local;
    var own = vec3<u32>(0u);
    if (row < params.rows) {
        own = u96_mul(closest[row], weights[row]);
    }
    let end = running_sum(local, vec3<u32>(0u), own);
    note(row, place.yzw, own, end);
    workgroupBarrier();
    let chosen = select(found.x, value.x, value.w == 1u);
    for (var i = local; i < params.width; i += SIZE) {
        points[group.x * params.width + i] = rows[chosen * params.width + i];
    }
    if (local == 0u) {
        drawn[group.x] = chosen;
    }
}
