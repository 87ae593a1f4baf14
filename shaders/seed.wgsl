// Chooses the point that leaves the smallest sum of weighted distances, the first one on a tie. Twin:
// src/kernel/seed.rs. One workgroup does it all; `draw`, `min_distances` and `potential` come before, `take` after it.
//
// The state is: words of the random stream that were spent; steps that were done; what has ended them, or 0; and from
// place 4 on, the sum and the row of each step that was done. After the end nothing is chosen.

struct Params {
    points: u32,
    blocks: u32, // of 256 rows
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec4<u32>>; // (points, blocks), 96 bits
@group(0) @binding(2) var<storage, read> drawn: array<u32>; // the row of each point
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>; // sum of 96 bits, row, point or none
@group(0) @binding(4) var<storage, read_write> state: array<u32>;

const NONE: u32 = 0xffffffffu;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
    var best = vec3<u32>(0xffffffffu);
    var best_point = 0u;
    for (var point = 0u; point < params.points; point++) {
        var sum = vec3<u32>(0u);
        for (var block = local; block < params.blocks; block += SIZE) {
            sum = u96_add(sum, sums[point * params.blocks + block].xyz);
        }
        let potential = block_sum(local, sum);
        if (u96_less(potential, best)) {
            best = potential;
            best_point = point;
        }
    }
    if (local == 0u && state[2] != 0u) {
        // The sum stays that of the last step.
        chosen[4] = NONE;
    } else if (local == 0u) {
        let at = 4u + 4u * state[1];
        for (var i = 0u; i < 3u; i++) {
            chosen[i] = best[i];
            state[at + i] = best[i];
        }
        chosen[3] = drawn[best_point];
        state[at + 3u] = chosen[3];
        chosen[4] = best_point;
        state[1] += 1u;
    }
}
