// What exact sums and their scales have in common.

// The shift of a vector with NaN or an infinity: with any other added, it stays above half of this.
const BAD: i32 = 0x100000;

fn i64_from(value: i32) -> vec2<u32> {
    return vec2<u32>(bitcast<u32>(value), bitcast<u32>(value >> 31u));
}
