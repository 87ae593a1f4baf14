//! What a row remembers never hides a codeword that is near enough.

use super::{Numbers, each_case, floats, held, panels};
use crate::codebook::Codebook;
use crate::device::cpu::exact::{approximate_squared_distance, relative_error};
use crate::device::cpu::lanes::Lanes;
use crate::device::cpu::memory::{History, Mark, Moved, Scale, Subset};
use crate::device::cpu::panel::Panel;
use crate::device::cpu::scores::Scores;
use crate::device::cpu::unit::Unit;
use crate::kernel::assign::squared_distance;
use pulp::Simd;

/// Codewords that moved a little, some of them not at all and some of them more than the others.
fn moved(codebook: &Codebook, numbers: &mut Numbers) -> Codebook {
    let size = 1 << (numbers.next() % 20);
    let mut values = Vec::new();
    for (k, codeword) in codebook.values().chunks_exact(codebook.dim()).enumerate() {
        let size = [0, size, size, size, size << 3][k % 5];
        values.extend(codeword.iter().map(|value| (value + numbers.up_to(size)).clamp(-(1 << 24), 1 << 24)));
    }
    Codebook::new(values, codebook.dim())
}

/// Codewords hidden from rows, and how many of these were as near as one that is listed after all.
fn hidden(panel: &Panel, rows: &[i32], now: &Codebook, moved: &Moved) -> (usize, usize) {
    let dim = now.dim();
    let (held, mut scores, simd) = (held(rows, dim, panel.unit), Scores::default(), pulp::Scalar::new());
    let measured = held.rows(0, rows.len() / dim);
    scores.compute(measured, panel);
    let (mut hidden, mut wrong) = (0, 0);
    for ((row, length), scores) in rows.chunks_exact(dim).zip(measured.lengths).zip(scores.rows()) {
        let mark = Mark::measure(simd, 0, (&Lanes::of(simd, scores), scores), *length);
        let distances: Vec<u64> =
            now.values().chunks_exact(dim).map(|codeword| squared_distance(row, codeword)).collect();
        let Some(best) = mark.listed().iter().map(|k| distances[usize::from(*k)]).min() else { continue };
        let square: i128 = row.iter().map(|value| i128::from(*value).pow(2)).sum();
        let limit = ((i128::from(best) - square) as f32).next_up();
        if mark.excludes_others(limit, *length, moved.others) {
            let others = (0..distances.len()).filter(|k| !mark.listed().contains(&(*k as u16)));
            let others = others.filter(|k| !moved.far.codewords.contains(&(*k as u32)));
            hidden += others.clone().count();
            wrong += others.filter(|k| distances[*k] <= best).count();
        }
    }
    (hidden, wrong)
}

/// Codewords that the bounds of rows exclude from a limit, and how many of these were within it after all.
fn beyond(panel: &Panel, rows: &[i32], now: &Codebook, moved: &Moved) -> (usize, usize) {
    let dim = now.dim();
    let (held, mut scores) = (held(rows, dim, panel.unit), Scores::default());
    let measured = held.rows(0, rows.len() / dim);
    scores.compute(measured, panel);
    let (mut hidden, mut wrong) = (0, 0);
    let all = rows.chunks_exact(dim).zip(measured.lengths).zip(scores.rows());
    for (i, ((row, length), scores)) in all.enumerate() {
        let mut bounds = vec![0; now.clusters()];
        let mark = Scale::measure(0, scores, *length, panel.longest, &mut bounds);
        let distances: Vec<u64> =
            now.values().chunks_exact(dim).map(|codeword| squared_distance(row, codeword)).collect();
        // The distance of one of the codewords is the limit, as it is in an assignment.
        let limit = (distances[i % distances.len()] as f64).sqrt() as f32;
        let mut open = vec![false; distances.len()];
        mark.each_within(&bounds, &moved.each, limit, |k| open[k] = true);
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
        for (panel, later) in panels(codebook).iter().zip(panels(&now)) {
            let mut history = History::default();
            history.push(panel);
            let movements = history.movements(&later, |_| true).unwrap();
            let known = movements.since(0).unwrap();
            assert!(movements.since(1).is_none());
            let each = vec![0.0; now.clusters()];
            let forgotten = Moved { each, far: Subset::of(&later, Vec::new()).unwrap(), others: 0.0 };
            let moved = if with_movements { known } else { &forgotten };
            for (hidden, wrong) in [hidden(panel, rows, &now, moved), beyond(panel, rows, &now, moved)] {
                total = (total.0 + hidden, total.1 + wrong);
            }
        }
    });
    total
}

#[test]
fn hidden_codewords_are_farther() {
    let (hidden, wrong) = hidden_in_all_cases(true);
    assert!(hidden > 12_000, "{hidden}");
    assert_eq!(wrong, 0);
}

/// The test above can fail: without the movements codewords are hidden that came near.
#[test]
fn codewords_are_hidden_wrongly_without_movements() {
    assert!(hidden_in_all_cases(false).1 > 0);
}

/// Everything that is not listed is as far as the list says, as soon as it is listed, and the nearest are listed.
#[test]
fn lists_hold_the_lowest_scores() {
    let mut lists = 0;
    each_case(|rows, codebook| {
        for panel in panels(codebook) {
            let dim = codebook.dim();
            let (held, mut scores, simd) = (held(rows, dim, panel.unit), Scores::default(), pulp::Scalar::new());
            let measured = held.rows(0, rows.len() / dim);
            scores.compute(measured, &panel);
            for (length, scores) in measured.lengths.iter().zip(scores.rows()) {
                let mark = Mark::measure(simd, 3, (&Lanes::of(simd, scores), scores), *length);
                let listed = mark.listed().iter().map(|k| usize::from(*k));
                let highest = listed.clone().map(|k| scores[k]).fold(f32::NEG_INFINITY, f32::max);
                let others = (0..scores.len()).filter(|k| !listed.clone().any(|listed| listed == *k));
                assert!(others.map(|k| scores[k]).all(|score| listed.len() == 0 || score > highest));
                lists += usize::from(listed.len() > 2);
            }
        }
    });
    assert!(lists > 10_000, "{lists}");
}

struct Approximate<'a>(&'a [f32], &'a [f32]);

impl pulp::WithSimd for Approximate<'_> {
    type Output = f32;

    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        approximate_squared_distance(simd, self.0, self.1)
    }
}

#[test]
fn the_error_of_approximate_distances_is_bounded() {
    let mut largest = 0.0_f64;
    each_case(|rows, codebook| {
        let dim = codebook.dim();
        for row in rows.chunks_exact(dim) {
            for codeword in codebook.values().chunks_exact(dim) {
                let exact = squared_distance(row, codeword);
                for unit in [Unit::fastest(), Unit::named("portable").unwrap()] {
                    let approximate = unit.unwrap().run(Approximate(&floats(row), &floats(codeword)));
                    let error = (f64::from(approximate) - exact as f64).abs();
                    let limit = f64::from(relative_error(dim)) * exact as f64;
                    assert!(error <= limit, "{approximate} for {exact}, {dim} dimensions");
                    largest = largest.max(error / (exact.max(1) as f64));
                }
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
    let known = |live: fn(u32) -> bool| {
        let movements = history.movements(&panel, live).unwrap();
        (0..45).filter(|epoch| movements.since(*epoch).is_some()).collect::<Vec<u32>>()
    };
    assert_eq!(history.next(), 40);
    assert_eq!(known(|_| true), (8..40).collect::<Vec<_>>());
    assert_eq!(known(|epoch| epoch == 20), [20]);
    assert_eq!(history.typical(&panel), Some(0.0));
}
