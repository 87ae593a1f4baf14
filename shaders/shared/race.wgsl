// The race of the codewords for a row: a tiled matrix product gives scores, and registers keep the lowest score, the
// second lowest and the code of the lowest over a sixteenth of the codewords. assign.wgsl and assign_bytes.wgsl say
// what a product and a score are, meet.wgsl what becomes of a score, places.wgsl which rows race and how that ends, and
// candidates.wgsl which of them are decided.
//
// A workgroup owns 128 rows (64 without WIDE_ROWS) and walks over the codewords 128 at a time (64 without WIDE_CODES),
// 16 words at a time. An invocation owns 8 x 8 scores (or 4 instead of either 8) in four 4 x 4 blocks: near and far
// codewords with its first rows (`a`, `b`) and with its later rows (`c`, `d`). Shapes: rows are padded to the tile;
// codewords are (quads, padded), padded with zeros and a huge half norm to a multiple of 128.
//
// The tile has rows in the first half and codewords in the second; each as [word 16][block 32] of one word of 4
// neighbours. Blocks are permuted by the word's quarter, so that the transposed stores hit different banks.

// How many rows a workgroup owns: 128 or 64.
override GROUP_ROWS: u32 = 128u;
override WIDE_ROWS: bool = GROUP_ROWS == 128u;
override WIDE_CODES: bool = true;

// Sums of the products of 4 rows with 4 codewords, and words of 4 vectors.
struct Sums { r0: Sum, r1: Sum, r2: Sum, r3: Sum }
struct Words { v0: vec4<u32>, v1: vec4<u32>, v2: vec4<u32>, v3: vec4<u32> }

// Adds the products of a word of 4 rows with one of 4 codewords.
fn add_products(sums: Sums, row: vec4<u32>, code: vec4<u32>) -> Sums {
    return Sums(
        add_product(sums.r0, row.x, code),
        add_product(sums.r1, row.y, code),
        add_product(sums.r2, row.z, code),
        add_product(sums.r3, row.w, code),
    );
}

// Returns where the rows in 4 neighbouring places begin.
fn starts_of(place: u32) -> vec4<u32> {
    return vec4<u32>(row_in(place), row_in(place + 1u), row_in(place + 2u), row_in(place + 3u)) * row_quads();
}

// Loads 4 neighbours x 4 words for the tile; listed rows from the `place` of the first of them on. Where they begin is
// read again each time, because the registers that would hold it are all taken.
fn fetch(loads: bool, loads_rows: bool, row_at: u32, place: u32, code_at: u32) -> Words {
    if (!loads) {
        return Words();
    }
    if (loads_rows && LISTED) {
        let at = starts_of(place) + row_at;
        return Words(rows[at.x], rows[at.y], rows[at.z], rows[at.w]);
    }
    if (loads_rows) {
        let quads = row_quads();
        return Words(rows[row_at], rows[row_at + quads], rows[row_at + 2u * quads], rows[row_at + 3u * quads]);
    }
    return Words(codewords[code_at], codewords[code_at + 1u], codewords[code_at + 2u], codewords[code_at + 3u]);
}

// Adds the products of a word of the rows in the tile with one of the codewords: first and later rows with near and far
// codewords.
fn add_word(
    a: ptr<function, Sums>,
    b: ptr<function, Sums>,
    c: ptr<function, Sums>,
    d: ptr<function, Sums>,
    row_at: u32,
    code_at: u32,
) {
    let near_row = tile[row_at];
    let far_row = tile[row_at + 16u];
    let near_code = tile[code_at];
    let far_code = tile[code_at + 16u];
    *a = add_products(*a, near_row, near_code);
    if (WIDE_CODES) { *b = add_products(*b, near_row, far_code); }
    if (WIDE_ROWS) { *c = add_products(*c, far_row, near_code); }
    if (WIDE_ROWS && WIDE_CODES) { *d = add_products(*d, far_row, far_code); }
}

