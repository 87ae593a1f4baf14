//! The limit of a processor: its own multiplications in a loop that touches registers alone.

/// Products a second of one thread, for a unit that is described so; `None` where no loop is written for it.
#[cfg(target_arch = "x86_64")]
pub(crate) fn limit(description: &str) -> Option<f64> {
    use std::arch::is_x86_feature_detected;
    let wide = description.contains("avx512");
    // SAFETY: each loop is called where its features have been found, and has no other condition.
    unsafe {
        if description.contains("8-bit") && wide && is_x86_feature_detected!("avx512vnni") {
            return Some(rate(64, || x86::bytes_512()));
        }
        if description.contains("8-bit") && description.contains("avxvnni") && is_x86_feature_detected!("avxvnni") {
            return Some(rate(32, || x86::bytes_256()));
        }
        if description.contains("16-bit") && is_x86_feature_detected!("avx2") {
            return Some(rate(16, || x86::pairs_256()));
        }
        if description.contains("f32") && wide && is_x86_feature_detected!("avx512f") {
            return Some(rate(16, || x86::floats_512()));
        }
        if description.contains("f32") && description.contains("avx2") && is_x86_feature_detected!("fma") {
            return Some(rate(8, || x86::floats_256()));
        }
    }
    None
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn limit(_: &str) -> Option<f64> {
    None
}

/// Sums that are added to in turn, more than a multiplication takes cycles.
#[cfg(target_arch = "x86_64")]
const SUMS: usize = 12;
/// Rounds over these sums in a call.
#[cfg(target_arch = "x86_64")]
const ROUNDS: usize = 200_000;

/// The best rate of several calls, whose instructions multiply `each` pairs.
#[cfg(target_arch = "x86_64")]
fn rate(each: usize, run: impl Fn() -> i64) -> f64 {
    let seconds = (0..20).map(|_| {
        let start = std::time::Instant::now();
        std::hint::black_box(run());
        start.elapsed().as_secs_f64()
    });
    (each * SUMS * ROUNDS) as f64 / seconds.fold(f64::INFINITY, f64::min)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{ROUNDS, SUMS};
    use std::arch::x86_64::*;
    use std::hint::black_box;

    /// A loop of one instruction, or of one and its addition, on vectors of a kind.
    macro_rules! registers {
        ($name:ident, $enable:literal, $vector:ty, $one:expr, |$sum:ident, $row:ident, $column:ident| $step:expr) => {
            #[target_feature(enable = $enable)]
            pub(super) fn $name() -> i64 {
                let ($row, $column): ($vector, $vector) = (black_box($one), black_box($one));
                let mut sums = [black_box($one); SUMS];
                for _ in 0..ROUNDS {
                    for sum in &mut sums {
                        let $sum = *sum;
                        *sum = $step;
                    }
                }
                black_box(&sums);
                0
            }
        };
    }

    registers!(bytes_512, "avx512f,avx512vnni", __m512i, _mm512_set1_epi32(1), |sum, row, column| {
        _mm512_dpbusd_epi32(sum, row, column)
    });
    registers!(bytes_256, "avx2,avxvnni", __m256i, _mm256_set1_epi32(1), |sum, row, column| {
        _mm256_dpbusd_avx_epi32(sum, row, column)
    });
    registers!(pairs_256, "avx2", __m256i, _mm256_set1_epi32(1), |sum, _row, column| {
        _mm256_add_epi32(sum, _mm256_madd_epi16(sum, column))
    });
    registers!(floats_512, "avx512f", __m512, _mm512_set1_ps(1e-3), |sum, row, column| {
        _mm512_fmadd_ps(row, column, sum)
    });
    registers!(floats_256, "avx2,fma", __m256, _mm256_set1_ps(1e-3), |sum, row, column| {
        _mm256_fmadd_ps(row, column, sum)
    });
}
