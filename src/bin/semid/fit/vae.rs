//! `semid fit --kind rq-vae` and `--kind rq-kmeans-plus`

use crate::args::{self, Common, FitArgs, ModelKind};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use semid::io::{AtomicFile, open};
use semid::{
    Clusters, CodebookUpdate, Device, EpochReport, ErrorKind, Estimator, Keep, Loss, MatmulWidth, Model, Reduction,
    Rows, RqKMeansModel, RqVae, RqVaeFit, RqVaeReport, Schedule,
};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

/// What `--json` prints.
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
    output: &'a Path,
}

pub(super) fn run(common: &Common, args: &FitArgs) -> Outcome {
    refuse(args)?;
    let warm_start = warm_start(args)?;
    let params = params(args, warm_start.as_ref())?;
    let rows = open(&args.input.input, &args.input.options())?;
    output::differs(&args.output, &args.input.input)?;
    for file in args.vae.checkpoint.iter().chain(&args.vae.warm_start) {
        output::differs(file, &args.input.input)?;
        output::differs(file, &args.output)?;
    }
    drop(AtomicFile::create(&args.output)?);
    let device = common.device()?;
    let rows = Watched::new(&*rows);
    let start = Instant::now();
    let training = begin(args, &params, warm_start.as_ref(), &rows, &device);
    let mut training = training.map_err(|error| Failure::of_rows(error, &args.input.input))?;
    train(common, args, &mut training)?;
    let (model, report) = training.finish()?;
    let seconds = start.elapsed().as_secs_f64();
    interrupt::check().map_err(|error| stopped(error, args))?;
    model.save(&args.output)?;
    let trained = Trained {
        fingerprint: model.fingerprint(),
        kind: if model.has_skip() { "rq-kmeans-plus" } else { "rq-vae" },
        rows: report.rows,
        dim: report.dim,
        best_epoch: report.best_epoch,
        history: &report.epochs,
        device: &device.info().name,
        backend: &device.info().backend,
        seconds,
        read_seconds: rows.seconds(),
        output: &args.output,
    };
    output::result(common.json, &trained, || text(&trained, &report))?;
    Ok(Answer::Yes)
}

fn begin<'a>(
    args: &FitArgs,
    params: &RqVae,
    warm_start: Option<&RqKMeansModel>,
    rows: &dyn Rows,
    device: &'a Device,
) -> semid::Result<RqVaeFit<'a>> {
    let checkpoint = args.vae.checkpoint.as_ref().filter(|path| path.exists());
    match (checkpoint, warm_start) {
        (None, None) => params.begin(rows, device),
        (None, Some(model)) => params.begin_from(model, rows, device),
        (Some(path), None) => params.resume(path, rows, device),
        (Some(path), Some(model)) => params.resume_from(path, model, rows, device),
    }
}

/// All epochs, with a checkpoint after each and on Ctrl-C.
fn train(common: &Common, args: &FitArgs, training: &mut RqVaeFit<'_>) -> Result<(), Failure> {
    let bar = Bar::fit(common);
    loop {
        let epoch = training.next_epoch(|progress| {
            bar.epoch(progress);
            interrupt::flow()
        });
        let (done, failed) = match epoch {
            Ok(epoch) => (epoch.is_none(), None),
            Err(error) => (true, Some(error)),
        };
        // After a divergence the file keeps the last good state.
        let save = failed.as_ref().is_none_or(|error| matches!(error.kind(), ErrorKind::Cancelled));
        if let Some(path) = args.vae.checkpoint.as_ref().filter(|_| save) {
            training.save_checkpoint(path)?;
        }
        match failed {
            Some(error) => return Err(stopped(error, args)),
            None if done => return Ok(()),
            None => {}
        }
    }
}

/// A failure; after Ctrl-C with a checkpoint it says how to go on.
fn stopped(error: semid::Error, args: &FitArgs) -> Failure {
    match (error.kind(), &args.vae.checkpoint) {
        (ErrorKind::Cancelled, Some(path)) => {
            Failure::Stopped(format!("interrupted; the same command goes on from {}", path.display()))
        }
        _ => error.into(),
    }
}

