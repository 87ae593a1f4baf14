// Adds up what `update` noted for every cluster, for the host. One workgroup does it all.

@group(0) @binding(1) var<storage, read> facts: array<vec4<u32>>; // per cluster: gain, 0; movement, length
@group(0) @binding(2) var<storage, read> totals: array<u32>; // undecided, changed, then the members of each cluster
// Gain and movement of 96 bits, largest length of 64; then empty clusters, codewords that moved, undecided and changed
// rows.
@group(0) @binding(3) var<storage, read_write> summary: array<u32>;

const SIZE: u32 = 256u;

var<workgroup> gains: array<vec3<u32>, 256>;
var<workgroup> movements: array<vec3<u32>, 256>;
var<workgroup> others: array<vec4<u32>, 256>; // largest length, empty clusters, codewords that moved

fn longer(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return select(a, b, u64_less(a, b));
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
    var gain = vec3<u32>(0u);
    var moved = vec3<u32>(0u);
    var longest = vec2<u32>(0u);
    var empty = 0u;
    var movers = 0u;
    for (var cluster = local; cluster < params.clusters; cluster += SIZE) {
        let squares = facts[2u * cluster + 1u];
        gain = u96_add(gain, facts[2u * cluster].xyz);
        moved = u96_add(moved, vec3<u32>(squares.xy, 0u));
        longest = longer(longest, squares.zw);
        empty += u32(totals[2u + cluster] == 0u);
        movers += u32(any(squares.xy != vec2<u32>(0u)));
    }
    gains[local] = gain;
    movements[local] = moved;
    others[local] = vec4<u32>(longest, empty, movers);
    for (var step = SIZE / 2u; step > 0u; step >>= 1u) {
        workgroupBarrier();
        if (local < step) {
            gains[local] = u96_add(gains[local], gains[local + step]);
            movements[local] = u96_add(movements[local], movements[local + step]);
            let a = others[local];
            let b = others[local + step];
            others[local] = vec4<u32>(longer(a.xy, b.xy), a.zw + b.zw);
        }
    }
    if (local == 0u) {
        for (var i = 0u; i < 3u; i++) {
            summary[i] = gains[0][i];
            summary[3u + i] = movements[0][i];
        }
        for (var i = 0u; i < 4u; i++) {
            summary[6u + i] = others[0][i];
        }
        summary[10] = totals[0];
        summary[11] = totals[1];
    }
}
