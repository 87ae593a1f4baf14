//! How codewords moved since the last assignment, and which of them to measure directly.

use super::panel::{Panel, up};

/// Most codewords measured directly.
pub(super) const MOVERS: usize = 16;
/// Marks a codeword that is no mover.
const NO_MOVER: u8 = u8::MAX;

/// Movements of the codewords. The few that moved far, the movers, would loosen the bounds of all the others; rows are
/// measured against them directly instead.
pub(super) struct Plan {
    /// Movement of each codeword in grid steps, rounded up (K).
    pub(super) movements: Vec<f32>,
    /// Numbers of the movers.
    pub(super) movers: Vec<u32>,
    /// Largest movement of all codewords that are no movers.
    pub(super) most: f32,
    /// Median movement.
    pub(super) typical: f32,
    mover_of: Vec<u8>,
}

impl Plan {
    pub(super) fn new(before: &Panel, after: &Panel) -> Self {
        let movements = movements(before, after);
        let mut order: Vec<u32> = (0..movements.len() as u32).collect();
        let movement = |k: &u32| movements.get(*k as usize).copied().unwrap_or(0.0);
        order.sort_unstable_by(|a, b| movement(b).total_cmp(&movement(a)).then(a.cmp(b)));
        let typical = order.get(order.len() / 2).map_or(0.0, movement);
        let count = order.iter().take(MOVERS).take_while(|k| movement(k) > 1.2 * typical).count();
        let (movers, others) = order.split_at(count);
        let mut mover_of = vec![NO_MOVER; movements.len()];
        for (place, k) in movers.iter().enumerate() {
            if let Some(mover) = mover_of.get_mut(*k as usize) {
                *mover = place as u8;
            }
        }
        let most = others.first().map_or(0.0, movement);
        Self { movers: movers.to_vec(), mover_of, most, typical, movements }
    }

    /// Place of codeword `k` among the movers; beyond [`MOVERS`] where it is none.
    #[inline(always)]
    pub(super) fn mover(&self, k: u32) -> usize {
        self.mover_of.get(k as usize).map_or(usize::MAX, |mover| usize::from(*mover))
    }
}

fn movements(before: &Panel, after: &Panel) -> Vec<f32> {
    let pairs = before.values.chunks_exact(before.dim()).zip(after.values.chunks_exact(after.dim()));
    let movement = |(a, b): (&[f32], &[f32])| {
        let square: f64 = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        // 1e-12 covers the rounding of a sum of up to 8,192 terms.
        up(square.sqrt() * (1.0 + 1e-12))
    };
    pairs.map(movement).collect()
}
