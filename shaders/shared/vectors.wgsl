// Reads rows or columns of a matrix as scaled integers: 16 vectors per workgroup, 16 lanes for each. Twin:
// src/kernel/scaled.rs. Needs u64.wgsl and soft_float.wgsl.

struct Params {
    first: u32,         // first vector of this dispatch
    end: u32,           // one past its last; those from `count` on are padding
    count: u32,         // vectors of the matrix
    terms: u32,         // values of a vector
    vector_stride: u32, // from a vector to the next
    term_stride: u32,   // from a value to the next of its vector
    bits: u32,          // of the integers
    padded: u32,        // vectors with padding: the stride of packed words
    rows: u32,          // of packed words
    kind: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<u32>;

var<workgroup> lane_words: array<u32, 256>;

fn value(vector: u32, term: u32) -> u32 {
    return values[vector * params.vector_stride + term * params.term_stride];
}

// Returns the shift of vector `v` of the workgroup's 16. All lanes first find the largest values, in the order of
// memory.
fn vector_shift(group: u32, local: u32, v: u32) -> i32 {
    let in_rows = params.term_stride == 1u;
    let mine = select(local % 16u, local / 16u, in_rows);
    let lane = select(local / 16u, local % 16u, in_rows);
    let vector = params.first + group * 16u + mine;
    var largest = 0u;
    if (vector < params.count) {
        for (var term = lane; term < params.terms; term += 16u) {
            largest = max(largest, value(vector, term) & ~SIGN);
        }
    }
    lane_words[mine * 16u + lane] = largest;
    workgroupBarrier();
    largest = 0u;
    for (var i = 0u; i < 16u; i++) {
        largest = max(largest, lane_words[v * 16u + i]);
    }
    let exponent = float_exponent(largest);
    let shift = i32(params.bits) - 2 - (exponent - 127);
    return select(select(shift, 0, exponent == 0), BAD, exponent == 255);
}

// Returns the integer of a value; 0 in a vector of zeros. The vector must not be bad.
fn integer(vector: u32, term: u32, shift: i32) -> i32 {
    return float_scaled(value(vector, term), shift, (1u << (params.bits - 1u)) - 1u);
}

// Returns to every lane the sum over the lanes of vector `v`.
fn vector_sum(v: u32, lane: u32, sum: i32) -> i32 {
    workgroupBarrier(); // every lane has read the values of the last call
    lane_words[v * 16u + lane] = bitcast<u32>(sum);
    workgroupBarrier();
    var total = 0;
    for (var i = 0u; i < 16u; i++) {
        total += bitcast<i32>(lane_words[v * 16u + i]);
    }
    return total;
}
