// A constant that exact sums and their scales share.

// The shift of a vector that has NaN or an infinity; added to the shift of any other vector, it stays above half of
// this.
const BAD: i32 = 0x100000;

fn i64_from(value: i32) -> vec2<u32> {
    return vec2<u32>(bitcast<u32>(value), bitcast<u32>(value >> 31u));
}
