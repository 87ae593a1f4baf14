// The places of the race for the nearest codewords: which row is in each, the states that the race leaves there, and
// what becomes of the row then. candidates.wgsl says which rows are decided.
//
// Needs of the race: `listed`, rows as keep.wgsl lists them, and the `score` of each; without LISTED nothing reads it.

// Whether the rows are those of a list, `listed`, which ends with zeros. An assignment that knows the one before races
// for the rows alone that keep.wgsl lists as open.
override LISTED: bool = false;
// Whether rows are only challenged: every codeword of the race that may be as near as a row's own one opens the row.
override CHALLENGES: bool = false;

@group(0) @binding(1) var<storage, read> rows: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> codewords: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> codes: array<u32>; // code + 1, or 0
@group(0) @binding(4) var<storage, read_write> undecided: array<vec4<u32>>; // as candidates.wgsl says
@group(0) @binding(5) var<storage, read_write> counters: array<atomic<u32>, 3>; // to rerank, to settle, changed

// 16 states of each of 64 places, once a race has ended. Until then the race may have other values here.
var<workgroup> tile: array<vec4<u32>, 1024>;

// Returns the row in a place: of the table, or of the list.
fn row_in(place: u32) -> u32 {
    if (LISTED) {
        return max(listed[place].x, 1u) - 1u;
    }
    return place;
}

fn stored_state(state: vec3<f32>) -> vec4<u32> {
    return bitcast<vec4<u32>>(vec4<f32>(state, 0.0));
}

// Returns the state of a share for the row in a place, out of 64.
fn state_of(place: u32, share: u32) -> vec3<f32> {
    return bitcast<vec4<f32>>(tile[place * 16u + share]).xyz;
}

// Every share has a state of its own.
fn searched(shares: u32) -> u32 {
    return shares;
}

// Opens the row in a place, so that it races for all codewords, unless all codewords of this race are surely farther
// than its own, whose score is at most `own`. The loser of a meeting is bounded by the second best alone.
fn challenge(row: u32, place: u32, own: f32) {
    let rounding = rounding_of(row);
    var kept = true;
    for (var share = 0u; share < 16u; share++) {
        let state = state_of(place, share);
        kept = kept && state.x - own > rounding && state.y - own > rounding;
    }
    if (!kept) {
        let at = atomicAdd(&counters[0], 1u);
        undecided[at] = vec4<u32>(row + 1u, 0u, 0u, 0u);
    }
}

// Ends the race for the row that is at `at` in the table or in the list, and whose states are in `place`. Returns how
// many codes this has changed.
fn end_race(at: u32, place: u32) -> u32 {
    var changed = 0u;
    if (at < params.end) {
        let row = row_in(at);
        if (CHALLENGES) {
            if (listed[at].x > 0u) {
                challenge(row, place, bitcast<f32>(listed[at].y));
            }
        } else if (!LISTED || listed[at].x > 0u) {
            changed = conclude(row, place);
        }
    }
    return changed;
}