/// The model of `--warm-start`, which `rq-kmeans-plus` needs and nothing else takes.
fn warm_start(args: &FitArgs) -> Result<Option<RqKMeansModel>, Failure> {
    match (&args.vae.warm_start, args.kind == ModelKind::KMeansPlus) {
        (None, false) => Ok(None),
        (Some(_), false) => Err(Failure::Error("--warm-start: is for --kind rq-kmeans-plus; add that".into())),
        (None, true) => Err(Failure::Error(
            "--kind rq-kmeans-plus: starts from a fitted model; give it as --warm-start model.safetensors".into(),
        )),
        (Some(path), true) => match Model::load(path)? {
            Model::RqKMeans(model) => Ok(Some(model)),
            _ => Err(Failure::Error(format!("{}: is no rq-kmeans model; give one that is", path.display()))),
        },
    }
}

/// Refuses flags that say nothing to networks.
fn refuse(args: &FitArgs) -> Result<(), Failure> {
    let given = [
        ("balanced", args.balanced),
        ("normalize-residuals", args.normalize_residuals),
        ("no-center", args.no_center),
        ("metric cosine", matches!(args.metric, args::Metric::Cosine)),
        ("algorithm mini-batch", args.algorithm == args::Algorithm::MiniBatch),
        ("init random", matches!(args.init, args::Init::Random)),
        ("n-init", args.n_init != 1),
        ("init-buffer", args.init_buffer.is_some()),
        ("joint", args.joint),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(Failure::Error(format!("--{name}: is for --kind rq-kmeans; leave it out"))),
        None => Ok(()),
    }
}

fn params(args: &FitArgs, warm_start: Option<&RqKMeansModel>) -> Result<RqVae, Failure> {
    let (levels, clusters) = match warm_start {
        Some(model) => (model.levels().len(), Clusters::PerLevel(model.clusters())),
        None => super::levels_and_clusters(args),
    };
    let vae = &args.vae;
    let mut params = RqVae::new(levels, clusters).seed(args.seed).kmeans_iters(args.max_iter).sample(args.sample);
    macro_rules! set {
        ($($name:ident),*) => { $(if let Some(value) = vae.$name.clone() { params = params.$name(value); })* };
    }
    set!(
        hidden,
        latent,
        epochs,
        lr,
        weight_decay,
        warmup,
        beta,
        quantization_weight,
        dropout,
        slope,
        kmeans_init,
        held_out
    );
    if let Some(batch) = args.batch {
        params = params.batch(batch);
    }
    params = params
        .clip(vae.clip)
        .batch_norm(vae.batch_norm)
        .revive(!vae.no_revive)
        .standardize(!vae.no_standardize)
        .schedule(schedule(args)?)
        .loss(match vae.loss {
            Some(args::Loss::L1) => Loss::L1,
            _ => Loss::Mse,
        })
        .reduction(match vae.reduction {
            Some(args::Reduction::Sum) => Reduction::Sum,
            _ => Reduction::Mean,
        })
        .keep(match vae.keep {
            Some(args::Keep::Collisions) => Keep::Collisions,
            Some(args::Keep::Last) => Keep::Last,
            _ => Keep::Loss,
        })
        .width(if vae.matmul_bits == Some(16) { MatmulWidth::Sixteen } else { MatmulWidth::Eight })
        .estimator(if vae.rotation_trick { Estimator::Rotation } else { Estimator::StraightThrough })
        .sinkhorn(args.sinkhorn_epsilon.clone(), args.sinkhorn_iterations)
        .update(vae.ema.map_or(CodebookUpdate::Gradient, CodebookUpdate::MovingAverage));
    Ok(params)
}

fn schedule(args: &FitArgs) -> Result<Schedule, Failure> {
    let vae = &args.vae;
    if vae.schedule != Some(args::Schedule::Step) && (vae.step_epochs.is_some() || vae.gamma.is_some()) {
        return Err(Failure::Error("--step-epochs and --gamma: are for --schedule step; add that".into()));
    }
    Ok(match vae.schedule {
        None | Some(args::Schedule::Constant) => Schedule::Constant,
        Some(args::Schedule::Cosine) => Schedule::Cosine,
        Some(args::Schedule::Step) => {
            Schedule::Step { epochs: vae.step_epochs.unwrap_or(50), gamma: vae.gamma.unwrap_or(0.5) }
        }
    })
}

/// Most epochs that the text lists.
const LISTED: usize = 10;

fn text(trained: &Trained<'_>, report: &RqVaeReport) -> String {
    let Trained { kind, rows, dim, device, seconds, .. } = trained;
    let mut out = format!("trained {kind} on {rows} rows of {dim} dimensions on {device} in {seconds:.2} s\n");
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
    let _ = writeln!(out, "kept epoch {}\nfingerprint {fingerprint}\nsaved {output}", report.best_epoch);
    out
}
