//! Golden values: they pin every random choice and must never change.
//!
//! A separate program computed them, in integers of unlimited size: state and stream from `hashlib.sha256`, `inc = 2
//! stream + 1`, `s = (state + inc) M + inc` with M = 0x2360ed051fc65da44385df649fccf645, all modulo 2^128; each draw
//! sets `s = s M + inc` and rotates `(s >> 64) ^ s` (64 bits) right by `s >> 122`. Row hashes likewise, modulo 2^64.

use super::{Stream, row_hash, sample};

#[test]
fn the_first_draws_of_two_streams() {
    let first = |purpose, seed, level, run| {
        let mut stream = Stream::new(purpose, seed, level, run);
        [(); 4].map(|()| stream.next_u64())
    };
    let rows = [0xaf9b_ad21_cb83_776e, 0x4cd8_4d6b_aa9f_80cc, 0xe132_0521_5dc7_ee73, 0xd520_739b_e672_dd5f];
    assert_eq!(first("rows", 42, 0, 0), rows);
    let seeding = [0x18e1_9e58_ca6a_679a, 0x4b66_cb5d_b0a5_d7c3, 0x5fb5_0409_5a54_d55d, 0x701d_e285_3c82_fdbf];
    assert_eq!(first("k-means++", u64::MAX, 3, 7), seeding);
    for other in [first("row", 42, 0, 0), first("rows", 43, 0, 0), first("rows", 42, 1, 0), first("rows", 42, 0, 1)] {
        assert_ne!(other, rows);
    }
}

#[test]
fn draws_below_a_bound() {
    let mut stream = Stream::new("k-means++", 42, 1, 0);
    let bounds = [1, 2, 3, 10, 1000, (1 << 64) - 1, 1 << 64, (1 << 64) + 1, 10_u128.pow(30), (1 << 127) + 1];
    let golden = [
        0,
        0,
        0,
        9,
        36,
        18_070_588_209_322_984_386,
        17_476_594_981_158_917_352,
        1_264_841_082_870_042_247,
        353_034_019_139_345_673_378_666_594_598,
        43_247_540_685_597_348_922_418_335_207_297_377_971,
    ];
    assert_eq!(bounds.map(|bound| stream.below(bound)), golden);
}

/// Every value comes up, about equally often, and none beyond the bound.
#[test]
fn draws_are_uniform() {
    let mut stream = Stream::new("test", 1, 0, 0);
    for bound in [1_usize, 2, 3, 5, 7, 8, 13, 64, 100] {
        let mut counts = vec![0_u64; bound];
        (0..1000 * bound).for_each(|_| counts[stream.below(bound as u128) as usize] += 1);
        // A count has mean 1000 and deviation below 32: five deviations, at fixed draws.
        assert!(counts.iter().all(|count| (840..=1160).contains(count)), "{bound}: {counts:?}");
    }
    for bound in [(1_u128 << 64) + 1, 3 << 100, u128::MAX] {
        let high = (0..1000).map(|_| stream.below(bound)).inspect(|draw| assert!(*draw < bound));
        let upper_half = high.filter(|draw| *draw >= bound / 2).count();
        assert!((400..600).contains(&upper_half), "{bound}: {upper_half}");
    }
}

#[test]
fn hashes_of_rows() {
    let places = [(0, 0), (42, 0), (42, 1), (42, 59_999), (u64::MAX, u64::MAX)];
    let golden = [
        0x0397_ab29_7406_81d9,
        0xe372_41c0_9304_f97f,
        0x18de_f8c3_a67e_97f5,
        0x0685_d505_7923_eac5,
        0x4450_18e3_0581_0b78,
    ];
    assert_eq!(places.map(|(seed, row)| row_hash(seed, row)), golden);
}

#[test]
fn a_sample_is_the_rows_of_smallest_hash() {
    assert_eq!(sample(42, 1000, 8).unwrap(), [61, 225, 232, 248, 590, 715, 812, 817]);
    assert_eq!(sample(42, 3, 3).unwrap(), [0, 1, 2]);
    assert_eq!(sample(42, 3, 9).unwrap(), [0, 1, 2]);
    assert_eq!(sample(42, 3, 0).unwrap(), [0; 0]);
    assert_eq!(sample(42, 0, 0).unwrap(), [0; 0]);
    // A smaller sample is part of a larger one.
    let (few, more) = (sample(7, 500, 50).unwrap(), sample(7, 500, 51).unwrap());
    assert!(few.iter().all(|row| more.contains(row)));
    assert!(more.is_sorted() && more.len() == 51);
}
