//! `semid report --ids`

use super::{SavedPage, page, text};
use crate::args::{Common, ReportArgs};
use crate::interrupt;
use crate::judge::{AskedOfIds, Judged, judge};
use crate::output::{self, Answer, Failure, Outcome, things};
use semid::Report;
use semid::report::MappingFindings;
use std::path::Path;
use std::time::Instant;

pub(super) fn run(common: &Common, args: &ReportArgs) -> Outcome {
    let start = Instant::now();
    without_input(args)?;
    page::check_output(&args.page, &args.output)?;
    let keys = args.keys();
    let asked = AskedOfIds {
        ids: &args.ids,
        input: &args.input,
        keys: &keys,
        labels: (args.page.label_column.as_deref(), args.page.labels.as_deref()),
        against: args.against.as_deref(),
        k: args.k,
        sample: Some(args.sample),
        pairs: Some(args.pairs),
        seed: args.seed,
        output: Some(&args.output),
    };
    let mut judged = judge(common, &asked)?;
    let report = report(args, &judged);
    let device = judged.embeddings.as_ref().map(|embedded| embedded.device.clone());
    let findings = findings(&mut judged);
    let drawn = report.run_on_mapping(&judged.mapping, &findings)?;
    interrupt::check()?;
    let written = SavedPage {
        output: &args.output,
        bytes: drawn.html().len(),
        figures: page::save(&args.page, &args.output, &drawn)?
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect(),
        rows: judged.mapping.keys().len(),
        bad_rows: judged.embeddings.as_ref().map_or(0, |embedded| embedded.bad_rows),
        seconds: start.elapsed().as_secs_f64(),
        device,
        warnings: std::mem::take(&mut judged.warnings),
    };
    output::warn(&written.warnings);
    output::result(common.json, &written, || text(&written))?;
    Ok(Answer::Yes)
}

fn report(args: &ReportArgs, judged: &Judged) -> Report {
    let path = args.ids.ids.as_deref().unwrap_or(Path::new(""));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let title = args.page.title.clone().unwrap_or_else(|| format!("Semantic IDs of {stem}"));
    let (items, codes) = (things(judged.mapping.keys().len(), "item"), things(judged.mapping.clusters().len(), "code"));
    let mut report = Report::new().title(title).seed(args.seed);
    report = report.detail("IDs", format!("{}: {items} of up to {codes}", page::file_name(path)));
    for (name, file) in [("Older IDs", args.against.as_deref()), ("Pairs", args.ids.interactions.as_deref())] {
        if let Some(file) = file {
            report = report.detail(name, page::file_name(file));
        }
    }
    if let Some(embedded) = &judged.embeddings {
        let (rows, dim) = (things(embedded.rows, "row"), things(embedded.dim, "dimension"));
        let joined = format!(
            "{}: {rows} of {dim} joined by key; {} without an ID, {} without a row",
            page::file_name(&args.input.name()),
            things(embedded.rows_without_id, "row"),
            things(embedded.items_without_row, "item")
        );
        report = report.detail("Embeddings", joined);
    }
    match args.k {
        Some(k) => report.k(k),
        None => report,
    }
}

/// Takes what was measured out of `judged`.
fn findings(judged: &mut Judged) -> MappingFindings {
    let mut findings = MappingFindings::default();
    findings.churn = judged.churn.take();
    findings.weighted = judged.weighted.take();
    findings.co_occurrence = judged.co_occurrence.take();
    if let Some(embedded) = &judged.embeddings {
        findings.collisions = Some(embedded.kinds.clone());
        findings.neighbors = embedded.neighbors.clone();
        findings.purity = embedded.prefix_purity.clone();
    }
    findings
}

/// Refuses flags about embeddings where there are none.
fn without_input(args: &ReportArgs) -> Result<(), Failure> {
    let page = &args.page;
    let given = [
        ("id-column", page.id_column.is_some()),
        ("items", page.items.is_some()),
        ("row-numbers", args.row_numbers),
        ("label-column", page.label_column.is_some()),
        ("labels", page.labels.is_some()),
        ("near-quantile", args.ids.near_quantile.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given && args.input.input.is_empty()) {
        Some((flag, _)) => {
            Err(Failure::Error(format!("--{flag} is about embeddings; give them with --input, or leave --{flag} out")))
        }
        None => Ok(()),
    }
}
