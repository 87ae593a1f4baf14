// Takes exact duplicates of a codeword out of the race: copies half norms, but that of a codeword which equals one with
// a lower code becomes 2^100. Twin: `is_duplicate` of src/kernel/assign/mod.rs.
//
// A workgroup handles 16 codewords. Neighbouring invocations take neighbouring codewords, as they lie in memory; 16
// invocations share each of them. The number of codewords with padding is a multiple of 16.

@group(0) @binding(1) var<storage, read> codewords: array<vec4<f32>>; // (width, padded)
@group(0) @binding(2) var<storage, read> half_norms: array<f32>;
@group(0) @binding(3) var<storage, read_write> race_norms: array<f32>;

const GROUP_ROWS: u32 = 16u;
const FAR: f32 = 0x1p100;

// How many duplicates the codewords of these invocations are of.
var<workgroup> found: array<atomic<u32>, 16>;

fn are_equal(a: u32, b: u32) -> bool {
    for (var i = 0u; i < params.width; i++) {
        if (any(codewords[i * params.padded + a] != codewords[i * params.padded + b])) {
            return false;
        }
    }
    return true;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let place = local % 16u;
    let code = params.first + group.x * GROUP_ROWS + place;
    if (local < 16u) {
        atomicStore(&found[place], 0u);
    }
    workgroupBarrier();
    // Equal codewords have equal norms, and few others do.
    let half_norm = half_norms[code];
    if (code < params.clusters) {
        for (var other = local / 16u; other < code; other += 16u) {
            if (half_norms[other] == half_norm && are_equal(other, code)) {
                atomicAdd(&found[place], 1u);
                break;
            }
        }
    }
    workgroupBarrier();
    if (local < 16u) {
        race_norms[code] = select(half_norm, FAR, atomicLoad(&found[place]) > 0u);
    }
}
