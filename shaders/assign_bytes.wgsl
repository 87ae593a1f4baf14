// Finds the nearest codeword of every row. A tiled product of signed bytes serves as a filter, and registers keep the
// lowest score, the second lowest and the code of the lowest over all codewords. Twin, and proof of the bound:
// src/kernel/assign/bytes/mod.rs.
//
// Tiles are those of assign.wgsl with 64 codewords, and with a word of 4 bytes instead of a component: 16 words, or 64
// components, at a time. Tiles of 128 codewords do not fit the registers of some GPUs, because the facts of rows and
// codewords need some too.

// How many rows a workgroup owns: 128 or 64.
override GROUP_ROWS: u32 = 128u;
override WIDE_ROWS: bool = GROUP_ROWS == 128u;

@group(0) @binding(1) var<storage, read> rows: array<vec4<u32>>; // bytes and facts, as round_rows.wgsl writes them
@group(0) @binding(2) var<storage, read> codewords: array<vec4<u32>>; // the same from round_codewords.wgsl
@group(0) @binding(3) var<storage, read_write> codes: array<u32>; // code + 1, or 0
@group(0) @binding(4) var<storage, read_write> undecided: array<vec2<u32>>; // row, code of the lowest score
@group(0) @binding(5) var<storage, read_write> counters: array<atomic<u32>, 2>; // undecided, changed

// Rows in the first half, codewords in the second; each as [word 16][block 32] of one word of 4 neighbours. Blocks are
// permuted by the word's quarter, so that the transposed stores hit different banks.
var<workgroup> tile: array<vec4<u32>, 1024>;

// The products of 4 rows with 4 codewords, and words of 4 vectors.
struct Products { r0: vec4<i32>, r1: vec4<i32>, r2: vec4<i32>, r3: vec4<i32> }
struct Words { v0: vec4<u32>, v1: vec4<u32>, v2: vec4<u32>, v3: vec4<u32> }

// Adds the products of a word of 4 rows with one of 4 codewords.
fn add_products(sums: Products, row: vec4<u32>, code: vec4<u32>) -> Products {
    return Products(
        sums.r0 + dots(row.x, code),
        sums.r1 + dots(row.y, code),
        sums.r2 + dots(row.z, code),
        sums.r3 + dots(row.w, code),
    );
}

// Loads 4 neighbours x 4 words for the tile.
fn fetch(loads: bool, loads_rows: bool, row_at: u32, code_at: u32) -> Words {
    if (!loads) {
        return Words();
    }
    if (loads_rows) {
        let quads = params.quads;
        return Words(rows[row_at], rows[row_at + quads], rows[row_at + 2u * quads], rows[row_at + 3u * quads]);
    }
    return Words(codewords[code_at], codewords[code_at + 1u], codewords[code_at + 2u], codewords[code_at + 3u]);
}

// The facts of 4 codewords.
struct Facts { half_norms: vec4<f32>, scales: vec4<f32>, errors: vec4<f32>, lengths: vec4<f32> }

fn facts_of(code: u32) -> Facts {
    let at = params.quads * params.padded + code;
    let facts = transpose(mat4x4<f32>(
        bitcast<vec4<f32>>(codewords[at]),
        bitcast<vec4<f32>>(codewords[at + 1u]),
        bitcast<vec4<f32>>(codewords[at + 2u]),
        bitcast<vec4<f32>>(codewords[at + 3u]),
    ));
    return Facts(facts[0], facts[1], facts[2], facts[3]);
}

