// Computes products of packed integers and rounds each result once. Twin: src/kernel/matmul.rs; scale_operand.wgsl
// makes the operands.
//
// A workgroup owns 64 x 64 results and walks over the packed words 16 rows at a time: 64 terms of 8 bits, or both
// digits of 32 terms of 16 bits. An invocation owns 4 x 4 results. Sums of products of digits stay within i32 for 2^16
// terms: a high digit of -128 comes with a low one above -128, so no sum of two products reaches 2^15.

override WIDE: bool = true; // 16 bits

struct Params {
    first: u32,    // first tile of rows of this dispatch
    m: u32,
    n: u32,
    terms: u32,
    rows: u32,     // of packed words, a multiple of 16
    padded_a: u32, // vec4 of vectors with padding: the strides of packed words
    padded_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> packed_a: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> packed_b: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales_a: array<vec2<i32>>;
@group(0) @binding(4) var<storage, read> scales_b: array<vec2<i32>>;
@group(0) @binding(5) var<storage, read_write> out: array<u32>; // (m, n)

const GROUP_ROWS: u32 = 64u;

// [word 16][4 vectors 16] of either operand.
var<workgroup> tile: array<vec4<u32>, 512>;

// Stores the result of row `i` and column `j`. As each integer is 256 high + low + 128, the product is 2^16 hh + 2^8
// (hl + lh) + ll + 2^7 (sum a + sum b) - 2^14 terms.
fn store(i: u32, j: u32, high: i32, middle: i32, low: i32) {
    if (i >= params.m || j >= params.n) {
        return;
    }
    let a = scales_a[i];
    let b = scales_b[j];
    var sum = i64_from(low);
    if (WIDE) {
        sum = u64_add(sum, u64_add(u64_shl(i64_from(high), 16u), u64_shl(i64_from(middle), 8u)));
        sum = u64_add(sum, u64_shl(u64_add(i64_from(a.y), i64_from(b.y)), 7u));
        sum = u64_sub(sum, vec2<u32>(params.terms << 14u, 0u));
    }
    out[i * params.n + j] = select(float_from_exact(sum, a.x + b.x), NAN, a.x + b.x >= BAD / 2);
}

fn store_row(i: u32, j: u32, high: vec4<i32>, middle: vec4<i32>, low: vec4<i32>) {
    store(i, j, high.x, middle.x, low.x);
    store(i, j + 1u, high.y, middle.y, low.y);
    store(i, j + 2u, high.z, middle.z, low.z);
    store(i, j + 3u, high.w, middle.w, low.w);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let x = local & 15u;
    let y = local >> 4u;
    let tile_a = (params.first + group.y) * 16u;
    let tile_b = group.x * 16u;
    var high0 = vec4<i32>();
    var high1 = vec4<i32>();
    var high2 = vec4<i32>();
    var high3 = vec4<i32>();
    var middle0 = vec4<i32>();
    var middle1 = vec4<i32>();
    var middle2 = vec4<i32>();
    var middle3 = vec4<i32>();
    var low0 = vec4<i32>();
    var low1 = vec4<i32>();
    var low2 = vec4<i32>();
    var low3 = vec4<i32>();
    for (var row = 0u; row < params.rows; row += 16u) {
        workgroupBarrier();
        tile[local] = packed_a[(row + y) * params.padded_a + tile_a + x];
        tile[local + 256u] = packed_b[(row + y) * params.padded_b + tile_b + x];
        workgroupBarrier();
        if (WIDE) {
            for (var word = 0u; word < 8u; word++) {
                let a_high = tile[word * 16u + y];
                let a_low = tile[word * 16u + 128u + y];
                let b_high = tile[word * 16u + 256u + x];
                let b_low = tile[word * 16u + 384u + x];
                high0 += dots(a_high.x, b_high);
                high1 += dots(a_high.y, b_high);
                high2 += dots(a_high.z, b_high);
                high3 += dots(a_high.w, b_high);
                middle0 += dots(a_high.x, b_low) + dots(a_low.x, b_high);
                middle1 += dots(a_high.y, b_low) + dots(a_low.y, b_high);
                middle2 += dots(a_high.z, b_low) + dots(a_low.z, b_high);
                middle3 += dots(a_high.w, b_low) + dots(a_low.w, b_high);
                low0 += dots(a_low.x, b_low);
                low1 += dots(a_low.y, b_low);
                low2 += dots(a_low.z, b_low);
                low3 += dots(a_low.w, b_low);
            }
        } else {
            for (var word = 0u; word < 16u; word++) {
                let a = tile[word * 16u + y];
                let b = tile[word * 16u + 256u + x];
                low0 += dots(a.x, b);
                low1 += dots(a.y, b);
                low2 += dots(a.z, b);
                low3 += dots(a.w, b);
            }
        }
    }
    let i = (tile_a + y) * 4u;
    let j = (tile_b + x) * 4u;
    store_row(i, j, high0, middle0, low0);
    store_row(i + 1u, j, high1, middle1, low1);
    store_row(i + 2u, j, high2, middle2, low2);
    store_row(i + 3u, j, high3, middle3, low3);
}
