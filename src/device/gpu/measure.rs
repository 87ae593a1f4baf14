//! Times the variants of the filters on rows of a table.

use super::batch::CommandBatch;
use super::codewords::Codewords;
use super::kernels::assign;
use super::rows::GpuRows;
use super::tile::{Timings, Variant};
use crate::clock::Instant;
use crate::error::{Result, try_zeros};

/// How long a run should take, as a share of a dispatch: some milliseconds.
const SHARE: f64 = 0.16;
/// Fewer rows would not fill an adapter.
const LEAST_ROWS: usize = 1024;
/// Small tables are assigned several times in a run, so that its submission does not matter.
const MOST_REPEATS: usize = 16;
/// Timed runs of a variant, of which the fastest counts.
const RUNS: usize = 2;

/// Times every variant that suits the table, by assigning its first rows. What this finds and prepares is in buffers of
/// its own, so codes and counts of the table are as before.
pub(super) fn measure(table: &mut GpuRows, codewords: &Codewords) -> Result<Timings> {
    let clusters = codewords.clusters as usize;
    // Nothing else may run at the same time.
    table.batch.read(&table.context, &[])?;
    let per_row = codewords.padded as usize * table.width * 4;
    let wanted = (table.context.dispatch_work() as f64 * SHARE) as usize / per_row.max(1);
    let rows = wanted.max(LEAST_ROWS);
    let Some(mut sample) = table.sample(rows)? else { return Ok(Timings::new()) };
    let repeats = (wanted / sample.rows.max(1)).clamp(1, MOST_REPEATS);
    let mut timings = Timings::new();
    let mut right = None;
    let suitable = Variant::all().filter(|variant| {
        *variant == variant.for_shape(table.dim, clusters)
            && variant.runs_with(table.context.cooperative)
            && table.context.tiles.may_choose(*variant)
    });
    for variant in suitable {
        // The first run compiles the shaders.
        let runs = (0..=RUNS).map(|run| time(&mut sample, codewords, variant, if run == 0 { 1 } else { repeats }));
        let timed = runs.collect::<Result<Vec<f64>>>().and_then(|times| Ok((times, codes_of(&mut sample)?)));
        match timed {
            // All variants give the same codes. One that gives others, by a fault of a driver, is out of the running.
            Ok((_, codes)) if *right.get_or_insert_with(|| codes.clone()) != codes => {
                tracing::warn!(
                    adapter = table.context.name,
                    variant = variant.name(),
                    "this variant gives wrong codes"
                );
            }
            Ok((times, _)) => timings.push((variant, times.into_iter().skip(1).fold(f64::INFINITY, f64::min))),
            // So is a variant that a driver refuses, or for which there is no memory.
            Err(_) => {
                table.context.check()?;
                sample.batch = CommandBatch::new(&table.context)?;
            }
        }
    }
    Ok(timings)
}

fn codes_of(sample: &mut GpuRows) -> Result<Vec<u32>> {
    let mut codes = try_zeros(sample.rows, "codes of a sample")?;
    sample.codes(&mut codes)?;
    Ok(codes)
}

/// Returns the seconds of an assignment, with what has to be done once per level before it.
fn time(sample: &mut GpuRows, codewords: &Codewords, variant: Variant, repeats: usize) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..repeats {
        sample.forget()?;
        assign::queue_variant(sample, codewords, variant)?;
    }
    sample.batch.read(&sample.context, &[])?;
    Ok(start.elapsed().as_secs_f64() / repeats as f64)
}
