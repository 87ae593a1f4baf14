// Finds the nearest codeword of every row, with a matrix product of signed bytes as a filter. Twin, and proof of the
// bound: src/kernel/assign/bytes/mod.rs. Scores are those of shared/byte_scores.wgsl, of rows and codewords as
// shared/byte_vectors.wgsl has them.
//
// An invocation owns 4 rows, and the codewords stream past them, 8 at a time: all invocations read the same ones. No
// two invocations need each other's values, so no load and no barrier serves the memory of a workgroup alone. That
// suits software adapters, where every load takes as long as tens of products, and no memory is nearer than another.
// Shapes: rows are padded to 64; codewords are (quads, padded), padded with zeros and a huge half norm to a multiple of
// 128.

// 4 for each invocation, which owns every sixteenth.
const GROUP_ROWS: u32 = 64u;
const STRIDE: u32 = 16u;
// Codewords from those of a share to the next ones of the same.
const ROUND: u32 = 64u;

// Words of 8 codewords, and the sums of the products of a row with these.
struct Words { near: vec4<u32>, far: vec4<u32> }
struct Sums { near: vec4<i32>, far: vec4<i32> }
// The states of the two shares that 8 codewords belong to.
struct States { near: vec3<f32>, far: vec3<f32> }

// Four words of 8 codewords.
struct Quads { x: Words, y: Words, z: Words, w: Words }

fn load_quads(at: u32) -> Quads {
    let a = codewords[at];
    let b = codewords[at + 1u];
    let c = codewords[at + 2u];
    let d = codewords[at + 3u];
    let e = codewords[at + 4u];
    let f = codewords[at + 5u];
    let g = codewords[at + 6u];
    let h = codewords[at + 7u];
    return Quads(
        Words(vec4<u32>(a.x, b.x, c.x, d.x), vec4<u32>(e.x, f.x, g.x, h.x)),
        Words(vec4<u32>(a.y, b.y, c.y, d.y), vec4<u32>(e.y, f.y, g.y, h.y)),
        Words(vec4<u32>(a.z, b.z, c.z, d.z), vec4<u32>(e.z, f.z, g.z, h.z)),
        Words(vec4<u32>(a.w, b.w, c.w, d.w), vec4<u32>(e.w, f.w, g.w, h.w)),
    );
}

// Adds the products of 16 bytes of a row with those of 8 codewords.
fn add_products(sums: Sums, row: vec4<u32>, codes: Quads) -> Sums {
    return Sums(
        sums.near + dots(row.x, codes.x.near) + dots(row.y, codes.y.near) + dots(row.z, codes.z.near)
            + dots(row.w, codes.w.near),
        sums.far + dots(row.x, codes.x.far) + dots(row.y, codes.y.far) + dots(row.z, codes.z.far)
            + dots(row.w, codes.w.far),
    );
}

// Meets the 8 codewords from `code` on.
fn meet8(states: States, of_row: vec4<f32>, sums: Sums, near: Facts, far: Facts, code: f32) -> States {
    return States(
        meet4(states.near, byte_scores(of_row, sums.near, near), code),
        meet4(states.far, byte_scores(of_row, sums.far, far), code + 4.0),
    );
}

fn keep_states(place: u32, share: u32, states: States) {
    tile[place * 16u + share] = stored_state(states.near);
    tile[place * 16u + share + 1u] = stored_state(states.far);
}

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = params.first + group.x * GROUP_ROWS;
    if (LISTED && listed[first].x == 0u) {
        return;
    }
    let row0 = row_in(first + local);
    let row1 = row_in(first + local + STRIDE);
    let row2 = row_in(first + local + 2u * STRIDE);
    let row3 = row_in(first + local + 3u * STRIDE);
    let of_row0 = facts_of_row(row0);
    let of_row1 = facts_of_row(row1);
    let of_row2 = facts_of_row(row2);
    let of_row3 = facts_of_row(row3);
    let quads = row_quads();

    // Two shares after two shares, so that few states are in use at a time.
    for (var share = 0u; share < 16u; share += 2u) {
        let none = vec3<f32>(0x1p120, 0x1p120, 0.0);
        var states0 = States(none, none);
        var states1 = States(none, none);
        var states2 = States(none, none);
        var states3 = States(none, none);
        for (var code = share * 4u; code < params.clusters; code += ROUND) {
            var sums0 = Sums();
            var sums1 = Sums();
            var sums2 = Sums();
            var sums3 = Sums();
            for (var k = 0u; k < quads; k++) {
                let codes = load_quads(k * params.padded + code);
                sums0 = add_products(sums0, rows[row0 * quads + k], codes);
                sums1 = add_products(sums1, rows[row1 * quads + k], codes);
                sums2 = add_products(sums2, rows[row2 * quads + k], codes);
                sums3 = add_products(sums3, rows[row3 * quads + k], codes);
            }
            let near = facts_of(code);
            let far = facts_of(code + 4u);
            states0 = meet8(states0, of_row0, sums0, near, far, f32(code));
            states1 = meet8(states1, of_row1, sums1, near, far, f32(code));
            states2 = meet8(states2, of_row2, sums2, near, far, f32(code));
            states3 = meet8(states3, of_row3, sums3, near, far, f32(code));
        }
        keep_states(local, share, states0);
        keep_states(local + STRIDE, share, states1);
        keep_states(local + 2u * STRIDE, share, states2);
        keep_states(local + 3u * STRIDE, share, states3);
    }

    var changed = 0u;
    for (var place = local; place < GROUP_ROWS; place += STRIDE) {
        changed += end_race(first + place, place);
    }
    if (changed > 0u) {
        atomicAdd(&counters[2], changed);
    }
}
