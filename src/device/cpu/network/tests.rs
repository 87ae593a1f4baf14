//! What multiplies pairs of integers, against each other; the kernels are compared with their twins in
//! `device/tensors/tests.rs`.

use crate::device::cpu::pairs::{COLUMNS, Group, Multiplier, Portable, ROWS};
use crate::rng::row_hash;

#[test]
fn every_multiplier_gives_the_same_sums() {
    let pair = |i: usize| row_hash(7, i as u64) as i32 & 0x00ff_00ff;
    let tile: Vec<[i32; ROWS]> = (0..100).map(|p| std::array::from_fn(|r| pair(p * ROWS + r))).collect();
    let group: Vec<Group> = (0..100).map(|p| Group(std::array::from_fn(|c| -pair(p + c * 1000)))).collect();
    let portable = Portable.multiply(&tile, &group);
    for r in 0..ROWS {
        for c in 0..COLUMNS {
            let halves = |x: i32| [i64::from(x as i16), i64::from((x >> 16) as i16)];
            let terms = tile.iter().zip(&group).flat_map(|(t, g)| halves(t[r]).into_iter().zip(halves(g.0[c])));
            assert_eq!(i64::from(portable[r][c]), terms.map(|(a, b)| a * b).sum::<i64>());
        }
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        assert_eq!(simd.multiply(&tile, &group), portable);
    }
}
