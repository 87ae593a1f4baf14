//! `semid info`

mod label_levels;

use crate::args::{Common, InfoArgs};
use crate::output::{self, Answer, Failure, Outcome};
use label_levels::LabelLevel;
use semid::blocks::{Block, Blocks};
use semid::io::Provenance;
use semid::rq::Codebook;
use semid::{LabelTable, Model};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The output of `--json`.
#[derive(Serialize)]
struct Info<'a> {
    kind: &'static str,
    fingerprint: String,
    levels: usize,
    clusters: Vec<usize>,
    dim: usize,
    metric: &'static str,
    normalize_residuals: bool,
    seed: u64,
    grid_exponent: i32,
    codebook_exponent: i32,
    /// Whether the model has prices, for `encode --assignment priced`.
    prices: bool,
    /// For each of the first levels whose codes labels give, the column of the labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    label_columns: Vec<&'a str>,
    /// For each of these levels, which code each label has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    label_levels: Vec<LabelLevel<'a>>,
    /// The width of the beam by which the model encodes, where that is not 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    beam: Option<usize>,
    /// The embeddings that a row consists of, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<BlockInfo>,
    /// How many levels come before the slices of product codes, and the dimensions of each slice.
    #[serde(skip_serializing_if = "Option::is_none")]
    residual_levels: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    slices: Vec<usize>,
    /// For each level, the largest magnitude of a codeword's component, in units of the embeddings.
    largest_component: Vec<f64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    network: Option<Network>,
    /// The parameters of the fit, in the form that `semid fit --config` takes; null in files of versions that did not
    /// keep them.
    parameters: Option<&'a BTreeMap<String, Value>>,
    provenance: Option<&'a Provenance>,
}

/// An embedding of every row.
#[derive(Serialize)]
struct BlockInfo {
    name: String,
    dim: usize,
    weight: f64,
    scale: f64,
}

impl From<&Block> for BlockInfo {
    fn from(block: &Block) -> Self {
        let name = block.name().to_owned();
        Self { name, dim: block.width(), weight: block.weight(), scale: block.scale() }
    }
}

/// The configuration that every kind has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ModelConfig {
    normalize_residuals: bool,
    grid_exponent: i32,
    codebook_exponent: i32,
    beam: Option<usize>,
    residual_levels: Option<usize>,
}

/// The network around the quantizer, if there is one.
#[derive(Serialize, Deserialize)]
struct Network {
    latent: usize,
    hidden: Vec<usize>,
    skip: bool,
    matmul_bits: u32,
}

pub(crate) fn run(common: &Common, args: &InfoArgs) -> Outcome {
    let model = Model::load(&args.model)?;
    let config = Value::Object(model.config()?.into_iter().collect());
    let known = serde_json::from_value(config.clone());
    let known: ModelConfig = known.map_err(|error| Failure::Error(format!("{}: {error}", args.model.display())))?;
    let codebooks = (0..model.levels()).filter_map(|level| model.codebook(level));
    let widths = codebooks.clone().map(Codebook::dim).skip(known.residual_levels.unwrap_or(usize::MAX));
    let largest = |level: &Codebook| level.values().iter().map(|value| value.unsigned_abs()).max().unwrap_or(0);
    let info = Info {
        kind: model.kind(),
        fingerprint: model.fingerprint(),
        levels: model.levels(),
        clusters: model.clusters(),
        dim: model.dim(),
        metric: model.metric().name(),
        normalize_residuals: known.normalize_residuals,
        seed: model.seed(),
        grid_exponent: known.grid_exponent,
        codebook_exponent: known.codebook_exponent,
        prices: model.has_prices(),
        label_columns: model.label_tables().iter().map(LabelTable::column).collect(),
        label_levels: model.label_tables().iter().map(LabelLevel::from).collect(),
        beam: known.beam,
        blocks: model.blocks().into_iter().flat_map(Blocks::iter).map(BlockInfo::from).collect(),
        residual_levels: known.residual_levels,
        slices: widths.collect(),
        largest_component: codebooks.map(|level| f64::from(largest(level)) * model.step()).collect(),
        network: serde_json::from_value(config).ok(),
        parameters: model.parameters(),
        provenance: model.provenance(),
    };
    output::result(common.json, &info, || text(&info))?;
    Ok(Answer::Yes)
}