// Returns lower bounds of the scores of a row with 4 codewords.
fn lower(row: u32, products: vec4<i32>, facts: Facts) -> vec4<f32> {
    let of_row = bitcast<vec4<f32>>(rows[params.room * params.quads + row]);
    let bound = of_row.y * facts.errors + of_row.z * facts.lengths;
    return (facts.half_norms - bound) - (of_row.x * facts.scales) * vec4<f32>(products);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row_blocks = select(16u, 32u, WIDE_ROWS);
    let first = params.first + group.x * row_blocks * 4u;
    let x = local & 15u;
    let y = local >> 4u;

    // The first half of the workgroup loads rows, the second codewords: 4 neighbours x 4 words each.
    let loads_rows = local < 128u;
    let quarter = local & 3u;
    let block = (local & 127u) >> 2u;
    let loads = block < select(16u, row_blocks, loads_rows);
    let stored = select(512u, 0u, loads_rows) + quarter * 128u + (block ^ (quarter * 2u));
    // One register says where an invocation loads from, whichever it loads.
    let from_row = (first + block * 4u) * params.quads + quarter;
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
    for (var start = 0u; start < params.padded; start += 64u) {
        var a = Products();
        var b = Products();
        for (var step = 0u; step < params.quads; step += 4u) {
            workgroupBarrier();
            if (loads) {
                let f = fetched;
                tile[stored] = vec4<u32>(f.v0.x, f.v1.x, f.v2.x, f.v3.x);
                tile[stored + 32u] = vec4<u32>(f.v0.y, f.v1.y, f.v2.y, f.v3.y);
                tile[stored + 64u] = vec4<u32>(f.v0.z, f.v1.z, f.v2.z, f.v3.z);
                tile[stored + 96u] = vec4<u32>(f.v0.w, f.v1.w, f.v2.w, f.v3.w);
            }
            workgroupBarrier();
            // These values are stored in the next step, so that the products hide the latency. The last fetch loads the
            // first tile again, and nothing uses it.
            k += 4u;
            if (k == params.quads) {
                k = 0u;
                code += 64u;
                code = select(0u, code, code < params.padded);
            }
            fetched = fetch(loads, loads_rows, origin + k, origin + k * params.padded + code);
            for (var i = 0u; i < 4u; i++) {
                let row_at = i * 128u + (y ^ (i * 2u));
                let code_at = 512u + i * 128u + (x ^ (i * 2u));
                let r0 = tile[row_at];
                let s0 = tile[row_at + 16u];
                let p0 = tile[code_at];
                a = add_products(a, r0, p0);
                if (WIDE_ROWS) { b = add_products(b, s0, p0); }
                let r1 = tile[row_at + 32u];
                let s1 = tile[row_at + 48u];
                let p1 = tile[code_at + 32u];
                a = add_products(a, r1, p1);
                if (WIDE_ROWS) { b = add_products(b, s1, p1); }
                let r2 = tile[row_at + 64u];
                let s2 = tile[row_at + 80u];
                let p2 = tile[code_at + 64u];
                a = add_products(a, r2, p2);
                if (WIDE_ROWS) { b = add_products(b, s2, p2); }
                let r3 = tile[row_at + 96u];
                let s3 = tile[row_at + 112u];
                let p3 = tile[code_at + 96u];
                a = add_products(a, r3, p3);
                if (WIDE_ROWS) { b = add_products(b, s3, p3); }
            }
        }
        // The rows of an invocation: 4 near ones, and 4 later ones.
        let row = first + y * 4u;
        let near = start + x * 4u;
        let f = facts_of(near);
        state0 = meet4(state0, lower(row, a.r0, f), f32(near));
        state1 = meet4(state1, lower(row + 1u, a.r1, f), f32(near));
        state2 = meet4(state2, lower(row + 2u, a.r2, f), f32(near));
        state3 = meet4(state3, lower(row + 3u, a.r3, f), f32(near));
        if (WIDE_ROWS) {
            state4 = meet4(state4, lower(row + 64u, b.r0, f), f32(near));
            state5 = meet4(state5, lower(row + 65u, b.r1, f), f32(near));
            state6 = meet4(state6, lower(row + 66u, b.r2, f), f32(near));
            state7 = meet4(state7, lower(row + 67u, b.r3, f), f32(near));
        }
    }

    // Handles 64 rows at a time, with 16 states each; one invocation reduces each row. Their order does not matter,
    // because a tie is never decided here.
    var changed = 0.0;
    for (var half = 0u; half < row_blocks / 16u; half++) {
        workgroupBarrier();
        let at = y * 64u + x;
        if (half == 0u) {
            tile[at] = bitcast<vec4<u32>>(vec4<f32>(state0, 0.0));
            tile[at + 16u] = bitcast<vec4<u32>>(vec4<f32>(state1, 0.0));
            tile[at + 32u] = bitcast<vec4<u32>>(vec4<f32>(state2, 0.0));
            tile[at + 48u] = bitcast<vec4<u32>>(vec4<f32>(state3, 0.0));
        } else {
            tile[at] = bitcast<vec4<u32>>(vec4<f32>(state4, 0.0));
            tile[at + 16u] = bitcast<vec4<u32>>(vec4<f32>(state5, 0.0));
            tile[at + 32u] = bitcast<vec4<u32>>(vec4<f32>(state6, 0.0));
            tile[at + 48u] = bitcast<vec4<u32>>(vec4<f32>(state7, 0.0));
        }
        workgroupBarrier();
        let row = first + half * 64u + local;
        if (local < 64u && row < params.end) {
            var state = vec3<f32>(0x1p120, 0x1p120, 0.0);
            for (var i = 0u; i < 16u; i++) {
                let other = bitcast<vec4<f32>>(tile[local * 16u + ((i + local) & 15u)]);
                state = meet(state, other.x, other.z);
                state.y = min(state.y, other.y);
            }
            let winner = u32(state.z);
            let of_row = bitcast<vec4<f32>>(rows[params.room * params.quads + row]);
            let of_code = bitcast<vec4<f32>>(codewords[params.quads * params.padded + winner]);
            let bound = of_row.y * of_code.z + of_row.z * of_code.w;
            if (state.y - state.x > 2.0 * bound + fma(params.slope, of_row.y, params.base)) {
                let label = winner + 1u;
                if (codes[row] != label) {
                    codes[row] = label;
                    changed += 1.0;
                }
            } else {
                undecided[atomicAdd(&counters[0], 1u)] = vec2<u32>(row, winner);
            }
        }
    }
    workgroupBarrier();
    tile[local] = vec4<u32>(bitcast<u32>(changed));
    workgroupBarrier();
    if (local == 0u) {
        for (var i = 1u; i < 64u; i++) {
            changed += bitcast<f32>(tile[i].x);
        }
        atomicAdd(&counters[1], u32(changed));
    }
}
