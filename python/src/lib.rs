//! The extension module `semid._semid`: the library as Python sees it, thin on purpose. `python/semid/` has the classes
//! that people use; it hands over NumPy arrays, sources of rows, and parameters as JSON.

mod arrow;
mod codes;
mod columns;
mod command_line;
mod devices;
mod embeddings;
mod errors;
mod evaluation;
mod findings;
mod fit;
mod ids;
mod input;
mod json;
mod labels;
mod model;
mod registry;
mod report;
mod shards;
mod smoothed;
mod smoothing;
mod source;
mod spool;
mod sweep;
mod work;

use pyo3::prelude::*;

#[pymodule(name = "_semid", gil_used = true)]
fn extension(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_class::<model::Model>()?;
    m.add_class::<source::Source>()?;
    m.add_class::<spool::Spool>()?;
    m.add_class::<registry::Registry>()?;
    m.add_class::<smoothed::SmoothedEmbeddings>()?;
    m.add_function(wrap_pyfunction!(arrow::from_arrow, m)?)?;
    m.add_function(wrap_pyfunction!(source::open, m)?)?;
    m.add_function(wrap_pyfunction!(columns::open_columns, m)?)?;
    m.add_function(wrap_pyfunction!(fit::fit, m)?)?;
    m.add_function(wrap_pyfunction!(smoothing::smooth, m)?)?;
    m.add_function(wrap_pyfunction!(fit::parameters, m)?)?;
    m.add_function(wrap_pyfunction!(fit::kinds, m)?)?;
    m.add_class::<shards::Worker>()?;
    m.add_function(wrap_pyfunction!(shards::fit_on_workers, m)?)?;
    m.add_function(wrap_pyfunction!(shards::merge_replies, m)?)?;
    m.add_function(wrap_pyfunction!(evaluation::evaluate, m)?)?;
    m.add_function(wrap_pyfunction!(evaluation::drift, m)?)?;
    m.add_function(wrap_pyfunction!(evaluation::code_metrics, m)?)?;
    m.add_function(wrap_pyfunction!(sweep::sweep, m)?)?;
    m.add_function(wrap_pyfunction!(sweep::rank, m)?)?;
    m.add_function(wrap_pyfunction!(report::report, m)?)?;
    m.add_function(wrap_pyfunction!(report::write_text, m)?)?;
    m.add_function(wrap_pyfunction!(ids::format_ids, m)?)?;
    m.add_function(wrap_pyfunction!(devices::devices, m)?)?;
    m.add_function(wrap_pyfunction!(command_line::command_line, m)?)?;
    m.add_function(wrap_pyfunction!(command_line::demo_data, m)?)?;
    m.add_function(wrap_pyfunction!(source::read_strings, m)?)?;
    m.add_function(wrap_pyfunction!(source::read_weights, m)?)?;
    m.add_function(wrap_pyfunction!(source::whole_weights, m)?)?;
    m.add_function(wrap_pyfunction!(work::library_seconds, m)?)?;
    Ok(())
}
