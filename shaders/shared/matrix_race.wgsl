// The race of the codewords for a row, where matrices multiply the bytes of 128 rows and 64 codewords at a time. Twin,
// and proof of the bound: src/kernel/assign/bytes/mod.rs. Rows and codewords are bytes and facts, as round_rows.wgsl
// and round_codewords.wgsl write them, here both with the bytes of a vector next to each other. What multiplies is in
// the other file: it has `race_tile`, which stages bytes step by step, adds up their products, and leaves the sums of
// 32 codewords at a time in the tile.
//
// A workgroup owns 128 rows. Of each an invocation takes the sums, and keeps 8 states, for every eighth 4 codewords.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>; // (rows, quads), then facts
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>; // (codewords, quads), then facts
@group(0) @binding(3) var<storage, read_write> codes: array<u32>; // code + 1, or 0
@group(0) @binding(4) var<storage, read_write> undecided: array<vec4<u32>>; // as candidates.wgsl says
@group(0) @binding(5) var<storage, read_write> counters: array<atomic<u32>, 3>; // to rerank, to settle, changed

const GROUP_ROWS: u32 = 128u;
// vec4 of bytes that a step takes of every vector, and codewords of a tile.
const STEP: u32 = 8u;
const TILE_CODES: u32 = 64u;
// vec4 from the bytes of one vector to those of the next, and from the sums of one row to those of the next: one more
// than they take keeps neighbours in different banks.
const STRIDE: u32 = 9u;
// Where the bytes of the codewords begin, behind those of the rows.
const CODES_AT: u32 = 1152u;

// The bytes of 128 rows and 64 codewords; or the sums of 128 rows with 32 codewords; or the states of 128 rows.
var<workgroup> tile: array<vec4<f32>, 1728>;
var<workgroup> changed: atomic<u32>;

// Puts vec4 `step` to `step + 7` of all vectors into the tile. Beyond the end of a vector are zeros.
fn stage(first: u32, start: u32, step: u32, local: u32) {
    // Eight neighbouring invocations load from one vector.
    let vector = local / STEP;
    let quad = step + local % STEP;
    let inside = quad < params.quads;
    // What lies there has been read.
    workgroupBarrier();
    for (var i = 0u; i < GROUP_ROWS; i += 16u) {
        var bytes = vec4<f32>(0.0);
        if (inside) {
            bytes = rows[(first + vector + i) * params.quads + quad];
        }
        tile[(vector + i) * STRIDE + local % STEP] = bytes;
    }
    for (var i = 0u; i < TILE_CODES; i += 16u) {
        var bytes = vec4<f32>(0.0);
        if (inside) {
            bytes = codewords[(start + vector + i) * params.quads + quad];
        }
        tile[CODES_AT + (vector + i) * STRIDE + local % STEP] = bytes;
    }
    workgroupBarrier();
}

// The states of the shares, as meet.wgsl says.
struct States {
    s0: vec3<f32>, s1: vec3<f32>, s2: vec3<f32>, s3: vec3<f32>,
    s4: vec3<f32>, s5: vec3<f32>, s6: vec3<f32>, s7: vec3<f32>,
}

// Meets the 4 codewords from `code` on, whose sums with the row are in `at`.
fn meet_sums(state: vec3<f32>, of_row: vec4<f32>, at: u32, code: u32) -> vec3<f32> {
    return meet4(state, byte_scores(of_row, bitcast<vec4<i32>>(tile[at]), facts_of(code)), f32(code));
}

// Meets the 32 codewords from `code` on, whose sums are in the tile.
fn meet32(states: States, of_row: vec4<f32>, local: u32, code: u32) -> States {
    let at = local * STRIDE;
    return States(
        meet_sums(states.s0, of_row, at, code),
        meet_sums(states.s1, of_row, at + 1u, code + 4u),
        meet_sums(states.s2, of_row, at + 2u, code + 8u),
        meet_sums(states.s3, of_row, at + 3u, code + 12u),
        meet_sums(states.s4, of_row, at + 4u, code + 16u),
        meet_sums(states.s5, of_row, at + 5u, code + 20u),
        meet_sums(states.s6, of_row, at + 6u, code + 24u),
        meet_sums(states.s7, of_row, at + 7u, code + 28u),
    );
}

fn facts_of_row(row: u32) -> vec4<f32> {
    return rows[params.room * params.quads + row];
}

fn facts_of_codeword(code: u32) -> vec4<f32> {
    return codewords[params.padded * params.quads + code];
}

// Returns the state of a share for the row in a place. Shares 8 to 15 are in those that are 8 lower.
fn state_of(place: u32, share: u32) -> vec3<f32> {
    if (share >= 8u) {
        return vec3<f32>(0x1p120, 0x1p120, 0.0);
    }
    return tile[place * STRIDE + share].xyz;
}

fn searched(shares: u32) -> u32 {
    return (shares | (shares << 8u)) & 0xffffu;
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = params.first + group.x * GROUP_ROWS;
    let row = first + local;
    let of_row = facts_of_row(row);
    let none = vec3<f32>(0x1p120, 0x1p120, 0.0);
    var states = States(none, none, none, none, none, none, none, none);
    for (var start = 0u; start < params.clusters; start += TILE_CODES) {
        states = race_tile(states, of_row, first, start, local);
    }
    if (local == 0u) {
        atomicStore(&changed, 0u);
    }
    // The sums have been read.
    workgroupBarrier();
    let at = local * STRIDE;
    tile[at] = vec4<f32>(states.s0, 0.0);
    tile[at + 1u] = vec4<f32>(states.s1, 0.0);
    tile[at + 2u] = vec4<f32>(states.s2, 0.0);
    tile[at + 3u] = vec4<f32>(states.s3, 0.0);
    tile[at + 4u] = vec4<f32>(states.s4, 0.0);
    tile[at + 5u] = vec4<f32>(states.s5, 0.0);
    tile[at + 6u] = vec4<f32>(states.s6, 0.0);
    tile[at + 7u] = vec4<f32>(states.s7, 0.0);
    if (row < params.end) {
        atomicAdd(&changed, conclude(row, local));
    }
    workgroupBarrier();
    if (local == 0u) {
        atomicAdd(&counters[2], atomicLoad(&changed));
    }
}
