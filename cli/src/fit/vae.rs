//! `semid fit --kind rq-vae` and `--kind rq-kmeans-plus`

use super::{align, params};
use crate::args::{Common, FitArgs, ModelKind};
use crate::config::Config;
use crate::input::Input;
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use semid::io::AtomicFile;
use semid::vae::{EpochReport, RqVaeFit, RqVaeReport, Schedule};
use semid::{Device, ErrorKind, Model, Rows, RqKMeansModel, RqVae};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

/// The output of `--json`.
#[derive(Serialize)]
struct Trained<'a> {
    fingerprint: String,
    kind: &'static str,
    rows: usize,
    dim: usize,
    best_epoch: usize,
    history: &'a [EpochReport],
    device: &'a str,
    backend: &'a str,
    seconds: f64,
    read_seconds: f64,
    #[serde(serialize_with = "output::path")]
    output: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment: Option<align::Aligned>,
}

pub(super) fn run(common: &Common, args: &FitArgs, mut config: Config, kind: ModelKind) -> Outcome {
    if args.balanced {
        return Err(Failure::Error("--balanced is for --kind rq-kmeans; leave it out".into()));
    }
    if args.memory.is_some() {
        let reason =
            "--memory is for --kind rq-kmeans, as networks keep all rows in memory; leave it out, or use --sample";
        return Err(Failure::Error(reason.into()));
    }
    params::only_for_networks(&args.options, &args.vae)?;
    let named = config.remove("warm_start");
    let warm_start = warm_start(args, kind)?;
    if let Some(model) = &warm_start {
        align::is_that(model.fingerprint(), named.as_ref(), "warm-start", &config)?;
        leaves_to_warm_start(args, model)?;
    } else if named.is_some() {
        return Err(config.failure("warm_start is for kind rq-kmeans-plus; leave it out"));
    }
    let aligned_to = config.remove("align_to");
    config.set("kind", Some("rq-vae"))?;
    super::size_and_seed(args, &mut config)?;
    if let Some(model) = &warm_start {
        // If nothing sets the sizes, they are those of the warm start; a training refuses any others.
        config.set("levels", (!config.has("levels")).then(|| model.levels().len()))?;
        config.set("clusters", (!config.has("clusters")).then(|| model.clusters()))?;
    }
    let params = params::network(config.parameters::<RqVae>()?, &args.options, &args.vae)?;
    let params = sinkhorn(params, args)?;
    let input = Input::open(&args.input)?;
    let older = align::Older::load(args, aligned_to.as_ref(), &config, input.rows.dim())?;
    input.check_output(&args.output)?;
    for file in args.vae.checkpoint.iter().chain(&args.vae.warm_start) {
        input.check_output(file)?;
        output::differs_from(file, &args.output, "output")?;
    }
    // It is better to learn before the training that these files cannot be written.
    for file in args.vae.checkpoint.iter().chain([&args.output]) {
        AtomicFile::check(file)?;
    }
    let device = common.device()?;
    let rows = Watched::new(&input.rows);
    let start = Instant::now();
    let bar = Bar::fit(common);
    let training = begin(args, &params, warm_start.as_ref(), &rows, &device, &bar);
    let mut training = training.map_err(|error| input.failure(error))?;
    let trained = training.train(args.vae.checkpoint.as_deref(), |progress| {
        bar.epoch(progress);
        if let Some(path) = args.vae.checkpoint.as_ref().filter(|_| !progress.done.is_empty()) {
            interrupt::say(goes_on(path));
        }
        interrupt::flow()
    });
    trained.map_err(|error| stopped(error, args, &params, training.epochs().len()))?;
    drop(bar);
    let (model, report) = training.finish()?;
    let seconds = start.elapsed().as_secs_f64();
    interrupt::check().map_err(|error| stopped(error, args, &params, report.epochs.len()))?;
    let (model, alignment) = align::align(older.as_ref(), model.into(), &rows, &device)?;
    let model = super::recorded(model, args, &input)?;
    model.save(&args.output)?;
    let trained = Trained {
        fingerprint: model.fingerprint(),
        kind: model.kind(),
        rows: report.rows,
        dim: report.dim,
        best_epoch: report.best_epoch,
        history: &report.epochs,
        device: &device.info().name,
        backend: &device.info().backend,
        seconds,
        read_seconds: rows.seconds(),
        output: &args.output,
        alignment,
    };
    output::result(common.json, &trained, || text(&trained, &report))?;
    Ok(Answer::Yes)
}

fn begin(
    args: &FitArgs,
    params: &RqVae,
    warm_start: Option<&RqKMeansModel>,
    rows: &dyn Rows,
    device: &Device,
    bar: &Bar,
) -> semid::Result<RqVaeFit> {
    let checkpoint = args.vae.checkpoint.as_ref().filter(|path| path.exists());
    match (checkpoint, warm_start) {
        (None, None) => params.begin_with(rows, device, |progress| {
            bar.show(progress);
            interrupt::flow()
        }),
        (None, Some(model)) => params.begin_from(model, rows, device),
        (Some(path), None) => params.resume(path, rows, device),
        (Some(path), Some(model)) => params.resume_from(path, model, rows, device),
    }
}

