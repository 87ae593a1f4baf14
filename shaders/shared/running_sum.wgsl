// Finds on which of many places a value falls, by running sums of 96-bit integers over a workgroup of 256 invocations.
// Needs u96.wgsl.

const SIZE: u32 = 256u;

var<workgroup> ends: array<vec3<u32>, 256>;
// Where a value falls, and how far it is into that place.
var<workgroup> found: vec4<u32>;

// Returns the sum of `own` over this invocation and those before it, added to `before`. Every invocation must call it.
fn running_sum(local: u32, before: vec3<u32>, own: vec3<u32>) -> vec3<u32> {
    var sum = own;
    for (var step = 1u; step < SIZE; step *= 2u) {
        ends[local] = sum;
        workgroupBarrier();
        if (local >= step) {
            sum = u96_add(sum, ends[local - step]);
        }
        workgroupBarrier();
    }
    return u96_add(before, sum);
}

// Notes place `at` if the value falls on it, which is true of exactly one place. For a place behind the value the
// difference wraps to more than 2^95, which no sum exceeds.
fn note(at: u32, value: vec3<u32>, own: vec3<u32>, end: vec3<u32>) {
    let into = u96_add(value, u96_negate(u96_add(end, u96_negate(own))));
    if (u96_less(into, own)) {
        found = vec4<u32>(at, into);
    }
}
