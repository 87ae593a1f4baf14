//! Codewords that are there many times take no part in the race: rows near them are decided as if each were there once.

use super::faults::{self, Fault};
use crate::codebook::Codebook;
use crate::device::gpu::adapter;
use crate::device::gpu::context::Context;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::device::tests::Random;
use crate::device::{AssignCounts, Table};
use crate::kernel::assign;
use std::sync::Arc;

const DIM: usize = 40;
const DISTINCT: usize = 7;
const CODEWORDS: usize = 300;

/// Rows near some of seven points, and the points.
fn sample() -> (Vec<i32>, Vec<i32>) {
    let mut random = Random(11);
    let points: Vec<i32> = (0..DISTINCT * DIM).map(|_| (random.next() >> 44) as i32 - (1 << 19)).collect();
    let row = |i: usize| points.iter().skip(i % DISTINCT * DIM).take(DIM).map(move |value| value + i as i32 % 5);
    ((0..150).flat_map(row).collect(), points)
}

/// Repeats the points; no two codewords with one code apart are equal.
fn repeated(points: &[i32]) -> Codebook {
    Codebook::new((0..CODEWORDS).flat_map(|k| points[k % DISTINCT * DIM..][..DIM].to_vec()).collect(), DIM)
}

fn found(context: &Arc<Context>, filter: Filter, rows: &[i32], codebook: &Codebook) -> (AssignCounts, Vec<u32>) {
    let mut table = GpuRows::new(Arc::clone(context), rows.len() / DIM, DIM).expect("a table");
    table.filter = Some(filter);
    table.upload(0, rows).expect("upload");
    let assigned = Table::assign(&mut table, codebook).expect("assign");
    let mut codes = vec![0; rows.len() / DIM];
    table.codes(&mut codes).expect("codes");
    (assigned, codes)
}

/// What is wrong with the codes of a codebook of duplicates, or with how many rows distances settle.
fn wrong(context: &Arc<Context>, filter: Filter) -> Option<String> {
    let (rows, points) = sample();
    let mut nearest = vec![0; rows.len() / DIM];
    assign::assign(&rows, &points, DIM, &mut nearest);
    let (once, _) = found(context, filter, &rows, &Codebook::new(points.clone(), DIM));
    let (often, codes) = found(context, filter, &rows, &repeated(&points));
    let as_often = (often != once).then(|| format!("{often:?} instead of {once:?}"));
    as_often.or_else(|| (codes != nearest).then(|| "codes".to_owned()))
}

#[test]
fn duplicates_leave_no_more_rows_undecided() {
    for found in adapter::all() {
        let Ok(context) = found.open() else { continue };
        let context = Arc::new(context);
        for filter in [Filter::F32, Filter::Bytes] {
            assert_eq!(wrong(&context, filter), None, "{filter:?} on {}", found.info.description);
        }
    }
}

const FAULTS: [Fault; 3] = [
    (Kernel::Distinct, "FAR, atomicLoad(&found[place]) > 0u", "FAR, false"),
    (Kernel::Distinct, "other < code;", "other < code && other > 0u;"),
    (Kernel::Distinct, "var other = local / 16u", "var other = 1u + local / 16u"),
];

#[test]
fn faults_of_distinct_are_found() {
    faults::are_found(&FAULTS, |gpu| wrong(&gpu.context, Filter::F32));
}
