// The grid of latents, whose offset is zero. Twin: src/kernel/on_grid.rs. Needs soft_float.wgsl.

// Integers on the grid are within 3 * 2^21.
const SATURATION: u32 = 0x600000u;

fn on_grid(x: u32, exponent: i32) -> i32 {
    return float_scaled(x, exponent, SATURATION);
}
