// Gives the rows that `assign_bytes` left undecided their codes by exact distances; the lowest code wins a tie.
//
// Workgroups stride over the listed rows, 8 at a time. Their invocations stride over the codewords, and list those
// whose lowest score does not exceed the highest score of the row's first code, as products of bytes bound them; the
// proof in src/kernel/assign/bytes/mod.rs covers this too. Then each invocation takes one of the listed codewords at a
// time. The order of the list does not matter, because the nearest codeword is that of the smallest (distance, code).

@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> row_bytes: array<vec4<u32>>; // as round_rows.wgsl writes them
@group(0) @binding(4) var<storage, read> code_bytes: array<vec4<u32>>; // as round_codewords.wgsl writes them
@group(0) @binding(5) var<storage, read_write> codes: array<u32>; // code + 1, or 0
@group(0) @binding(6) var<storage, read> undecided: array<vec2<u32>>; // row, code of the lowest score
@group(0) @binding(7) var<storage, read_write> counters: array<atomic<u32>, 2>; // undecided, changed

const GROUP_ROWS: u32 = 8u;
const SIZE: u32 = 64u;
// Codewords of a step, each invocation having 4 of them. With them, a list of up to `MOST` candidates stays within its
// room, for 8 rows.
const STEP: u32 = 4u * SIZE;
const MOST: u32 = 1024u;

var<workgroup> listed: u32;
var<workgroup> group_rows: array<u32, 8>;
// The highest score of the first code of each row, and the nearest codeword so far.
var<workgroup> highest: array<f32, 8>;
var<workgroup> nearest: array<vec2<u32>, 8>;
var<workgroup> nearest_code: array<u32, 8>;
// Candidates, as 2^16 place + code, and the distances of 64 of them.
var<workgroup> count: atomic<u32>;
var<workgroup> candidates: array<u32, 3072>;
var<workgroup> distances: array<vec2<u32>, 64>;

// Returns the product of 16 bytes of a row with 16 of a codeword.
fn dot16(a: vec4<u32>, b: vec4<u32>) -> i32 {
    return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}

// Returns the lower bound of the score of a row with a codeword, and how far the score may be above it.
fn bounds(row: u32, code: u32, product: i32) -> vec2<f32> {
    let of_row = bitcast<vec4<f32>>(row_bytes[params.room * params.quads + row]);
    let of_code = bitcast<vec4<f32>>(code_bytes[params.quads * params.padded + code]);
    let bound = of_row.y * of_code.z + of_row.z * of_code.w;
    let lower = (of_code.x - bound) - (of_row.x * of_code.y) * f32(product);
    return vec2<f32>(lower, 2.0 * bound + fma(params.slope, of_row.y, params.base));
}

// Prepares place `place` of the 8 for the row `entry` of the list.
fn begin(place: u32, entry: vec2<u32>) {
    var product = 0;
    for (var i = 0u; i < params.quads; i++) {
        product += dot16(row_bytes[entry.x * params.quads + i], code_bytes[i * params.padded + entry.y]);
    }
    let found = bounds(entry.x, entry.y, product);
    group_rows[place] = entry.x;
    highest[place] = found.x + found.y;
    nearest[place] = vec2<u32>(0xffffffffu);
    nearest_code[place] = 0xffffffffu;
}

// Lists those of 4 codewords that may be the nearest to the row in a place.
fn list(place: u32, code: u32, products: vec4<i32>) {
    for (var i = 0u; i < 4u; i++) {
        let other = code + i * SIZE;
        if (other < params.clusters && bounds(group_rows[place], other, products[i]).x <= highest[place]) {
            candidates[atomicAdd(&count, 1u)] = (place << 16u) | other;
        }
    }
}

// Returns the products of quad `i` of the row in a place with those of 4 codewords.
fn dots16(place: u32, i: u32, c: array<vec4<u32>, 4>) -> vec4<i32> {
    let row = row_bytes[group_rows[place] * params.quads + i];
    return vec4<i32>(dot16(row, c[0]), dot16(row, c[1]), dot16(row, c[2]), dot16(row, c[3]));
}

