// Gives rows with a few candidates their codes by exact distances to these; the lowest code wins a tie. Twin:
// `nearest_of` of src/kernel/assign/candidates/mod.rs; shared/candidates.wgsl says what is listed.
//
// Workgroups stride over the listed rows, 16 at a time, with 16 lanes for each, so that neighbouring lanes read
// neighbouring vec4 of the row. Lane i then adds up the distance to candidate i.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> codes: array<u32>; // code + 1, or 0
@group(0) @binding(4) var<storage, read> undecided: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> counters: array<atomic<u32>, 3>; // to rerank, to settle, changed

const GROUP_ROWS: u32 = 16u;
const LANES: u32 = 16u;
const CANDIDATES: u32 = 6u;

var<workgroup> listed: u32;
var<workgroup> lane_sums: array<array<vec2<u32>, 256>, 6>;
var<workgroup> distances: array<array<vec2<u32>, 16>, 6>;

// Returns the code in a place of an entry.
fn candidate(entry: vec4<u32>, place: u32) -> u32 {
    let word = select(select(entry.w, entry.z, place < 4u), entry.y, place < 2u);
    return (word >> (16u * (place % 2u))) & 0xffffu;
}

// Returns how many candidates an entry has: the last place holds the first code, which fills those after the others.
fn candidates_in(entry: vec4<u32>) -> u32 {
    let first = candidate(entry, CANDIDATES - 1u);
    for (var i = 0u; i < CANDIDATES; i++) {
        if (candidate(entry, i) == first) {
            return i + 1u;
        }
    }
    return CANDIDATES;
}

// Gives a row the nearest of its candidates, whose distances are known.
fn settle(entry: vec4<u32>, count: u32, place: u32) {
    var best = distances[0][place];
    var best_code = candidate(entry, 0u);
    for (var i = 1u; i < count; i++) {
        let code = candidate(entry, i);
        let other = distances[i][place];
        let tie = other.x == best.x && other.y == best.y && code < best_code;
        if (u64_less(other, best) || tie) {
            best = other;
            best_code = code;
        }
    }
    let label = best_code + 1u;
    if (codes[entry.x] != label) {
        codes[entry.x] = label;
        atomicAdd(&counters[2], 1u);
    }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    if (local == 0u) {
        listed = atomicLoad(&counters[0]);
    }
    let end = min(params.end, workgroupUniformLoad(&listed));
    let place = local / LANES;
    let lane = local % LANES;
    for (var first = params.first + group.x * GROUP_ROWS; first < end; first += params.count * GROUP_ROWS) {
        var entry = vec4<u32>(0u);
        var count = 0u;
        if (first + place < end) {
            entry = undecided[first + place];
            count = candidates_in(entry);
        }
        for (var i = 0u; i < count; i++) {
            lane_sums[i][local] = lane_distance(entry.x, candidate(entry, i), lane);
        }
        workgroupBarrier();
        if (lane < count) {
            var sum = vec2<u32>(0u);
            for (var i = 0u; i < LANES; i++) {
                sum = u64_add(sum, lane_sums[lane][place * LANES + (lane + i) % LANES]);
            }
            distances[lane][place] = sum;
        }
        workgroupBarrier();
        if (lane == 0u && count > 0u) {
            settle(entry, count, place);
        }
    }
}
