//! Semantic IDs from embeddings, with the same bits on every device.
//!
//! A semantic ID is a short list of codes, such as `12-5-33`, that says where an embedding lies: the first code names
//! one of K clusters, the second one of K clusters of the residuals that the first level leaves, and so on. Items with
//! a common prefix are alike. The codebooks come from residual k-means ([`RqKMeans`]) or from a network that is trained
//! ([`RqVae`]).
//!
//! ```
//! use semid::{Device, IdFormat, Matrix, RqKMeans};
//!
//! // 500 embeddings of 8 dimensions. ndarray matrices and files work the same way.
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
//! Rows can also come from a file, which is read in pieces and may be larger than memory:
//!
//! ```
//! use semid::io::{NpyWriter, ReadOptions, open};
//! use semid::{Device, RqKMeans};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("items.npy");
//! # let mut out = NpyWriter::<f32>::create(&path, 500, 8)?;
//! # out.write(&(0..4000).map(|i| ((i * i) % 251) as f32).collect::<Vec<f32>>())?;
//! # out.finish()?;
//! let rows = open(&path, &ReadOptions::default())?; // .npy, .parquet, .safetensors, ...; also a folder of parts
//! let model = RqKMeans::new(3, 16).fit(&rows, &Device::cpu())?;
//! assert_eq!(model.encode(&rows, &Device::cpu())?.len(), 500);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Exactness
//!
//! The same rows, parameters and seed give the same model, and a model gives the same row the same codes, bit for bit:
//! on every [`Device`], for any number of threads, any batch size and any order of the rows to encode. Rows are put on
//! a fixed-point [`Grid`](rq::Grid) first; every operation that can influence a result is integer arithmetic, or float
//! arithmetic whose result is exactly representable in whatever order it is done. Approximate arithmetic only filters,
//! with a proved bound; exact integers settle the cases that the filter leaves undecided.
//!
//! # Where to look
//!
//! | to | see |
//! | --- | --- |
//! | hand over embeddings | [`Rows`], [`Matrix`], [`Concat`], [`io::open`] for files, folders and patterns |
//! | refuse bad rows, or leave them out and know which | [`io::BadRows`], [`io::Inputs`] |
//! | compare rows by distance or by direction | [`Metric`] |
//! | let rows count as often as their items are wanted | [`Weights`]; [`RqKMeans::fit_weighted`], [`metrics::weighted_errors`] |
//! | join several embeddings per item, such as text and image | [`blocks::Blocks`], [`blocks::Beside`] |
//! | mix rows with those of items that occur together | [`smoothing::Partners`], [`smoothing::Smoothed`] |
//! | choose where to compute | [`Device`], [`device::DeviceInfo`]; [`Device::several`] at once |
//! | fit rows that do not fit into memory | [`Device::with_memory`] |
//! | fit residual k-means: plain or balanced; Lloyd, mini-batch or hierarchical | [`RqKMeans`] |
//! | refine all levels together after a fit | [`RqKMeans::refine`], [`RqKMeans::refine_beam`] |
//! | let labels, such as categories, give the first codes | [`Labels`], [`LabelledFit`], [`LabelTable`], [`UnknownLabel`] |
//! | make a model of codewords that another tool fitted | [`RqKMeansModel::from_codewords`] |
//! | fit one level at a time, watch or cancel | [`rq::Fit`], [`rq::Progress`] |
//! | fit codes that do not depend on each other, for models that generate them all at once | [`PqKMeans`], [`PqKMeansModel`], [`pq`] |
//! | train a network, stop and go on | [`RqVae`], [`vae::RqVaeFit`], [`RqKMeansModel`] to start from |
//! | encode, decode, save, load | [`RqKMeansModel`], [`RqVaeModel`], or [`Model`] for any kind; [`Codes`] |
//! | find codes of a smaller total distance, or the best few of a row | [`Encoder::beam`]; [`Encoder::candidates`] |
//! | encode row by row in a server | [`Encoder::prepare`], [`quantizer::FewEncoder`] |
//! | keep new rows near balance, or within capacities | [`Encoder`] |
//! | repeat a fit from its model file | [`Quantizer::parameters`], [`io::Provenance`] |
//! | keep the codes of most items when a model is fitted again | [`rq::WarmStart`]; [`Model::align_to`], [`Alignment`] |
//! | turn codes into text, and files of them | [`IdFormat`], [`io::IdWriter`] |
//! | give items unique IDs that stay | [`SemanticIdEngine`]; [`registry::Registry`], [`registry::Resolver`] |
//! | take over a refreshed model, and move the items that gain from it | [`SemanticIdEngine::adopt_model`], [`SemanticIdEngine::move_if_gain`] |
//! | keep registries of several catalogues in one store | [`registry::Store::in_namespace`] |
//! | read IDs back | [`registry::IdText`] |
//! | write tokens as a language model has them | [`registry::TokenTemplate`], [`registry::BaseTokenizer`] |
//! | keep IDs somewhere | [`registry::MemoryStore`], `registry::SqliteStore`, or your own [`registry::Store`] |
//! | test a store of your own | [`registry::conformance`] |
//! | export IDs to recommenders and language models | [`registry::Export`], [`registry::Vocabulary`] |
//! | know whether codes are good | [`metrics::Evaluation`] for everything at once; [`metrics`] one by one |
//! | know whether a model still suits the rows of today | [`metrics::drift()`], [`metrics::DriftLimits`] |
//! | know whether items that are used together share prefixes | [`mapping::CoOccurrence`], [`mapping::read_pairs`] |
//! | judge IDs that another tool made | [`mapping::Mapping`] |
//! | compare models of many sizes and kinds, and predict collisions of more items | [`Sweep`], [`sweep::SweepMetric`] |
//! | look at results, and show them | `Report`: a web page and figures |
//! | fit a model of any kind by its name, or of your own in a sweep | [`quantizer::Parameters`], [`quantizer::Trainer`] |
//! | measure a model of your own | [`Quantizer`] |
//! | fit rows that are held by many processes or machines | [`shards::Workers`], [`RqKMeans::fit_on_workers`] |
//! | merge exact sums of shards | [`shards::Partial`] |
//! | handle errors | [`Error`], [`ErrorKind`], [`Result`] |
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `gpu` (default) | GPUs, through wgpu |
//! | `csv` | reading .csv and .tsv files of numbers |
//! | `npz` | reading and writing .npz files |
//! | `parquet` | reading and writing Parquet files |
//! | `parquet-brotli` | the same, and reading those that are packed by brotli |
//! | `sqlite` | registries in SQLite databases |
//! | `report` | reports as web pages and figures |
//! | `tensor-cores` | with `gpu`: a filter that multiplies on tensor cores, on adapters that have them |
//!
//! Each works with and without the others. Only `gpu` is on by default, because nobody would notice its absence:
//! [`Device::auto`] would take the CPU. The command line tool is a package of its own, `semid-cli`.
#![cfg_attr(all(test, target_family = "wasm", feature = "gpu"), feature(custom_test_frameworks, test))]
#![cfg_attr(all(test, target_family = "wasm", feature = "gpu"), test_runner(crate::browser_tests::keep))]

