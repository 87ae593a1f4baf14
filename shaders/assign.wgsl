// Finds the nearest codeword of every row. A tiled f32 matrix product serves as a filter, and registers keep the best
// score, the second best and the code of the best over all codewords. Twin, and proof of the bound:
// src/kernel/assign/mod.rs.
//
// A workgroup owns 128 rows (64 without WIDE_ROWS) and walks over the codewords 128 at a time (64 without WIDE_CODES),
// 16 components at a time. An invocation owns 8 x 8 scores (or 4 instead of either 8) in four 4 x 4 blocks, one row per
// column of a matrix: near and far codewords with its first rows (`a`, `b`) and with its later rows (`c`, `d`). Shapes:
// rows are padded to the tile; codewords are (width, padded), padded with zeros and a huge half norm.

// How many rows a workgroup owns: 128 or 64.
override GROUP_ROWS: u32 = 128u;
override WIDE_ROWS: bool = GROUP_ROWS == 128u;
override WIDE_CODES: bool = true;

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> half_norms: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> lengths: array<f32>;
@group(0) @binding(5) var<storage, read_write> codes: array<u32>; // code + 1, or 0
@group(0) @binding(6) var<storage, read_write> undecided: array<vec2<u32>>; // row, best score
@group(0) @binding(7) var<storage, read_write> counters: array<atomic<u32>, 2>; // undecided, changed

// Rows in the first half, codewords in the second; each as [component 16][block 32] of one component of 4 neighbours.
// Blocks are permuted by the component's quarter, so that the transposed stores hit different banks.
var<workgroup> tile: array<vec4<f32>, 1024>;

// Adds the products of component i of `row` with all of `code` to column i.
fn add_products(sums: mat4x4<f32>, row: vec4<f32>, code: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        fma(vec4<f32>(row.x), code, sums[0]),
        fma(vec4<f32>(row.y), code, sums[1]),
        fma(vec4<f32>(row.z), code, sums[2]),
        fma(vec4<f32>(row.w), code, sums[3]),
    );
}

