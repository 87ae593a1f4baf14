//! `semid assign` killed at random instants: what it acknowledged stays, what it did not never was, and going on gives
//! what an unbroken run gives.
//!
//! `SEMID_KILLS` is the number of kills.

mod story;

use std::time::Duration;
use story::{ROWS, Story};

const SCENARIOS: usize = 3;

#[test]
fn suffixes() {
    kill("", None);
}

#[test]
fn reassigned_items() {
    kill("--resolver reassign", None);
}

#[test]
fn changed_items() {
    kill("--update-changed", Some("before.npy"));
}

/// Kills per scenario.
fn kills() -> usize {
    std::env::var("SEMID_KILLS").map_or(30_usize, |kills| kills.parse().unwrap()).div_ceil(SCENARIOS)
}

fn kill(flags: &str, before: Option<&str>) {
    let story = Story::new(flags, before);
    let mut random = Random(story.unbroken.as_nanos() as u64);
    // Runs that were killed; those of them that had done a part; those that came to their end.
    let (mut killed, mut amidst, mut ended) = (0, 0, 0);
    let mut most = story.unbroken;
    while killed < kills() || amidst == 0 {
        story.begin();
        while let Some(acknowledged) = story.run_until(random.duration(most)) {
            killed += 1;
            amidst += usize::from((1..ROWS).contains(&acknowledged));
            most = most.mul_f64(1.1);
        }
        // That run came to its end, after as many others as were killed; two of three are to be killed.
        most = most.mul_f64(0.8);
        assert!(story.dir.text("ids.csv") == story.output, "other IDs than those of an unbroken run");
        assert!(story.rows() == story.table, "another table than that of an unbroken run");
        ended += 1;
        assert!(ended <= 20 + 2 * kills(), "only {killed} kills, {amidst} of them amidst the work");
    }
}

/// Another number each time, from the 64-bit generator of Knuth.
struct Random(u64);

impl Random {
    fn duration(&mut self, most: Duration) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        most.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}
