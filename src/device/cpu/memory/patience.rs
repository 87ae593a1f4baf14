//! When something that did not pay is tried again.

/// Waits twice as long after every failure.
#[derive(Default)]
pub(super) struct Patience {
    /// How often it is not tried before it is tried again, and how often after the next failure.
    left: u32,
    next: u32,
}

impl Patience {
    /// Whether it is time to try.
    pub(super) fn due(&mut self) -> bool {
        let due = self.left == 0;
        self.left = self.left.saturating_sub(1);
        due
    }

    /// Takes note of how it went.
    pub(super) fn tried(&mut self, paid: bool) {
        self.next = if paid { 0 } else { self.next.saturating_mul(2).max(1) };
        self.left = self.next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_make_it_wait_longer() {
        let mut patience = Patience::default();
        let mut tries = Vec::new();
        for time in 0..18 {
            if patience.due() {
                tries.push(time);
                patience.tried(time == 10);
            }
        }
        assert_eq!(tries, [0, 2, 5, 10, 11, 13, 16]);
    }
}
