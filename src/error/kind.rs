//! The kinds of errors and their messages.

use super::bad_row::{self, BadRow};
use super::texts::{self, counted, file_of, no_namespace};
use std::io;
use std::path::PathBuf;

/// The kinds of errors, each with the facts that a caller needs to act on it.
///
/// Fields count levels from 0; messages count them from 1. The kinds are in the order of what they are about: rows,
/// parameters, models, shards, files, sweeps, devices, registries.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    // Rows of embeddings, and their weights.
    /// There are no rows to work on.
    #[error("the input has no rows; give at least one row")]
    Empty,
    /// A row holds NaN or an infinity.
    #[error("row {row}, column {column} is {value}: embeddings must be finite; remove or repair that row")]
    NotFinite {
        /// Row of the first such value, from 0.
        row: usize,
        /// Column of the first such value, from 0.
        column: usize,
        /// The value itself.
        value: f32,
    },
    /// The input has rows that cannot be used.
    #[error("{}", bad_row::summary(*count, *rows, first))]
    BadRows {
        /// How many of them there are.
        count: usize,
        /// Rows of the input.
        rows: usize,
        /// The first of them, 20 at most.
        first: Vec<BadRow>,
    },
    /// The rows of a list column differ in length.
    #[error(
        "row {row} has {}, the rows before it {expected}: every row needs the same number of dimensions",
        counted(*found, "value")
    )]
    Ragged {
        /// First row that differs, from 0.
        row: usize,
        /// Length of the rows before it.
        expected: usize,
        /// Length of this row.
        found: usize,
    },
    /// The number of dimensions is 0 or above [`MAX_DIM`](crate::rq::MAX_DIM).
    #[error("rows have {dim} dimensions; 1 to {} are supported: reduce them, or name other columns", crate::MAX_DIM)]
    Dim {
        /// Dimensions of the input.
        dim: usize,
    },
    /// Rows do not have the number of dimensions that the model or the caller expects.
    #[error(
        "rows have {}, not {expected}: use the embeddings the model was fitted for",
        counted(*found, "dimension")
    )]
    DimMismatch {
        /// Dimensions expected.
        expected: usize,
        /// Dimensions found.
        found: usize,
    },
    /// Two files of one input have rows of different lengths; the error's path is that of the second file.
    #[error(
        "its rows have {}, those of {} have {expected}: read only files of one model's embeddings",
        counted(*found, "dimension"), first.display()
    )]
    Widths {
        /// The first file.
        first: PathBuf,
        /// Dimensions of its rows.
        expected: usize,
        /// Dimensions of the rows of the other file.
        found: usize,
    },
    /// No row of a file tells how long a row is.
    #[error("none of its {rows} rows has an embedding: {why}")]
    NoEmbedding {
        /// Rows of the file.
        rows: usize,
        /// What the first of them, or all, are instead.
        why: String,
    },
    /// The length of a flat slice is no multiple of the number of dimensions.
    #[error("{len} values do not divide into rows of {dim}; give a multiple of {dim}")]
    Length {
        /// Values given.
        len: usize,
        /// Dimensions of a row.
        dim: usize,
    },
    /// Your own implementation of [`Rows`](crate::Rows) failed with this error, see
    /// [`Error::source_of_rows`](crate::Error::source_of_rows).
    #[error("reading rows failed: {0}")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A weight of a row is no multiple of the step that weights are given in.
    #[error("{}", texts::weight(*row, weight, step))]
    Weight {
        /// Row, from 0.
        row: usize,
        /// The weight as it was given.
        weight: String,
        /// The step.
        step: String,
    },
    /// No row counts.
    #[error("the weights of all rows are zero: give at least one row a weight above zero")]
    NoWeight,
    /// Weights of rows add up to too much.
    #[error("the weights of the rows add up to more than {most}, beyond which sums are not exact; divide all weights")]
    TotalWeight {
        /// The largest sum.
        most: u64,
    },

    // Parameters, and what a fit or a training cannot do.
    /// A parameter is outside its range.
    #[error("parameter `{name}` = {value}: {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// Value given.
        value: String,
        /// What is allowed.
        expected: String,
    },
    /// A number of clusters is outside 1 ..= [`MAX_CLUSTERS`](crate::rq::MAX_CLUSTERS).
    #[error("level {} asks for {clusters} clusters; 1 to {} are supported", level + 1, crate::MAX_CLUSTERS)]
    Clusters {
        /// Level, from 0.
        level: usize,
        /// Clusters asked for.
        clusters: usize,
    },
    /// A list of clusters does not have one number for each level.
    #[error(
        "{} of clusters for {}: give one per level, or one for all",
        counted(*given, "number"), counted(*levels, "level")
    )]
    ClustersPerLevel {
        /// Levels asked for.
        levels: usize,
        /// Length of the list.
        given: usize,
    },
    /// A fit has fewer rows than clusters.
    #[error(
        "level {} asks for {clusters} clusters but the input has only {}: give more rows or fewer clusters",
        level + 1, counted(*rows, "row")
    )]
    TooFewRows {
        /// Number of rows used for fitting.
        rows: usize,
        /// Clusters asked for.
        clusters: usize,
        /// Level, from 0.
        level: usize,
    },
    /// No assignment can keep the bounds of the clusters' sizes.
    #[error("level {}: {}", level + 1, texts::sizes(*rows, *clusters, *min..=*max))]
    Sizes {
        /// Level, from 0.
        level: usize,
        /// Number of rows to fit on or to encode.
        rows: usize,
        /// Clusters of the level.
        clusters: usize,
        /// Fewest rows of a cluster.
        min: usize,
        /// Most rows of a cluster.
        max: usize,
    },
    /// A codebook in f32 cannot represent the range of the data.
    #[error("level {}: {reason}; scale the embeddings down", level + 1)]
    Range {
        /// Level, from 0.
        level: usize,
        /// What does not fit.
        reason: String,
    },
    /// The numbers of a training grew beyond all bounds.
    #[error(
        "training diverged: {what}; lower the learning rate, clip gradients, or look for outliers in the embeddings"
    )]
    Diverged {
        /// What was found, and when.
        what: String,
    },

    // Codes, and models that take or give them.
    /// A codebook has no codeword with this code.
    #[error("row {row}, level {}: code {code} is not below {clusters}; give the codes of this model", level + 1)]
    Code {
        /// Row, from 0.
        row: usize,
        /// Level, from 0.
        level: usize,
        /// The code.
        code: u32,
        /// Codewords of that level.
        clusters: usize,
    },
    /// Codes have another number of levels than the model, or than the codes that they are compared with.
    #[error("codes have {}, not {expected}: give the codes of that model", counted(*found, "level"))]
    CodeLevels {
        /// Levels expected.
        expected: usize,
        /// Levels found.
        found: usize,
    },
    /// A list does not have one entry per row.
    #[error("{}: give one for each", texts::for_rows(*found, what, *rows))]
    RowCount {
        /// What the list holds.
        what: &'static str,
        /// Entries found.
        found: usize,
        /// Rows there are.
        rows: usize,
    },
    /// An encode asks for prices, which the model does not have.
    #[error("the model has no prices: fit it with balanced clusters, or encode by the nearest codewords")]
    NoPrices,
    /// A row is so far from the rows that a network was trained on that its latents are not finite.
    #[error(
        "row {row} is too far from the rows that the model was trained on, so its latents are not finite; check its \
         values, or leave it out"
    )]
    FarRow {
        /// The row, from 0.
        row: usize,
    },
    /// A model decodes codes to values beyond the largest f32.
    #[error(
        "the model decodes the codes of row {row} to values beyond the largest f32; give codes of rows like those that \
         the model was fitted to, or fit it to smaller values"
    )]
    Undecodable {
        /// The row, from 0.
        row: usize,
    },
    /// A model file or a list of parameters names a kind that this version does not have.
    #[error("this semid knows no models of kind `{kind}`, only of {known}; update semid, or name one of these")]
    UnknownKind {
        /// The kind in the file.
        kind: String,
        /// All kinds of this version.
        known: String,
    },
    /// Models of this kind cannot do what was asked for.
    #[error("models of kind `{kind}` have no {what}; use a model of another kind")]
    Unsupported {
        /// The kind of the model.
        kind: &'static str,
        /// What was asked for.
        what: &'static str,
    },
    /// No metric has this name.
    #[error("there is no metric `{name}`; name one of {available}")]
    UnknownMetric {
        /// The name given.
        name: String,
        /// All names.
        available: String,
    },

    // Shards and their messages.
    /// Two values that belong together have different shapes.
    #[error("{what}: {} x {} do not go with {} x {}; give both in one shape", found.0, found.1, expected.0, expected.1)]
    Shape {
        /// What the shapes are of.
        what: &'static str,
        /// Shape of what was given.
        found: (usize, usize),
        /// Shape of what it was to go with.
        expected: (usize, usize),
    },
    /// A sum exceeds its integer type.
    #[error("{what} exceed 64 bits; give fewer rows or, where shards sent them, ask these again")]
    Overflow {
        /// What was summed.
        what: &'static str,
    },
    /// Bytes are no message between shards, or were damaged on their way.
    #[error("the {what} cannot be used: {reason}")]
    Message {
        /// What the bytes were to be.
        what: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The shards together do not have every row of the fit exactly once.
    #[error("the shards counted {found} rows, not {expected}: one was lost or counted twice; ask them again")]
    Shards {
        /// Rows counted.
        found: u64,
        /// Rows of the fit.
        expected: u64,
    },
    /// Clusters cannot be balanced, because balancing needs the costs of all rows at once and not all rows are in
    /// memory.
    #[error(
        "balanced clusters and levels from labels need all rows in the memory of one device, where these do not fit: \
         fit on a sample of them, or allow more memory"
    )]
    NotWhole,

    // Files.
    /// A file does not keep to its format: it is truncated, damaged, hostile or of an unsupported variant.
    #[error("not a usable {}: {reason}", file_of(format))]
    Format {
        /// Name of the file format.
        format: &'static str,
        /// What is wrong and, where something can be done, what.
        reason: String,
    },
    /// The contents of a model file do not match its checksum or fingerprint, or break an invariant.
    #[error("damaged model: {reason}; restore the file from a copy or fit again")]
    Damaged {
        /// What does not match.
        reason: String,
    },
    /// The contents of a checkpoint do not match its checksum.
    #[error("damaged checkpoint: {reason}; restore the file from a copy, or delete it to begin anew")]
    DamagedCheckpoint {
        /// What does not match.
        reason: String,
    },
    /// A model file, or a list of parameters, has a newer version than this build reads.
    #[error("format version {found} is newer than {supported}, the newest that this semid reads: update semid")]
    NewerFormat {
        /// Version in the file.
        found: String,
        /// Newest version that this build reads.
        supported: u32,
    },
    /// Another process writes to the file.
    #[error("another process is writing to it; wait until that is done, or give another file")]
    Busy,
    /// Reading or writing failed.
    #[error("{action} failed: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },

    // Sweeps.
    /// The file of a sweep has a line that this sweep would not write.
    #[error(
        "line {line} has {} {found}, not {expected}: it is of another sweep; give another file, or the same \
         arguments as before",
        what.trim()
    )]
    OtherSweep {
        /// Line, from 1.
        line: usize,
        /// What differs.
        what: String,
        /// Its value in the file.
        found: String,
        /// Its value in this sweep.
        expected: String,
    },
    /// The runs of a sweep were fitted to other rows.
    #[error("run {run} has {what} {found}, these rows have {expected}: give the sweep of these embeddings")]
    OtherRows {
        /// Run, from 1.
        run: usize,
        /// What differs: `rows`, `dim` or `sha256`.
        what: &'static str,
        /// Its value in the sweep.
        found: String,
        /// Its value in the rows given.
        expected: String,
    },

    // Devices, memory, and what a build lacks.
    /// No device has this name.
    #[error("there is no device `{name}`; name one of {available}")]
    UnknownDevice {
        /// The name given.
        name: String,
        /// Names that would work.
        available: String,
    },
    /// `SEMID_SIMD` names no vector instructions of this processor.
    #[error("SEMID_SIMD={value} names no vector instructions of this processor; name one of {available}")]
    UnknownSimd {
        /// The value of the environment variable.
        value: String,
        /// Values that would work.
        available: String,
    },
    /// `SEMID_GPU_FILTER` names no filter of a GPU.
    #[error("SEMID_GPU_FILTER names no filter of a GPU: {value}; available: 8bit, f32")]
    UnknownGpuFilter {
        /// The value of the environment variable.
        value: String,
    },
    /// `SEMID_GPU_TILE` names no tile of a GPU.
    #[error(
        "SEMID_GPU_TILE names no tile of a GPU: {value}; available: 64x64, 64x128, 128x64, 128x128, streamed, \
             measured, and cooperative in a build with `tensor-cores`"
    )]
    UnknownGpuTile {
        /// The value of the environment variable.
        value: String,
    },
    /// No GPU adapter can run the kernels.
    #[error("no usable GPU adapter: {reason}; the device `cpu` gives the same result")]
    NoAdapter {
        /// Why.
        reason: String,
    },
    /// The device failed or was lost; the same work gives the same bits on another device.
    #[error("device `{device}` failed: {reason}; the same work on another device, such as `cpu`, gives the same bits")]
    Device {
        /// Name of the device.
        device: String,
        /// What the driver said.
        reason: String,
    },
    /// The allowed memory is too small for a fit.
    #[error("{what} needs {} of memory and may use {}; {remedy}", texts::at_least(*needed), texts::at_most(*bytes))]
    Memory {
        /// Bytes allowed.
        bytes: u64,
        /// Bytes needed.
        needed: u64,
        /// What needs them.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// An allocation failed.
    #[error(
        "out of memory: {bytes} bytes for {what} could not be allocated; fit on a sample of the rows, or give fewer \
         rows at a time"
    )]
    OutOfMemory {
        /// What the memory was for.
        what: String,
        /// Bytes asked for.
        bytes: u64,
    },
    /// This build leaves out what was asked for.
    #[error("this build has no support for {what}: build semid with its feature `{feature}`")]
    Feature {
        /// The Cargo feature of semid that adds it.
        feature: &'static str,
        /// What it adds.
        what: &'static str,
    },

    // Items, IDs and registries.
    /// An item key cannot be registered.
    #[error("the item key of row {row} {reason}; give every row a key of its own")]
    ItemKey {
        /// Row, from 0.
        row: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two rows have the same item key and different codes.
    #[error("rows {first} and {row} have the same item key {item:?} and different codes: remove one of them")]
    RepeatedItem {
        /// The item key.
        item: String,
        /// Its first row, from 0.
        first: usize,
        /// The row with other codes.
        row: usize,
    },
    /// Two rows have the same item key, where every row needs one of its own.
    #[error("rows {first} and {row} have the same item key {item:?}: remove one of them, or give it another key")]
    RepeatedKey {
        /// The item key.
        item: String,
        /// Its first row, from 0.
        first: usize,
        /// The other row.
        row: usize,
    },
    /// A text is no semantic ID in the expected form.
    #[error("`{text}` is no semantic ID here; give {expected}")]
    IdText {
        /// The text.
        text: String,
        /// What IDs look like here.
        expected: String,
    },
    /// Some IDs have a suffix and others do not, but the readers of the file take IDs of one depth only.
    #[error(
        "`{short}` and `{long}` have different numbers of tokens, and this file is for IDs that all have the same: \
         make a new registry in which every ID has a suffix"
    )]
    MixedDepths {
        /// An ID.
        short: String,
        /// An ID with one token more.
        long: String,
    },
    /// The registry does not know this item.
    #[error("the registry has no item {item:?}; give the key of an item that it has")]
    UnknownItem {
        /// The item key.
        item: String,
    },
    /// The registry already has the ID or the item that was to be inserted.
    #[error("{what} is in the registry already; nothing was changed")]
    Taken {
        /// The ID or item.
        what: String,
    },
    /// The store has no registry in it.
    #[error("the store holds no registry: assign IDs into it first, or give another file")]
    NoRegistry,
    /// A namespace in which no registry was made.
    #[error("{}", no_namespace(namespace, known))]
    NoNamespace {
        /// The name that was asked for; empty for the namespace in which a store begins.
        namespace: String,
        /// The names of the namespaces of the store.
        known: Vec<String>,
    },
    /// The registry belongs to another model; IDs of two models cannot live together.
    #[error("the registry belongs to model {expected}, this is model {found}: use that model or a new registry")]
    OtherModel {
        /// Fingerprint in the registry.
        expected: String,
        /// Fingerprint of the model given.
        found: String,
    },
    /// The registry was made with other settings.
    #[error(
        "the registry has {setting} {expected}, not {found}: published IDs never change; use that or a new registry"
    )]
    OtherRegistry {
        /// What differs.
        setting: &'static str,
        /// Its value in the registry.
        expected: String,
        /// The value asked for.
        found: String,
    },
    /// A model cannot take the place of a registry's own.
    #[error("model {found} cannot take the place of {expected}, the registry's own: {why}")]
    NoRefresh {
        /// Fingerprint of the registry's model.
        expected: String,
        /// Fingerprint of the model given.
        found: String,
        /// What makes it another code space.
        why: String,
    },
    /// A newer version wrote the registry.
    #[error("the registry has format version {found}, this semid reads up to {supported}: update semid")]
    NewerRegistry {
        /// Version in the registry.
        found: String,
        /// Newest version that this build reads.
        supported: u32,
    },
    /// The contents of a registry contradict each other or cannot be read.
    #[error("damaged registry: {reason}; restore it from a copy")]
    DamagedRegistry {
        /// What is wrong.
        reason: String,
    },
    /// Another process locks the registry for longer than the busy timeout.
    #[error(
        "another process has locked the registry for longer than the busy timeout; try again when that process is done"
    )]
    Locked,
    /// The registry cannot be written to.
    #[error(
        "the registry is read-only: check the permissions of the file{} and its folder",
        owner.as_deref().map(|owner| format!(", which belongs to {owner},")).unwrap_or_default()
    )]
    ReadOnly {
        /// The user that the file belongs to, such as "user 1000", where that is known.
        owner: Option<String>,
    },
    /// A file beside the registry belongs to another user, so that nothing can be written.
    #[error(
        "{} belongs to {owner}, the registry does not: have it removed, while nobody uses the registry, and go on",
        file.display()
    )]
    ForeignLog {
        /// The write-ahead log, or its index.
        file: PathBuf,
        /// Whose it is.
        owner: String,
    },
    /// The registry has no room to grow; what it held is as before.
    #[error("no space is left for the registry, which is as before: free some space and try again")]
    Full,
    /// A store failed for another reason.
    #[error("the store failed: {reason}; try again, or use another store")]
    Store {
        /// What the store said.
        reason: String,
    },

    // Any long work.
    /// The progress callback asked to stop.
    #[error("the work was cancelled")]
    Cancelled,
}
