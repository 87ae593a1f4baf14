//! What a row remembers never hides a codeword that is near enough.

use super::{Numbers, each_case, floats, held, panels};
use crate::codebook::Codebook;
use crate::device::cpu::exact::{approximate_squared_distance, relative_error};
use crate::device::cpu::history::{History, Movements};
use crate::device::cpu::memory::Mark;
use crate::device::cpu::panel::Panel;
use crate::device::cpu::scores::Scores;
use crate::device::cpu::unit::Unit;
use crate::kernel::assign::squared_distance;

/// Codewords that moved a little, some of them not at all.
fn moved(codebook: &Codebook, numbers: &mut Numbers) -> Codebook {
    let size = 1 << (numbers.next() % 20);
    let move_value = |value: &i32| (value + numbers.up_to(size)).clamp(-(1 << 24), 1 << 24);
    let mut values: Vec<i32> = codebook.values().iter().map(move_value).collect();
    values[..codebook.dim()].copy_from_slice(&codebook.values()[..codebook.dim()]);
    Codebook::new(values, codebook.dim())
}

/// Codewords hidden from rows, and how many of these were within the limit after all.
fn hidden(panel: &Panel, rows: &[i32], now: &Codebook, movements: &Movements, epoch: u32) -> (usize, usize) {
    let dim = now.dim();
    let (held, mut scores) = (held(rows, dim, panel.unit), Scores::default());
    let measured = held.rows(0, rows.len() / dim);
    scores.compute(measured, panel);
    let (mut hidden, mut wrong) = (0, 0);
    let scores = scores.lower.chunks_exact(now.clusters());
    for (i, ((row, length), scores)) in rows.chunks_exact(dim).zip(measured.lengths).zip(scores).enumerate() {
        let mut bounds = vec![0; now.clusters()];
        let mark = Mark::measure(epoch, scores, *length, panel.longest, &mut bounds);
        let distances: Vec<u64> =
            now.values().chunks_exact(dim).map(|codeword| squared_distance(row, codeword)).collect();
        // The distance of one of the codewords is the limit, as it is in an assignment.
        let limit = (distances[i % distances.len()] as f64).sqrt() as f32;
        let mut open = vec![false; distances.len()];
        mark.each_within(&bounds, movements.since(epoch).unwrap(), limit, |k| open[k] = true);
        // The square of an f32 is exact in f64.
        let limit = f64::from(limit) * f64::from(limit);
        let closed = open.iter().zip(&distances).filter(|(open, _)| !**open);
        hidden += closed.clone().count();
        wrong += closed.filter(|(_, distance)| (**distance as i128) <= limit.floor() as i128).count();
    }
    (hidden, wrong)
}

fn hidden_in_all_cases(with_movements: bool) -> (usize, usize) {
    let (mut total, mut numbers) = ((0, 0), Numbers(77, 0));
    each_case(|rows, codebook| {
        let now = moved(codebook, &mut numbers);
        for (panel, later) in panels(codebook).iter().zip(panels(if with_movements { &now } else { codebook })) {
            let mut history = History::default();
            let epoch = history.next();
            history.push(panel);
            let (hidden, wrong) = hidden(panel, rows, &now, &history.movements(&later), epoch);
            total = (total.0 + hidden, total.1 + wrong);
        }
    });
    total
}

#[test]
fn hidden_codewords_are_beyond_the_limit() {
    let (hidden, wrong) = hidden_in_all_cases(true);
    assert!(hidden > 10_000, "{hidden}");
    assert_eq!(wrong, 0);
}

/// The test above can fail: without the movements codewords are hidden that came near.
#[test]
fn codewords_are_hidden_wrongly_without_movements() {
    assert!(hidden_in_all_cases(false).1 > 0);
}

#[test]
fn the_error_of_approximate_distances_is_bounded() {
    let mut largest = 0.0_f64;
    each_case(|rows, codebook| {
        let dim = codebook.dim();
        for row in rows.chunks_exact(dim) {
            for codeword in codebook.values().chunks_exact(dim) {
                let exact = squared_distance(row, codeword);
                let approximate = approximate_squared_distance(&floats(row), &floats(codeword));
                let error = (f64::from(approximate) - exact as f64).abs();
                assert!(
                    error <= f64::from(relative_error(dim)) * exact as f64,
                    "{approximate} for {exact}, {dim} dimensions"
                );
                largest = largest.max(error / (exact.max(1) as f64));
            }
        }
    });
    assert!(largest > 6e-8, "nothing was rounded");
}

#[test]
fn old_assignments_are_forgotten() {
    let codebook = Codebook::new((0..640).collect(), 64);
    let panel = Panel::new(Unit::fastest().unwrap(), &codebook).unwrap();
    let mut history = History::default();
    for _ in 0..40 {
        history.push(&panel);
    }
    let movements = history.movements(&panel);
    assert_eq!(history.next(), 40);
    let known: Vec<u32> = (0..45).filter(|epoch| movements.since(*epoch).is_some()).collect();
    assert_eq!(known, (8..40).collect::<Vec<_>>());
    assert_eq!(movements.typical(), Some(0.0));
}
