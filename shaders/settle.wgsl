// Gives rows with many or unknown candidates their codes by exact distances to all codewords of the shares that have
// some; the lowest code wins a tie. Twin: `nearest_of` of src/kernel/assign/candidates/mod.rs;
// shared/candidates.wgsl says what is listed, and what a share is.
//
// Workgroups stride over the listed rows. For each row the invocations of a workgroup stride over the codewords and
// reduce by the total order (distance, code).

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> codes: array<u32>; // code + 1, or 0
@group(0) @binding(4) var<storage, read> undecided: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> counters: array<atomic<u32>, 3>; // to rerank, to settle, changed

// One listed row at a time.
const GROUP_ROWS: u32 = 1u;

const SIZE: u32 = 64u;

var<workgroup> nearest: array<vec2<u32>, 64>;
var<workgroup> nearest_code: array<u32, 64>;
var<workgroup> listed: u32;
var<workgroup> shares: array<u32, 16>;

// Settles the listed row `at`.
fn settle(at: u32, local: u32) {
    let entry = undecided[arrayLength(&undecided) - 1u - at];
    let row = entry.x;
    if (local < 16u && extractBits(entry.y, local, 1u) == 1u) {
        shares[countOneBits(extractBits(entry.y, 0u, local))] = local;
    }
    workgroupBarrier();
    // Codewords of these shares among 64 neighbours.
    let of_64 = 4u * countOneBits(entry.y);
    var best = vec2<u32>(0xffffffffu);
    var best_code = 0xffffffffu;
    for (var i = local; i / of_64 * 64u < params.clusters; i += SIZE) {
        let code = i / of_64 * 64u + shares[i % of_64 / 4u] * 4u + i % 4u;
        if (code >= params.clusters) {
            continue;
        }
        let candidate = distance(row, code);
        // Codes ascend within an invocation, so the strict comparison keeps the lowest code.
        if (u64_less(candidate, best)) {
            best = candidate;
            best_code = code;
        }
    }
    nearest[local] = best;
    nearest_code[local] = best_code;
    for (var step = SIZE / 2u; step > 0u; step >>= 1u) {
        workgroupBarrier();
        if (local < step) {
            let a = nearest[local];
            let b = nearest[local + step];
            let tie = a.x == b.x && a.y == b.y && nearest_code[local + step] < nearest_code[local];
            if (u64_less(b, a) || tie) {
                nearest[local] = b;
                nearest_code[local] = nearest_code[local + step];
            }
        }
    }
    if (local == 0u) {
        let label = nearest_code[0] + 1u;
        if (codes[row] != label) {
            codes[row] = label;
            atomicAdd(&counters[2], 1u);
        }
    }
    // The next row writes what this one has read.
    workgroupBarrier();
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    if (local == 0u) {
        listed = atomicLoad(&counters[1]);
    }
    let end = min(params.end, workgroupUniformLoad(&listed));
    for (var at = params.first + group.x; at < end; at += params.count) {
        settle(at, local);
    }
}
