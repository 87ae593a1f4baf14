// Running sums over the 256 invocations of a workgroup. The shader says what `Sum` is, and how to `add` two of them; all
// invocations call these functions together.

const SIZE: u32 = 256u;

var<workgroup> running: array<Sum, 256>;

// Returns the sum of `own` over this invocation and those before it.
fn running_sum(local: u32, own: Sum) -> Sum {
    var sum = own;
    for (var step = 1u; step < SIZE; step *= 2u) {
        running[local] = sum;
        workgroupBarrier();
        if (local >= step) {
            sum = add(sum, running[local - step]);
        }
        workgroupBarrier();
    }
    return sum;
}

// Returns what the last invocation has.
fn of_last(local: u32, sum: Sum) -> Sum {
    running[local] = sum;
    workgroupBarrier();
    let last = running[SIZE - 1u];
    workgroupBarrier();
    return last;
}
