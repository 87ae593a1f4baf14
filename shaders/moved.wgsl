// Copies the codewords that have moved side by side, in any order, for a race of these alone, and pads them to whole
// tiles. Twin: `moved` of src/kernel/keep.rs. A workgroup copies one codeword, or pads one place.

struct Params {
    first: u32,    // first codeword, or place after the last codeword, of this dispatch
    end: u32,      // one past its last
    width: u32,    // vec4 per codeword
    clusters: u32, // codewords
    padded: u32,   // codewords with padding: the stride of their values
    moved: u32,    // how many have moved
    places: u32,   // moved codewords with padding: the stride of the copies
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> facts: array<vec4<u32>>; // per cluster: gain, 0; movement, length
@group(0) @binding(2) var<storage, read> codewords: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> race_norms: array<f32>;
@group(0) @binding(4) var<storage, read_write> copies: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> norms: array<f32>;
@group(0) @binding(6) var<storage, read_write> taken: array<atomic<u32>, 1>; // places

const GROUP_ROWS: u32 = 1u;
const SIZE: u32 = 64u;
const FAR: f32 = 0x1p100;

var<workgroup> chosen: u32;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let code = params.first + group.x;
    if (local == 0u) {
        chosen = params.places;
        if (code >= params.clusters) {
            chosen = params.moved + (code - params.clusters);
        } else if (any(facts[2u * code + 1u].xy != vec2<u32>(0u))) {
            chosen = atomicAdd(&taken[0], 1u);
        }
    }
    let place = workgroupUniformLoad(&chosen);
    if (place >= params.places) {
        return;
    }
    let is_copy = code < params.clusters;
    for (var column = local; column < params.width; column += SIZE) {
        var value = vec4<f32>(0.0);
        if (is_copy) {
            value = codewords[column * params.padded + code];
        }
        copies[column * params.places + place] = value;
    }
    if (local == 0u) {
        norms[place] = FAR;
        if (is_copy) {
            norms[place] = race_norms[code];
        }
    }
}
