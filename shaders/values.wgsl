// Draws the values of a step of k-means++: integers below the sum that the step before has left, from words of a random
// stream that the host sends ahead. Twin: `Stream::below_from` in src/rng/mod.rs. One invocation does it all, as each
// value begins where the one before has ended; `draw` comes after it.
//
// A step has ended all further ones where the sum is 0, or where it would take more words than there are: then nothing
// of the step counts, and its words are drawn again.

struct Params {
    count: u32, // values
    words: u32, // words of 64 bits that there are
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> words: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>; // sum of 96 bits, row, point
@group(0) @binding(3) var<storage, read_write> values: array<vec4<u32>>; // 96 bits, and 0
@group(0) @binding(4) var<storage, read_write> state: array<u32>; // as seed.wgsl says

// Returns the first `bits` bits of the words from `at` on, of which one has up to 64, and two up to 96.
fn draw_bits(at: u32, bits: u32) -> vec3<u32> {
    let first = words[at];
    if (bits > 64u) {
        return u96_shr(vec3<u32>(words[at + 1u].y, first), 96u - bits);
    }
    let high = u96_shr(vec3<u32>(first.y, 0u, 0u), 32u - min(bits, 32u));
    return select(u96_shr(vec3<u32>(first, 0u), 64u - max(bits, 33u)), high, bits <= 32u);
}

@compute @workgroup_size(1)
fn main() {
    if (state[2] != 0u) {
        return;
    }
    let bound = vec3<u32>(chosen[0], chosen[1], chosen[2]);
    if (all(bound == vec3<u32>(0u))) {
        state[2] = 1u;
        return;
    }
    let bits = 96u - u96_leading_zeros(u96_add(bound, vec3<u32>(0xffffffffu)));
    // A bound of 1 takes no word.
    let needed = u32(bits > 0u) + u32(bits > 64u);
    var at = state[0];
    var count = 0u;
    while (count < params.count) {
        if (at + needed > params.words) {
            state[2] = 2u;
            return;
        }
        var value = vec3<u32>(0u);
        if (needed > 0u) {
            value = draw_bits(at, bits);
        }
        at += needed;
        if (u96_less(value, bound)) {
            values[count] = vec4<u32>(value, 0u);
            count += 1u;
        }
    }
    state[0] = at;
}
