// Rounds vectors of grid values to signed bytes: vector = scale * bytes + rest.
//
// With s the scale, byte = floor((|v| + floor(s / 2)) / s) with the sign of v. The f32 estimate is within 2^-12 of the
// quotient, which is at most 127.5, so it is off by at most one after it is cut off, and the remainder corrects it.

// Returns the scale of a vector with this largest magnitude.
fn byte_scale(largest: f32) -> u32 {
    return max((u32(largest) + 126u) / 127u, 1u);
}

fn largest_of(v: vec4<f32>) -> f32 {
    let size = max(abs(v.xy), abs(v.zw));
    return max(size.x, size.y);
}

struct RoundedWord {
    word: u32,        // 4 bytes
    rests: vec4<f32>, // what rounding took, without sign
}

fn round_word(v: vec4<f32>, scale: u32, inverse: f32) -> RoundedWord {
    let half = scale >> 1u;
    let size = vec4<u32>(abs(v)) + vec4<u32>(half);
    let estimate = vec4<u32>(vec4<f32>(size) * inverse);
    let rest = vec4<i32>(size - estimate * scale); // modulo 2^32, where the difference is exact
    let down = vec4<u32>(rest < vec4<i32>(0));
    let up = vec4<u32>(rest >= vec4<i32>(i32(scale)));
    let magnitude = estimate + up - down;
    let negative = v < vec4<f32>(0.0);
    let b = select(magnitude, vec4<u32>(0u) - magnitude, negative) & vec4<u32>(0xffu);
    let rests = vec4<f32>(vec4<i32>(size - magnitude * scale) - vec4<i32>(i32(half)));
    return RoundedWord(b.x | (b.y << 8u) | (b.z << 16u) | (b.w << 24u), rests);
}

// Returns an upper bound of the length of a vector from the f32 sum of its squares, which are integers: see
// length.wgsl.
fn length_above(squares: f32) -> f32 {
    return select(sqrt(max(squares, 1.0)) * 1.0009765625, 0.0, squares == 0.0);
}