// Does the same for the 4 words of quarter i; `place` says which codewords and rows.
fn add_quarter(
    a: ptr<function, Sums>,
    b: ptr<function, Sums>,
    c: ptr<function, Sums>,
    d: ptr<function, Sums>,
    place: vec2<u32>,
    i: u32,
) {
    let row_at = i * 128u + (place.y ^ (i * 2u));
    let code_at = 512u + i * 128u + (place.x ^ (i * 2u));
    add_word(a, b, c, d, row_at, code_at);
    add_word(a, b, c, d, row_at + 32u, code_at + 32u);
    add_word(a, b, c, d, row_at + 64u, code_at + 64u);
    add_word(a, b, c, d, row_at + 96u, code_at + 96u);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row_blocks = select(16u, 32u, WIDE_ROWS);
    let code_blocks = select(16u, 32u, WIDE_CODES);
    let first = params.first + group.x * row_blocks * 4u;
    let x = local & 15u;
    let y = local >> 4u;
    if (LISTED && listed[first].x == 0u) {
        return;
    }

    // The first half of the workgroup loads rows, the second codewords: 4 neighbours x 4 words each.
    let loads_rows = local < 128u;
    let quarter = local & 3u;
    let block = (local & 127u) >> 2u;
    let loads = block < select(code_blocks, row_blocks, loads_rows);
    let stored = select(512u, 0u, loads_rows) + quarter * 128u + (block ^ (quarter * 2u));
    // One register says where an invocation loads from, whichever it loads.
    let from_row = select((first + block * 4u) * row_quads(), 0u, LISTED) + quarter;
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
    var fetched = fetch(loads, loads_rows, origin + k, first + block * 4u, origin + k * params.padded + code);
    for (var start = 0u; start < params.clusters; start += code_blocks * 4u) {
        var a = Sums();
        var b = Sums();
        var c = Sums();
        var d = Sums();
        for (var step = 0u; step < row_quads(); step += 4u) {
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
            if (k == row_quads()) {
                k = 0u;
                code += code_blocks * 4u;
                code = select(0u, code, code < params.clusters);
            }
            fetched = fetch(loads, loads_rows, origin + k, first + block * 4u, origin + k * params.padded + code);
            let place = vec2<u32>(x, y);
            if (WIDE_ROWS && WIDE_CODES) {
                // Compilers keep a loop of this length, which would count and wait once per quarter.
                add_quarter(&a, &b, &c, &d, place, 0u);
                add_quarter(&a, &b, &c, &d, place, 1u);
                add_quarter(&a, &b, &c, &d, place, 2u);
                add_quarter(&a, &b, &c, &d, place, 3u);
            } else {
                for (var i = 0u; i < 4u; i++) {
                    add_quarter(&a, &b, &c, &d, place, i);
                }
            }
        }
        // The places of an invocation: 4 near ones, and 4 later ones.
        let held = first + y * 4u;
        let near = start + x * 4u;
        let h = facts_of(near);
        state0 = meet4(state0, scores(row_in(held), a.r0, h), f32(near));
        state1 = meet4(state1, scores(row_in(held + 1u), a.r1, h), f32(near));
        state2 = meet4(state2, scores(row_in(held + 2u), a.r2, h), f32(near));
        state3 = meet4(state3, scores(row_in(held + 3u), a.r3, h), f32(near));
        if (WIDE_ROWS) {
            state4 = meet4(state4, scores(row_in(held + 64u), c.r0, h), f32(near));
            state5 = meet4(state5, scores(row_in(held + 65u), c.r1, h), f32(near));
            state6 = meet4(state6, scores(row_in(held + 66u), c.r2, h), f32(near));
            state7 = meet4(state7, scores(row_in(held + 67u), c.r3, h), f32(near));
        }
        if (WIDE_CODES) {
            let far = near + 64u;
            let g = facts_of(far);
            state0 = meet4(state0, scores(row_in(held), b.r0, g), f32(far));
            state1 = meet4(state1, scores(row_in(held + 1u), b.r1, g), f32(far));
            state2 = meet4(state2, scores(row_in(held + 2u), b.r2, g), f32(far));
            state3 = meet4(state3, scores(row_in(held + 3u), b.r3, g), f32(far));
            if (WIDE_ROWS) {
                state4 = meet4(state4, scores(row_in(held + 64u), d.r0, g), f32(far));
                state5 = meet4(state5, scores(row_in(held + 65u), d.r1, g), f32(far));
                state6 = meet4(state6, scores(row_in(held + 66u), d.r2, g), f32(far));
                state7 = meet4(state7, scores(row_in(held + 67u), d.r3, g), f32(far));
            }
        }
    }

    // Handles 64 rows at a time, with 16 states each; one invocation reduces each row.
    var changed = 0u;
    for (var half = 0u; half < row_blocks / 16u; half++) {
        workgroupBarrier();
        let at = y * 64u + x;
        if (half == 0u) {
            tile[at] = stored_state(state0);
            tile[at + 16u] = stored_state(state1);
            tile[at + 32u] = stored_state(state2);
            tile[at + 48u] = stored_state(state3);
        } else {
            tile[at] = stored_state(state4);
            tile[at + 16u] = stored_state(state5);
            tile[at + 32u] = stored_state(state6);
            tile[at + 48u] = stored_state(state7);
        }
        workgroupBarrier();
        if (local < 64u) {
            changed += end_race(first + half * 64u + local, local);
        }
    }
    workgroupBarrier();
    tile[local] = vec4<u32>(changed);
    workgroupBarrier();
    if (local == 0u) {
        for (var i = 1u; i < 64u; i++) {
            changed += tile[i].x;
        }
        atomicAdd(&counters[2], changed);
    }
}
