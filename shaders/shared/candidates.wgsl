// Which codewords may be the nearest to a row, by what the race for it left. Twin, and proof:
// src/kernel/assign/candidates/mod.rs.
//
// 16 invocations raced for a row, each over its share of the codewords: share s has those with (code / 4) % 16 == s.
// Each left a state: the lowest score of its share, the second lowest, and the code of the lowest. A codeword whose
// score is above the limit is not the nearest; the limit is that of the first code, which has the lowest score.
//
// Needs of the race: the bindings `codes`, `undecided` and `counters`, and functions
// - `state_of(place, share)`, which returns the states of the row in a place of the tile;
// - `width_of(row, code)`, how far the score of a codeword may be above the value that the race has of it;
// - `rounding_of(row)`, what f32 arithmetic may add to this;
// - `searched(shares)`, the mask of the shares that hold the codewords of some of the states.
//
// `undecided` holds two lists, and no row is in both:
// - from its front, rows with up to 6 candidates, for rerank.wgsl: (row, 6 codes of 16 bits), from the lowest bits on.
//   The last of the 6 is the first code, and fills the places behind the other candidates;
// - from its back, rows with more, or with unknown ones, for settle.wgsl: (row, mask of the shares that have some).

const SHARES: u32 = 16u;
// Candidates of an entry beside the first code.
const MOST_OTHERS: u32 = 5u;

struct Candidates {
    others: u32,      // candidates beside the first code
    codes: vec3<u32>, // as in the list
    shares: u32,      // mask of the shares that have candidates
    unknown: bool,    // whether a share may have more candidates than its lowest
}

// Puts a code before the others.
fn push_code(codes: vec3<u32>, code: u32) -> vec3<u32> {
    return (codes << vec3<u32>(16u)) | vec3<u32>(code, codes.x >> 16u, codes.y >> 16u);
}

// Finds the candidates of the row in a place. Neighbouring places begin with different shares, which are in different
// banks of the tile; as no compiler knows with which, none unrolls the loops, which would take registers from the race.
fn candidates_of(row: u32, place: u32) -> Candidates {
    let start = place % SHARES;
    var share = start;
    var first = start;
    var lowest = state_of(place, start).x;
    loop {
        let score = state_of(place, share).x;
        if (score < lowest) {
            lowest = score;
            first = share;
        }
        continuing {
            share = (share + 1u) % SHARES;
            break if share == start;
        }
    }
    // The state of one share as it is, because its score and its code belong together.
    let best = state_of(place, first);
    let code = u32(best.z);
    let rounding = rounding_of(row);
    let limit = width_of(row, code) + rounding;
    var found = Candidates(0u, vec3<u32>(code * 0x10001u), 0u, false);
    loop {
        let state = state_of(place, share);
        let has_lowest = !(state.x - best.x > limit);
        let has_second = !(state.y - best.x > limit);
        found.shares |= select(0u, 1u << share, has_lowest || has_second);
        found.unknown |= has_second;
        if (has_lowest && share != first) {
            found.others += 1u;
            found.codes = push_code(found.codes, u32(state.z));
        }
        continuing {
            share = (share + 1u) % SHARES;
            break if share == start;
        }
    }
    // So near to each other, the score may belong to another code than the one that gave the limit.
    if (!(best.y - best.x > rounding)) {
        found.shares = 0xffffu;
    }
    return found;
}

// Gives the row in a place its code where there is one candidate, and lists it otherwise. Returns how many codes this
// has changed.
fn conclude(row: u32, place: u32) -> u32 {
    let found = candidates_of(row, place);
    if (found.unknown || found.others > MOST_OTHERS) {
        let at = atomicAdd(&counters[1], 1u);
        undecided[arrayLength(&undecided) - 1u - at] = vec4<u32>(row, searched(found.shares), 0u, 0u);
        return 0u;
    }
    if (found.others > 0u) {
        undecided[atomicAdd(&counters[0], 1u)] = vec4<u32>(row, found.codes);
        return 0u;
    }
    let label = (found.codes.x & 0xffffu) + 1u;
    if (codes[row] == label) {
        return 0u;
    }
    codes[row] = label;
    return 1u;
}