fn text(info: &Info<'_>) -> String {
    let mut out = String::new();
    let facts = [
        ("kind", info.kind.to_owned()),
        ("fingerprint", info.fingerprint.clone()),
        ("dimensions", info.dim.to_string()),
        ("metric", info.metric.to_owned()),
        ("residuals", if info.normalize_residuals { "scaled to unit length" } else { "as they are" }.to_owned()),
        ("seed", info.seed.to_string()),
        ("grid", format!("steps of 2^{}, codewords of 2^{}", -info.grid_exponent, -info.codebook_exponent)),
        (
            "sizes",
            if info.prices { "balanced; `encode --assignment priced` keeps new rows so" } else { "not balanced" }
                .to_owned(),
        ),
        ("semantic IDs", format!("{} possible", possible_ids(&info.clusters))),
    ];
    for (name, value) in facts {
        let _ = writeln!(out, "{name:<12}  {value}");
    }
    if !info.label_columns.is_empty() {
        let _ = writeln!(out, "{:<12}  first codes by {}", "labels", info.label_columns.join(", "));
    }
    for (level, labels) in info.label_levels.iter().enumerate() {
        let _ = writeln!(out, "{:<12}  {}", format!("level {}", level + 1), labels.text());
    }
    if let Some(beam) = info.beam {
        let _ = writeln!(out, "{:<12}  by a beam of {beam}", "encodes");
    }
    for (name, value) in fit_facts(info.parameters) {
        let _ = writeln!(out, "{name:<12}  {value}");
    }
    for BlockInfo { name, dim, weight, scale } in &info.blocks {
        let (dim, scale) = (output::things(*dim, "dimension"), output::numbers(&[*scale]).concat());
        let _ = writeln!(out, "{:<12}  {name}: {dim} of weight {weight}, scaled by {scale}", "block");
    }
    if let Some(levels) = info.residual_levels {
        let slices: Vec<String> = info.slices.iter().map(usize::to_string).collect();
        let before =
            if levels > 0 { format!("after {}, ", output::things(levels, "residual level")) } else { String::new() };
        let _ = writeln!(out, "{:<12}  {before}of {} dimensions", "slices", slices.join(", "));
    }
    if let Some(Network { latent, hidden, skip, matmul_bits }) = &info.network {
        let hidden: Vec<String> = hidden.iter().map(|width| format!("{width}-")).collect();
        let skip = if *skip { ", added to its input" } else { "" };
        let layers = format!("{}-{}{latent}{skip}", info.dim, hidden.concat());
        let _ = writeln!(out, "{:<12}  {layers}, products of {matmul_bits} bits", "encoder");
    }
    for input in info.provenance.iter().flat_map(|provenance| &provenance.inputs) {
        let size = [(input.rows, "row"), (input.dim, "dimension")].map(|(number, of)| output::things(number, of));
        let size = size.join(" of ");
        let _ = writeln!(out, "{:<12}  {}, {size}, SHA-256 {}", "fitted to", input.name, input.sha256);
    }
    for file in info.provenance.iter().flat_map(|provenance| &provenance.files) {
        let _ = writeln!(out, "{:<12}  {}, SHA-256 {}", file.what, file.name, file.sha256);
    }
    if let Some(provenance) = info.provenance {
        let _ = writeln!(out, "{:<12}  semid {}", "fitted by", provenance.semid);
    }
    out.push_str("\nlevel  clusters  largest component\n");
    let largest = output::numbers(&info.largest_component);
    for (i, (clusters, largest)) in info.clusters.iter().zip(largest).enumerate() {
        let _ = writeln!(out, "{:>5}  {clusters:>8}  {largest:>17}", i + 1);
    }
    out
}

/// Tells what the fit had besides rows and sizes, as far as the model records it.
fn fit_facts(parameters: Option<&BTreeMap<String, Value>>) -> Vec<(&'static str, String)> {
    let value = |name: &str| parameters.and_then(|of| of.get(name)).filter(|value| !value.is_null());
    let text = |name: &str| value(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let count = |name: &str| value(name).and_then(Value::as_u64).filter(|count| *count > 0);
    let frozen = count("freeze_levels").map(|levels| {
        let levels = output::things(levels as usize, "frozen level");
        format!(", {levels}")
    });
    let facts = [
        ("weights", text("weight_step").map(|step| format!("of rows, in steps of {step}"))),
        ("pairs", text("pair_weight").map(|weight| format!("rows mixed with partners of weight {weight}"))),
        ("refined", count("refine").map(|rounds| format!("in up to {}", output::things(rounds as usize, "round")))),
        ("started from", text("warm_start").map(|model| format!("{model}{}", frozen.unwrap_or_default()))),
        ("aligned to", text("align_to")),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Writes the number of different codes, in full as long as that is readable.
fn possible_ids(clusters: &[usize]) -> String {
    let product = clusters.iter().map(|k| *k as f64).product::<f64>();
    if product < 1e15 { product.to_string() } else { format!("{product:.3e}") }
}
