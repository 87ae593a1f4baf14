// Gives the rows that `assign` left undecided their codes by exact distances; the lowest code wins a tie.
//
// Workgroups stride over the listed rows. For each row the invocations of a workgroup stride over the codewords and
// reduce by the total order (distance, code).
// They skip a codeword whose f32 score is farther from the best score than the bound of `assign` allows; the proof in
// src/kernel/assign/mod.rs covers this too. They never skip the best codeword itself.

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> codes: array<u32>; // code + 1, or 0
@group(0) @binding(4) var<storage, read> undecided: array<vec2<u32>>; // row, best score
@group(0) @binding(5) var<storage, read_write> counters: array<atomic<u32>, 2>; // undecided, changed
@group(0) @binding(6) var<storage, read> race_norms: array<f32>; // as distinct.wgsl writes them
@group(0) @binding(7) var<storage, read> lengths: array<f32>;

// One listed row at a time.
const GROUP_ROWS: u32 = 1u;

const SIZE: u32 = 64u;

var<workgroup> nearest: array<vec2<u32>, 64>;
var<workgroup> nearest_code: array<u32, 64>;
var<workgroup> listed: u32;

fn score(row: u32, code: u32) -> f32 {
    var product = vec4<f32>();
    var row_at = row * params.width;
    var code_at = code;
    // Eight loads are in flight at once; the width is a multiple of 4.
    for (var i = 0u; i < params.width; i += 4u) {
        let r0 = rows[row_at];
        let r1 = rows[row_at + 1u];
        let r2 = rows[row_at + 2u];
        let r3 = rows[row_at + 3u];
        let c0 = codewords[code_at];
        let c1 = codewords[code_at + params.padded];
        let c2 = codewords[code_at + 2u * params.padded];
        let c3 = codewords[code_at + 3u * params.padded];
        product = fma(r3, c3, fma(r2, c2, fma(r1, c1, fma(r0, c0, product))));
        row_at += 4u;
        code_at += 4u * params.padded;
    }
    return race_norms[code] - (product.x + product.y + product.z + product.w);
}

// Settles the listed row `at`.
fn settle(at: u32, local: u32) {
    let entry = undecided[at];
    let row = entry.x;
    let best_score = bitcast<f32>(entry.y);
    let limit = fma(params.slope, lengths[row], params.base);
    var best = vec2<u32>(0xffffffffu);
    var best_code = 0xffffffffu;
    for (var code = local; code < params.clusters; code += SIZE) {
        if (score(row, code) - best_score > limit) {
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
            atomicAdd(&counters[1], 1u);
        }
    }
    // The next row writes what this one has read.
    workgroupBarrier();
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    if (local == 0u) {
        listed = atomicLoad(&counters[0]);
    }
    let end = min(params.end, workgroupUniformLoad(&listed));
    for (var at = params.first + group.x; at < end; at += params.count) {
        settle(at, local);
    }
}
