// Needs soft_float.wgsl.

// Returns `x` if `keep` is set, else its product with `slope`: +0 for slope 0, unless x is NaN.
fn leak(x: u32, keep: bool, slope: u32) -> u32 {
    if (keep) {
        return x;
    }
    if ((slope & ~SIGN) == 0u) {
        return select(0u, NAN, float_is_nan(x));
    }
    return float_mul(x, slope);
}
