// Sums 96-bit integers over a workgroup of 256 invocations. Needs u96.wgsl.

const SIZE: u32 = 256u;

var<workgroup> parts: array<vec3<u32>, 256>;

// Returns to every invocation the sum of `own` over all of them. Every invocation must call it.
fn block_sum(local: u32, own: vec3<u32>) -> vec3<u32> {
    parts[local] = own;
    for (var step = SIZE / 2u; step > 0u; step >>= 1u) {
        workgroupBarrier();
        if (local < step) {
            parts[local] = u96_add(parts[local], parts[local + step]);
        }
    }
    workgroupBarrier();
    let sum = parts[0];
    // The next call writes what this one has read.
    workgroupBarrier();
    return sum;
}