#[cfg(all(test, target_family = "wasm", feature = "gpu"))]
extern crate test;

mod align;
mod balance;
mod beam;
pub mod blocks;
#[cfg(all(test, target_family = "wasm", feature = "gpu"))]
mod browser_tests;
mod clock;
mod clusters;
mod codebook;
mod codes;
mod concat;
mod decoder;
pub mod device;
mod encoder;
mod error;
mod fields;
mod first_reading;
mod grid;
mod id;
pub mod io;
mod joint;
mod kernel;
mod labels;
mod limits;
pub mod mapping;
pub mod metrics;
mod model;
mod origin;
mod partial;
mod population;
pub mod pq;
mod quantization;
pub mod quantizer;
#[cfg(feature = "report")]
pub mod report;
mod rng;
mod rows;
pub mod rq;
pub mod smoothing;
pub mod sweep;
#[cfg(test)]
mod tests;
mod transport;
pub mod vae;
mod weights;

/// Unique semantic IDs that stay: registries, the stores that keep them, and exports.
pub mod registry {
    pub use crate::id::store::conformance;
    pub use crate::id::store::{Entry, Holder, Manifest, MemoryStore, Record, Store, UsedCodes};
    #[cfg(feature = "sqlite")]
    pub use crate::id::store::{SqliteOptions, SqliteStore};
    pub use crate::id::{
        AssignReport, Assigned, Assignment, IdText, ItemRecord, Move, MoveLimits, MoveReport, Neighbor, ParsedId,
        Records, Registry, Resolver, SemanticId, SemanticIdEngine, SuffixForm, TokenTemplate,
    };
    pub use crate::id::{BaseTokenizer, Export, Exported, SidKey, StaticSizes, TokenLevel, Vocabulary};
}

/// Fits over shards of the rows, which other processes or machines may hold: requests to the holders, their replies,
/// and the byte form of both.
///
/// A [`Worker`](shards::Worker) holds one shard, rows with consecutive numbers, and answers requests. Every request
/// names the state that the rows have to be in, so its reply depends neither on earlier requests nor on whether the
/// worker was started again. An engine that runs workers implements [`Workers`](shards::Workers), and
/// [`RqKMeans::fit_on_workers`] fits over them.
pub mod shards {
    pub use crate::grid::GridSketch;
    pub use crate::partial::Partial;
    pub use crate::population::{Answered, Call, Pipe, Reply, Request, Worker, Workers};
}

pub use align::Alignment;
pub use codes::Codes;
pub use concat::Concat;
pub use device::Device;
pub use encoder::Encoder;
pub use error::{Error, ErrorKind, Result};
pub use id::{IdFormat, SemanticIdEngine};
pub use labels::{LabelTable, LabelledFit, Labels, UnknownLabel};
pub use model::Model;
pub use pq::{PqKMeans, PqKMeansModel};
pub use quantizer::Quantizer;
#[cfg(feature = "report")]
pub use report::Report;
pub use rows::{Matrix, Rows};
pub use rq::{Metric, RqKMeans, RqKMeansModel};
pub use sweep::Sweep;
pub use vae::{RqVae, RqVaeModel};
pub use weights::Weights;

pub(crate) use limits::{MAX_CLUSTERS, MAX_DIM, MAX_LEVELS};

/// The example in README.md, run by `cargo test`.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