fn goes_on(checkpoint: &Path) -> String {
    format!("interrupted; the same command goes on from {}", checkpoint.display())
}

/// Returns the failure after that many epochs; if there is a checkpoint, it says how to go on.
fn stopped(error: semid::Error, args: &FitArgs, params: &RqVae, epochs: usize) -> Failure {
    let Some(path) = &args.vae.checkpoint else { return error.into() };
    match error.kind() {
        ErrorKind::Cancelled => Failure::Stopped(goes_on(path)),
        ErrorKind::Diverged { .. } if epochs > 0 && params.get_schedule() != Schedule::Cosine => {
            let how = format!("the same command with --epochs {epochs} saves the best model until then");
            let path = path.display();
            Failure::Error(format!("{error}; {path} keeps the state after epoch {epochs}: {how}"))
        }
        _ => error.into(),
    }
}

/// Loads the model of `--warm-start`, which `rq-kmeans-plus` needs and no other kind takes.
fn warm_start(args: &FitArgs, kind: ModelKind) -> Result<Option<RqKMeansModel>, Failure> {
    match (&args.vae.warm_start, kind == ModelKind::KMeansPlus) {
        (None, false) => Ok(None),
        (Some(_), false) => Err(Failure::Error("--warm-start is for --kind rq-kmeans-plus; add that".into())),
        (None, true) => Err(Failure::Error(
            "--kind rq-kmeans-plus starts from a fitted model; give one as --warm-start model.safetensors".into(),
        )),
        (Some(path), true) => match Model::load(path)?.downcast::<RqKMeansModel>() {
            Some(model) => Ok(Some(model.clone())),
            None => Err(Failure::Error(format!("{}: this is no rq-kmeans model; give one", path.display()))),
        },
    }
}

/// Sets Sinkhorn as the flags ask.
fn sinkhorn(params: RqVae, args: &FitArgs) -> Result<RqVae, Failure> {
    let (epsilons, iterations) = params.get_sinkhorn();
    let epsilons = match args.sinkhorn_epsilon.as_slice() {
        [] => epsilons.to_vec(),
        given => given.to_vec(),
    };
    if epsilons.is_empty() && args.sinkhorn_iterations.is_some() {
        return Err(super::iterations_alone());
    }
    Ok(params.sinkhorn(epsilons, args.sinkhorn_iterations.unwrap_or(iterations)))
}

/// Refuses flags that ask for other sizes than the warm start has.
fn leaves_to_warm_start(args: &FitArgs, model: &RqKMeansModel) -> Result<(), Failure> {
    let clusters = model.clusters();
    let other_clusters = match args.clusters.as_slice() {
        [] => false,
        [one] => clusters.iter().any(|k| k != one),
        list => list != clusters,
    };
    let wrong = [
        ("levels", args.levels.is_some_and(|levels| levels != clusters.len())),
        ("clusters", other_clusters),
        ("latent", args.vae.latent.is_some_and(|latent| latent != model.dim())),
        ("kmeans-init", args.vae.kmeans_init.is_some()),
        ("no-standardize", args.vae.no_standardize),
    ];
    match wrong.into_iter().find(|(_, wrong)| *wrong) {
        Some((name, _)) => {
            let found = format!("{clusters:?} clusters in {} dimensions", model.dim());
            Err(Failure::Error(format!("--{name} differs from the warm start, which has {found}; leave it out")))
        }
        None => Ok(()),
    }
}

/// How many epochs the text lists at most.
const LISTED: usize = 10;

fn text(trained: &Trained<'_>, report: &RqVaeReport) -> String {
    let Trained { kind, rows, dim, device, seconds, .. } = trained;
    let (rows, dim) = (output::things(*rows, "row"), output::things(*dim, "dimension"));
    let mut out = format!("trained {kind} on {rows} of {dim} on {device} in {seconds:.2} s\n");
    out.push_str("epoch      loss  reconstruction  held-out loss  collisions  used codes\n");
    let step = report.epochs.len().div_ceil(LISTED).max(1);
    for epoch in report.epochs.iter().filter(|epoch| epoch.epoch % step == 0 || epoch.epoch == report.best_epoch) {
        let EpochReport { epoch, loss, reconstruction, held_out_loss, collision_rate, used, .. } = epoch;
        let used: Vec<String> = used.iter().map(usize::to_string).collect();
        let (collisions, used) = (format!("{:.2} %", 100.0 * collision_rate), used.join(" / "));
        let line = format!("{epoch:>5}  {loss:>8.5}  {reconstruction:>14.5}  {held_out_loss:>13.5}  {collisions:>10}");
        let _ = writeln!(out, "{line}  {used}");
    }
    let (fingerprint, output) = (&trained.fingerprint, trained.output.display());
    match report.best_epoch {
        0 => out.push_str("not trained\n"),
        epoch => drop(writeln!(out, "kept epoch {epoch}")),
    }
    out.push_str(&align::text(trained.alignment.as_ref()));
    let _ = writeln!(out, "fingerprint {fingerprint}\nsaved {output}");
    out
}
