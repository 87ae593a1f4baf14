//! Semantic IDs from embeddings, with the same bits on every device.
//!
//! A semantic ID is a short list of codes, such as `12-5-33`, that says where an embedding lies: the first code names one
//! of K clusters, the second one of K clusters of what the first left over, and so on. Items with a common prefix are
//! alike. The codebooks come from residual k-means ([`RqKMeans`]).
//!
//! ```
//! use semid::{Device, IdFormat, Matrix, RqKMeans};
//!
//! // 500 embeddings of 8 dimensions. ndarray matrices and files (`semid::io::open`) work the same way.
//! let values: Vec<f32> = (0..4000).map(|i| ((i * i) % 251) as f32).collect();
//! let rows = Matrix::new(&values, 8)?;
//!
//! let device = Device::cpu();
//! let model = RqKMeans::new(3, 16).seed(42).fit(&rows, &device)?;
//! let codes = model.encode(&rows, &device)?;
//! let ids = IdFormat::plain("-").format(&codes);
//! assert_eq!(ids.len(), 500);
//! # Ok::<(), semid::Error>(())
//! ```
//!
//! # Exactness
//!
//! The same rows, parameters and seed give the same model, and the same model and row the same codes, bit for bit, on
//! every [`Device`], for any number of threads, any batch size and any order of the rows to encode. Rows are put on a
//! fixed-point [`Grid`] first; every operation that can influence a result is integer arithmetic, or float arithmetic
//! whose result is exactly representable in whatever order it is done. Anything approximate is a filter with a proved
//! bound, whose undecided cases exact integers settle.
//!
//! # Where to look
//!
//! | to | see |
//! | --- | --- |
//! | fit | [`RqKMeans`]; [`Fit`] for one level at a time; [`Progress`] to watch or cancel |
//! | encode, decode, save, load | [`RqKMeansModel`], [`Codes`] |
//! | keep new rows near balance, or within capacities | [`Encoder`] |
//! | choose where to compute | [`Device`] |
//! | hand over embeddings | [`Rows`], [`Matrix`], [`io::open`] |
//! | turn codes into text | [`IdFormat`], [`io::IdWriter`] |
//! | give items unique IDs that stay | [`SemanticIdEngine`], [`Registry`], [`Resolver`], [`IdText`] |
//! | keep them somewhere | [`SqliteStore`], [`MemoryStore`], [`Store`] for your own, [`conformance`] to test it |
//! | know whether they are good | [`metrics`]: [`metrics::Evaluation`] for everything at once |
//! | look at them, and show them | [`Report`]: a web page and figures |
//! | export them to recommenders and language models | [`Export`], [`Vocabulary`] |
//! | handle errors | [`Error`], [`ErrorKind`] |
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `gpu` (default) | GPUs, through wgpu |
//! | `parquet` | reading and writing Parquet files |
//! | `sqlite` | registries in SQLite databases |
//! | `report` | reports as web pages and figures |
//!
//! Each works with and without the others. Only `gpu` is on by default, as its absence would go unnoticed:
//! [`Device::auto`] would take the CPU. The command line tool is a package of its own, `semid-cli`.
mod align;
mod codebook;
mod device;
mod error;
mod grid;
mod id;
pub mod io;
mod kernel;
pub mod metrics;
mod model;
mod origin;
mod partial;
#[cfg(feature = "report")]
mod report;
mod rng;
mod rows;
mod rq;
mod sweep;
mod transport;
mod vae;

pub use align::Alignment;
pub use codebook::Codebook;
pub use device::{AdapterLimits, Device, DeviceInfo, KernelTime};
pub use error::{Error, ErrorKind, Result};
pub use grid::Grid;
pub use id::store::conformance;
pub use id::store::{Entry, Holder, Manifest, MemoryStore, Record, Store, UsedCodes};
#[cfg(feature = "sqlite")]
pub use id::store::{SqliteOptions, SqliteStore};
pub use id::{
    AssignReport, Assigned, Assignment, IdFormat, IdText, ItemRecord, Neighbor, ParsedId, Records, Registry, Resolver,
    SemanticId, SemanticIdEngine, SuffixForm,
};
pub use id::{Export, Exported, TokenLevel, Vocabulary};
pub use model::{Decoder, Model};
pub use origin::{Provenance, ProvenanceInput};
pub use partial::Partial;
#[cfg(feature = "report")]
pub use report::{Report, ReportFigure, ReportPage};
pub use rows::{Matrix, Rows};
pub use rq::{
    Algorithm, Balance, Clusters, Codes, EncodeReport, Encoder, Fit, FitReport, Init, LevelReport, Metric, MiniBatch,
    Progress, RqKMeans, RqKMeansModel,
};
pub use sweep::{
    PredictedCollisions, Sweep, SweepData, SweepKind, SweepMetric, SweepParameters, SweepProgress, SweepRecord,
    SweepSeconds, SweepStage,
};
pub use vae::{
    CodebookUpdate, EpochReport, Estimator, Keep, LatentRows, Loss, MatmulWidth, Reduction, RqVae, RqVaeFit,
    RqVaeModel, RqVaeReport, Schedule, VaeProgress,
};

/// Most dimensions a row may have: squared distances stay exact in u64 up to here.
pub const MAX_DIM: usize = 8192;
/// Most codewords a level may have.
pub const MAX_CLUSTERS: usize = 65_536;

/// The example in README.md, run by `cargo test`.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
