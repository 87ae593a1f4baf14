//! Margins against distances in f64 between the rows and what the codes decode to.

use crate::metrics::margins;
use crate::rng::Stream;
use crate::{Codes, Device, ErrorKind, LabelledFit, Labels, Matrix, Rows, RqKMeans};
use std::sync::Mutex;

const DIM: usize = 3;
const NOISE: [f64; 4] = [0.0, 0.05, 0.2, 0.6];

fn rows(count: usize) -> Vec<f32> {
    let mut stream = Stream::new("margins", 5, 0, 0);
    (0..count * DIM).map(|_| stream.below(2000) as f32 / 700.0).collect()
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[test]
fn margins_are_those_of_distances_to_the_decoded_codes() {
    let values = rows(300);
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    let model = RqKMeans::new(2, 7).fit(&rows, &device).unwrap();
    let codes = model.encode(&rows, &device).unwrap();
    let measured = margins(&model, &rows, &codes, None, &NOISE, 1, &device).unwrap();
    let decoded = |codes: Vec<u32>, levels: usize| -> Vec<f64> {
        let codes = Codes::new(codes, levels).unwrap();
        model.decode_levels(&codes, levels).unwrap().into_iter().map(f64::from).collect()
    };
    for level in 0..2 {
        let (mut of_rows, mut fragile) = (Vec::new(), [0; NOISE.len()]);
        for (row, own) in values.chunks(DIM).zip(codes.rows()) {
            let row: Vec<f64> = row.iter().copied().map(f64::from).collect();
            let points: Vec<Vec<f64>> = (0..7).map(|k| decoded([&own[..level], &[k]].concat(), level + 1)).collect();
            let chosen = &points[own[level] as usize];
            let others = || points.iter().zip(0..).filter(|(_, k)| *k != own[level]).map(|(point, _)| point);
            let beat = |point: &Vec<f64>| squared(&row, point) - squared(&row, chosen);
            of_rows.push(others().map(beat).fold(f64::INFINITY, f64::min));
            let plane = |point: &Vec<f64>| beat(point) / (2.0 * squared(point, chosen).sqrt());
            let nearest = others().map(plane).fold(f64::INFINITY, f64::min);
            fragile.iter_mut().zip(NOISE).for_each(|(count, noise)| *count += usize::from(nearest < noise));
        }
        of_rows.sort_unstable_by(f64::total_cmp);
        let of_level = &measured[level];
        // The grid has a million steps: its rounding moves no row across one of these lengths.
        assert_eq!(of_level.fragile, fragile.map(|count| count as f64 / 300.0), "level {level}");
        assert!((of_level.median_margin - of_rows[150]).abs() < 1e-4, "{of_level:?} {}", of_rows[150]);
        assert!((of_level.low_margin - of_rows[15]).abs() < 1e-4, "{of_level:?} {}", of_rows[15]);
        assert!(of_level.fragile[1] > 0.0 && of_level.fragile[3] > of_level.fragile[2], "{of_level:?}");
    }
}

/// Margins are about the nearest codeword, whatever the codes are; labels leave none.
#[test]
fn codes_of_a_beam_are_no_ties_and_labels_have_no_margins() {
    let values = rows(300);
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    let model = RqKMeans::new(2, 7).fit(&rows, &device).unwrap();
    let greedy = model.encode(&rows, &device).unwrap();
    let by_beam = model.encoder().beam(7).encode(&rows, &device).unwrap();
    assert_ne!(greedy, by_beam);
    let of = |codes: &Codes| margins(&model, &rows, codes, None, &[0.2], 1, &device).unwrap();
    assert_eq!((&of(&by_beam)[0], of(&by_beam)[1].ties), (&of(&greedy)[0], 0.0));
    let kinds = Labels::new([("kind", (0..300).map(|row| Some(["a", "b", "c"][row % 3])))]).unwrap();
    let params = RqKMeans::new(1, 7);
    let labelled = params.fit_labelled(&rows, &LabelledFit::new(&kinds), &device).unwrap();
    let codes = labelled.encoder().labels(&kinds).encode(&rows, &device).unwrap();
    let measured = margins(&labelled, &rows, &codes, None, &[0.2, 1e9], 1, &device).unwrap();
    assert_eq!((measured[0].ties, measured[0].fragile.as_slice()), (0.0, [0.0, 0.0].as_slice()));
    assert!(measured[0].median_margin.is_infinite() && measured[1].fragile[1] == 1.0);
}

#[test]
fn a_row_between_two_codewords_is_a_tie() {
    let (values, device) = ([0.0, 2.0, 0.0, 2.0], Device::cpu());
    let model = RqKMeans::new(1, 2).fit(&Matrix::new(&values, 1).unwrap(), &device).unwrap();
    let between = [1.0, 0.0];
    let rows = Matrix::new(&between, 1).unwrap();
    let codes = model.encode(&rows, &device).unwrap();
    let measured = margins(&model, &rows, &codes, None, &[1e-9], 1, &device).unwrap();
    assert_eq!((measured[0].ties, &measured[0].fragile[..]), (0.5, &[0.5][..]));
}

#[test]
fn noise_is_a_length_and_rows_have_codes() {
    let (values, device) = (rows(20), Device::cpu());
    let rows = Matrix::new(&values, DIM).unwrap();
    let model = RqKMeans::new(1, 2).fit(&rows, &device).unwrap();
    let codes = model.encode(&rows, &device).unwrap();
    for noise in [-1.0, f64::NAN, f64::INFINITY] {
        let error = margins(&model, &rows, &codes, None, &[noise], 1, &device).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "noise", .. }), "{error}");
    }
    let few = Codes::new(vec![0], 1).unwrap();
    let error = margins(&model, &rows, &few, None, &[], 1, &device).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RowCount { .. }), "{error}");
}

/// Rows that note which of them are read.
struct Noted<'a> {
    rows: Matrix<'a>,
    read: Mutex<Vec<usize>>,
}

impl Rows for Noted<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> crate::Result<()> {
        self.read.lock().unwrap().extend(first..first + out.len() / DIM);
        self.rows.read(first, out)
    }
}

#[test]
fn chosen_rows_are_read_once_and_in_order() {
    let values = rows(3000);
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    let model = RqKMeans::new(3, 4).fit(&rows, &device).unwrap();
    let codes = model.encode(&rows, &device).unwrap();
    for (sample, expected) in [(Some(1500), 1500), (None, 3000)] {
        let noted = Noted { rows, read: Mutex::default() };
        margins(&model, &noted, &codes, sample, &[], 1, &device).unwrap();
        let read = noted.read.into_inner().unwrap();
        assert_eq!(read.len(), expected);
        assert!(read.is_sorted_by(|row, next| row < next));
    }
}
