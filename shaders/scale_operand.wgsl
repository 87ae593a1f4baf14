// Packs an operand of `matmul` as integers. Twin: `scaled` of src/kernel/scaled.rs.
//
// A word holds 4 terms of a vector, and a row of words holds the same 4 terms of all vectors; terms and vectors are
// padded with zeros. An integer of 16 bits becomes two signed digits, q = 256 high + low + 128, which `dot4I8Packed`
// takes: 8 rows of high digits are followed by 8 rows with the low digits of the same terms.

@group(0) @binding(2) var<storage, read_write> packed: array<u32>; // (rows, padded)
@group(0) @binding(3) var<storage, read_write> scales: array<vec2<i32>>; // shift, and sum of the integers at 16 bits

// Returns the integer of a term; 0 beyond the last term.
fn term(vector: u32, at: u32, shift: i32) -> i32 {
    if (at >= params.terms) {
        return 0;
    }
    return integer(vector, at, shift);
}

// Returns the 4 integers of a word.
fn four(vector: u32, word: u32, shift: i32) -> vec4<i32> {
    let at = word * 4u;
    return vec4<i32>(
        term(vector, at, shift),
        term(vector, at + 1u, shift),
        term(vector, at + 2u, shift),
        term(vector, at + 3u, shift),
    );
}

fn bytes(q: vec4<i32>) -> u32 {
    let b = bitcast<vec4<u32>>(q) & vec4<u32>(0xffu);
    return b.x | (b.y << 8u) | (b.z << 16u) | (b.w << 24u);
}

const GROUP_ROWS: u32 = 16u;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let v = local % 16u;
    let lane = local / 16u;
    let vector = params.first + group.x * GROUP_ROWS + v;
    let shift = vector_shift(group.x, local, v);
    let wide = params.bits == 16u;
    var sum = 0;
    for (var word = lane; word < select(params.rows, params.rows / 2u, wide); word += 16u) {
        let real = vector < params.count && word * 4u < params.terms;
        var q = vec4<i32>();
        if (real && shift != BAD) {
            q = four(vector, word, shift);
        }
        if (wide) {
            // The padding of the last word has no digits: both operands have 0 there, in both digits.
            let left = select(0u, min(4u, params.terms - word * 4u), real);
            let mask = select(0xffffffffu >> ((32u - left * 8u) & 31u), 0u, left == 0u);
            let at = (word / 8u * 16u + word % 8u) * params.padded + vector;
            packed[at] = bytes(q >> vec4<u32>(8u));
            packed[at + 8u * params.padded] = (bytes(q) ^ 0x80808080u) & mask;
            sum += q.x + q.y + q.z + q.w;
        } else {
            packed[word * params.padded + vector] = bytes(q);
        }
    }
    sum = vector_sum(v, lane, sum);
    if (lane == 0u) {
        scales[vector] = vec2<i32>(shift, sum);
    }
}