// Lists those of the codewords `code`, `code + 64`, ... that may be the nearest to one of the rows.
fn list_all(rows_here: u32, code: u32) {
    var sums = array<vec4<i32>, 8>();
    let last = vec4<u32>(params.padded - 1u);
    let at = min(vec4<u32>(code, code + SIZE, code + 2u * SIZE, code + 3u * SIZE), last);
    for (var i = 0u; i < params.quads; i++) {
        let base = i * params.padded;
        let c = array<vec4<u32>, 4>(
            code_bytes[base + at.x],
            code_bytes[base + at.y],
            code_bytes[base + at.z],
            code_bytes[base + at.w],
        );
        sums[0] += dots16(0u, i, c);
        sums[1] += dots16(1u, i, c);
        sums[2] += dots16(2u, i, c);
        sums[3] += dots16(3u, i, c);
        sums[4] += dots16(4u, i, c);
        sums[5] += dots16(5u, i, c);
        sums[6] += dots16(6u, i, c);
        sums[7] += dots16(7u, i, c);
    }
    list(0u, code, sums[0]);
    if (rows_here > 1u) { list(1u, code, sums[1]); }
    if (rows_here > 2u) { list(2u, code, sums[2]); }
    if (rows_here > 3u) { list(3u, code, sums[3]); }
    if (rows_here > 4u) { list(4u, code, sums[4]); }
    if (rows_here > 5u) { list(5u, code, sums[5]); }
    if (rows_here > 6u) { list(6u, code, sums[6]); }
    if (rows_here > 7u) { list(7u, code, sums[7]); }
}

// Measures the listed candidates, 64 at a time, and keeps the nearest of each row.
fn measure(listed_here: u32, local: u32) {
    for (var begun = 0u; begun < listed_here; begun += SIZE) {
        let here = min(SIZE, listed_here - begun);
        if (local < here) {
            let candidate = candidates[begun + local];
            distances[local] = distance(group_rows[candidate >> 16u], candidate & 0xffffu);
        }
        workgroupBarrier();
        if (local < GROUP_ROWS) {
            var best = nearest[local];
            var best_code = nearest_code[local];
            for (var i = 0u; i < here; i++) {
                let candidate = candidates[begun + i];
                let code = candidate & 0xffffu;
                let other = distances[i];
                let tie = other.x == best.x && other.y == best.y && code < best_code;
                if (candidate >> 16u == local && (u64_less(other, best) || tie)) {
                    best = other;
                    best_code = code;
                }
            }
            nearest[local] = best;
            nearest_code[local] = best_code;
        }
        workgroupBarrier();
    }
}

// Settles up to 8 listed rows from `at` on.
fn settle(at: u32, rows_here: u32, local: u32) {
    if (local < GROUP_ROWS) {
        begin(local, undecided[at + select(0u, local, local < rows_here)]);
    }
    if (local == 0u) {
        atomicStore(&count, 0u);
    }
    workgroupBarrier();
    for (var first = 0u; first < params.clusters; first += STEP) {
        list_all(rows_here, first + local);
        workgroupBarrier();
        if (local == 0u) {
            listed = atomicLoad(&count);
        }
        let listed_here = workgroupUniformLoad(&listed);
        if (listed_here > MOST || first + STEP >= params.clusters) {
            measure(listed_here, local);
            if (local == 0u) {
                atomicStore(&count, 0u);
            }
            workgroupBarrier();
        }
    }
    if (local < rows_here) {
        let row = group_rows[local];
        let label = nearest_code[local] + 1u;
        if (codes[row] != label) {
            codes[row] = label;
            atomicAdd(&counters[1], 1u);
        }
    }
    // The next rows replace what these have read.
    workgroupBarrier();
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    if (local == 0u) {
        listed = atomicLoad(&counters[0]);
    }
    let end = min(params.end, workgroupUniformLoad(&listed));
    for (var at = params.first + group.x * GROUP_ROWS; at < end; at += params.count * GROUP_ROWS) {
        settle(at, min(GROUP_ROWS, end - at), local);
    }
}