// Loads 4 neighbours x 4 components for the tile, one neighbour per column.
fn fetch(loads: bool, loads_rows: bool, row_at: u32, code_at: u32) -> mat4x4<f32> {
    if (!loads) {
        return mat4x4<f32>();
    }
    if (loads_rows) {
        let width = params.width;
        return mat4x4<f32>(rows[row_at], rows[row_at + width], rows[row_at + 2u * width], rows[row_at + 3u * width]);
    }
    return mat4x4<f32>(codewords[code_at], codewords[code_at + 1u], codewords[code_at + 2u], codewords[code_at + 3u]);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row_blocks = select(16u, 32u, WIDE_ROWS);
    let code_blocks = select(16u, 32u, WIDE_CODES);
    let first = params.first + group.x * row_blocks * 4u;
    let x = local & 15u;
    let y = local >> 4u;

    // The first half of the workgroup loads rows, the second codewords: 4 neighbours x 4 components each.
    let loads_rows = local < 128u;
    let quarter = local & 3u;
    let block = (local & 127u) >> 2u;
    let loads = block < select(code_blocks, row_blocks, loads_rows);
    let stored = select(512u, 0u, loads_rows) + quarter * 128u + (block ^ (quarter * 2u));
    // One register says where an invocation loads from, whichever it loads.
    let from_row = (first + block * 4u) * params.width + quarter;
    let from_code = quarter * params.padded + block * 4u;
    let origin = select(from_code, from_row, loads_rows);

    var state0 = vec3<f32>(0x1p120, 0x1p120, 0.0);
    var state1 = vec3<f32>(0x1p120, 0x1p120, 0.0);
    var state2 = vec3<f32>(0x1p120, 0x1p120, 0.0);
    var state3 = vec3<f32>(0x1p120, 0x1p120, 0.0);
    var state4 = vec3<f32>(0x1p120, 0x1p120, 0.0);
    var state5 = vec3<f32>(0x1p120, 0x1p120, 0.0);
    var state6 = vec3<f32>(0x1p120, 0x1p120, 0.0);
    var state7 = vec3<f32>(0x1p120, 0x1p120, 0.0);

    // `code` and `k` say where the values in `fetched` come from: one step ahead of the products.
    var code = 0u;
    var k = 0u;
    var fetched = fetch(loads, loads_rows, origin + k, origin + k * params.padded + code);
    for (var start = 0u; start < params.padded; start += code_blocks * 4u) {
        var a = mat4x4<f32>();
        var b = mat4x4<f32>();
        var c = mat4x4<f32>();
        var d = mat4x4<f32>();
        for (var step = 0u; step < params.width; step += 4u) {
            workgroupBarrier();
            if (loads) {
                let components = transpose(fetched);
                tile[stored] = components[0];
                tile[stored + 32u] = components[1];
                tile[stored + 64u] = components[2];
                tile[stored + 96u] = components[3];
            }
            workgroupBarrier();
            // These values are stored in the next step, so that the products hide the latency. The last fetch loads the
            // first tile again, and nothing uses it.
            k += 4u;
            if (k == params.width) {
                k = 0u;
                code += code_blocks * 4u;
                code = select(0u, code, code < params.padded);
            }
            fetched = fetch(loads, loads_rows, origin + k, origin + k * params.padded + code);
            for (var i = 0u; i < 4u; i++) {
                let row_at = i * 128u + (y ^ (i * 2u));
                let code_at = 512u + i * 128u + (x ^ (i * 2u));
                let r0 = tile[row_at];
                let s0 = tile[row_at + 16u];
                let p0 = tile[code_at];
                let q0 = tile[code_at + 16u];
                a = add_products(a, r0, p0);
                if (WIDE_CODES) { b = add_products(b, r0, q0); }
                if (WIDE_ROWS) { c = add_products(c, s0, p0); }
                if (WIDE_ROWS && WIDE_CODES) { d = add_products(d, s0, q0); }
                let r1 = tile[row_at + 32u];
                let s1 = tile[row_at + 48u];
                let p1 = tile[code_at + 32u];
                let q1 = tile[code_at + 48u];
                a = add_products(a, r1, p1);
                if (WIDE_CODES) { b = add_products(b, r1, q1); }
                if (WIDE_ROWS) { c = add_products(c, s1, p1); }
                if (WIDE_ROWS && WIDE_CODES) { d = add_products(d, s1, q1); }
                let r2 = tile[row_at + 64u];
                let s2 = tile[row_at + 80u];
                let p2 = tile[code_at + 64u];
                let q2 = tile[code_at + 80u];
                a = add_products(a, r2, p2);
                if (WIDE_CODES) { b = add_products(b, r2, q2); }
                if (WIDE_ROWS) { c = add_products(c, s2, p2); }
                if (WIDE_ROWS && WIDE_CODES) { d = add_products(d, s2, q2); }
                let r3 = tile[row_at + 96u];
                let s3 = tile[row_at + 112u];
                let p3 = tile[code_at + 96u];
                let q3 = tile[code_at + 112u];
                a = add_products(a, r3, p3);
                if (WIDE_CODES) { b = add_products(b, r3, q3); }
                if (WIDE_ROWS) { c = add_products(c, s3, p3); }
                if (WIDE_ROWS && WIDE_CODES) { d = add_products(d, s3, q3); }
            }
        }
        let near = start + x * 4u;
        let h = half_norms[near / 4u];
        state0 = meet4(state0, h - a[0], f32(near));
        state1 = meet4(state1, h - a[1], f32(near));
        state2 = meet4(state2, h - a[2], f32(near));
        state3 = meet4(state3, h - a[3], f32(near));
        if (WIDE_ROWS) {
            state4 = meet4(state4, h - c[0], f32(near));
            state5 = meet4(state5, h - c[1], f32(near));
            state6 = meet4(state6, h - c[2], f32(near));
            state7 = meet4(state7, h - c[3], f32(near));
        }
        if (WIDE_CODES) {
            let far = near + 64u;
            let g = half_norms[far / 4u];
            state0 = meet4(state0, g - b[0], f32(far));
            state1 = meet4(state1, g - b[1], f32(far));
            state2 = meet4(state2, g - b[2], f32(far));
            state3 = meet4(state3, g - b[3], f32(far));
            if (WIDE_ROWS) {
                state4 = meet4(state4, g - d[0], f32(far));
                state5 = meet4(state5, g - d[1], f32(far));
                state6 = meet4(state6, g - d[2], f32(far));
                state7 = meet4(state7, g - d[3], f32(far));
            }
        }
    }

    // Handles 64 rows at a time, with 16 states each; one invocation reduces each row. Their order does not matter,
    // because a tie is never decided here.
    var changed = 0.0;
    for (var half = 0u; half < row_blocks / 16u; half++) {
        workgroupBarrier();
        let at = y * 64u + x;
        if (half == 0u) {
            tile[at] = vec4<f32>(state0, 0.0);
            tile[at + 16u] = vec4<f32>(state1, 0.0);
            tile[at + 32u] = vec4<f32>(state2, 0.0);
            tile[at + 48u] = vec4<f32>(state3, 0.0);
        } else {
            tile[at] = vec4<f32>(state4, 0.0);
            tile[at + 16u] = vec4<f32>(state5, 0.0);
            tile[at + 32u] = vec4<f32>(state6, 0.0);
            tile[at + 48u] = vec4<f32>(state7, 0.0);
        }
        workgroupBarrier();
        let row = first + half * 64u + local;
        if (local < 64u && row < params.end) {
            var state = vec3<f32>(0x1p120, 0x1p120, 0.0);
            for (var i = 0u; i < 16u; i++) {
                let other = tile[local * 16u + ((i + local) & 15u)];
                state = meet(state, other.x, other.z);
                state.y = min(state.y, other.y);
            }
            if (state.y - state.x > fma(params.slope, lengths[row], params.base)) {
                let label = u32(state.z) + 1u;
                if (codes[row] != label) {
                    codes[row] = label;
                    changed += 1.0;
                }
            } else {
                undecided[atomicAdd(&counters[0], 1u)] = vec2<u32>(row, bitcast<u32>(state.x));
            }
        }
    }
    workgroupBarrier();
    tile[local] = vec4<f32>(changed);
    workgroupBarrier();
    if (local == 0u) {
        for (var i = 1u; i < 64u; i++) {
            changed += tile[i].x;
        }
        atomicAdd(&counters[1], u32(changed));
    }
}
