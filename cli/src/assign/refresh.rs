//! Moves items to better IDs, for `--move-if-gain`, and writes the log of the moves.

use crate::args::{AssignArgs, Share};
use crate::input::Input;
use crate::interrupt::{self, Watched};
use crate::output::{self, Failure};
use semid::io::{AtomicFile, IdWriter};
use semid::registry::{IdText, Move, MoveLimits, MoveReport};
use semid::{Device, ErrorKind, SemanticIdEngine};
use serde::Serialize;
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// Items that are looked up at a time for the output.
const AT_ONCE: usize = 65_536;

/// What `--move-if-gain` and the flags beside it ask for.
pub(super) struct Refresh<'a> {
    gain: Share,
    at_most: Share,
    log: Log<'a>,
}

/// The counts of the moves, for `--json`.
#[derive(Serialize)]
pub(super) struct Moved<'a> {
    /// Items to which the model gives other codes than those of their IDs.
    changed: u64,
    /// Items of these that would gain enough.
    gaining: u64,
    /// The most items that move.
    at_most: u64,
    moved: u64,
    #[serde(serialize_with = "output::path")]
    log: &'a Path,
}

impl<'a> Refresh<'a> {
    /// Checks the flags, and that the log can be written; none where no items are to be moved.
    pub(super) fn of(args: &'a AssignArgs, input: &Input) -> Result<Option<Self>, Failure> {
        let (Some(gain), Some(at_most), Some(path)) = (args.move_if_gain, args.move_at_most, &args.moves) else {
            return Ok(None);
        };
        for (flag, share) in [("move-if-gain", gain), ("move-at-most", at_most)] {
            if share > Share::ALL {
                let given = 100.0 * f64::from(share);
                return Err(Failure::Error(format!("--{flag}: {given} % is more than all; give a share such as 5%")));
            }
        }
        output::differs_from(path, &args.db, "database")?;
        input.check_output(path)?;
        let others = [args.model.as_ref(), args.keys.items.as_ref()];
        others.into_iter().flatten().try_for_each(|other| output::differs(path, other))?;
        args.output.iter().try_for_each(|other| output::differs_from(path, other, "output"))?;
        Ok(Some(Self { gain, at_most, log: Log::create(path)? }))
    }

    /// Returns the limits of the moves in a database without items.
    pub(super) fn limits(&self) -> MoveLimits {
        MoveLimits { gain: self.gain.into(), at_most: 0 }
    }

    /// Moves items in one transaction, which begins when the log is complete but for its name.
    pub(super) fn run(
        self,
        engine: &mut SemanticIdEngine,
        input: &Input,
        keys: &[String],
        device: &Device,
    ) -> Result<Moved<'a>, Failure> {
        interrupt::say("interrupted; all items have IDs, and none was moved; the same command goes on");
        let at_most = self.at_most.of(engine.registry().len()?);
        let limits = MoveLimits { at_most, ..self.limits() };
        let text = engine.registry().id_text().clone();
        let Log { path, extension, mut file } = self.log;
        let rows = Watched::new(&input.rows);
        let report = engine.move_if_gain(&rows, keys, device, &limits, |moves| {
            let lines: Result<String, _> = moves.iter().map(|of| line(extension, of, &text)).collect();
            // What fails later is only the name.
            write(&mut file, &lines?).and_then(|()| interrupt::check())
        });
        let MoveReport { changed, gaining, moved, .. } = report.map_err(|error| input.failure(error))?;
        interrupt::say("interrupted; all items that gained were moved");
        file.commit()?;
        Ok(Moved { changed, gaining, at_most, moved, log: path })
    }
}

/// The file of moves.
struct Log<'a> {
    path: &'a Path,
    extension: Extension,
    file: AtomicFile,
}

#[derive(Clone, Copy)]
enum Extension {
    Csv,
    JsonLines,
}

impl<'a> Log<'a> {
    fn create(path: &'a Path) -> Result<Self, Failure> {
        let extension = match path.extension().map(|extension| extension.to_ascii_lowercase()) {
            Some(extension) if extension == "csv" => Extension::Csv,
            Some(extension) if extension == "jsonl" => Extension::JsonLines,
            _ => return Err(Failure::Error(format!("{}: moves go to .csv or .jsonl", path.display()))),
        };
        let mut file = AtomicFile::create(path)?;
        if let Extension::Csv = extension {
            write(&mut file, "item,old_id,new_id,squared_distance_before,squared_distance_after,gain\n")?;
        }
        Ok(Self { path, extension, file })
    }
}

fn write(file: &mut AtomicFile, text: &str) -> semid::Result<()> {
    let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
    written.map_err(|source| ErrorKind::Io { action: "writing the moves", source }.into())
}

/// Writes a move as a line.
fn line(extension: Extension, of: &Move, text: &IdText) -> semid::Result<String> {
    let [from, to] = [&of.from, &of.to].map(|id| text.text(id, &of.item));
    Ok(match extension {
        Extension::Csv => {
            let [item, from, to] = [&of.item, &from, &to].map(|text| crate::lines::csv(text));
            format!("{item},{from},{to},{},{},{}\n", of.before, of.after, of.gain())
        }
        Extension::JsonLines => {
            let object = json!({
                "item": of.item, "old_id": from, "new_id": to, "squared_distance_before": of.before,
                "squared_distance_after": of.after, "gain": of.gain(),
            });
            format!("{object}\n")
        }
    })
}

/// Writes the IDs of all items as they are now.
pub(super) fn write_ids(engine: &SemanticIdEngine, keys: &[String], mut out: IdWriter) -> Result<(), Failure> {
    let registry = engine.registry().snapshot()?;
    for keys in keys.chunks(AT_ONCE) {
        interrupt::check()?;
        for (item, entry) in keys.iter().zip(registry.entries(keys)?) {
            // Another process may have deleted an item meanwhile.
            if let Some(entry) = entry {
                out.push(Some(item), &registry.text(&entry.id, item), &entry.id.codes)?;
            }
        }
    }
    Ok(out.finish()?)
}

/// Says in words what was moved.
pub(super) fn text(moved: &Moved<'_>) -> String {
    let Moved { changed, gaining, at_most, moved, log } = moved;
    let items = output::things(*changed as usize, "item");
    let have = if *changed == 1 { "has" } else { "have" };
    let gain = if *gaining == 1 { "gains" } else { "gain" };
    let what = match (gaining, moved) {
        (0, _) => "none gains enough, so no ID changes".to_owned(),
        (_, 0) => format!("{gaining} {gain} enough, but at most {at_most} may move, so no ID changes"),
        (_, 1) => {
            format!("{gaining} {gain} enough, of which the best 1 moved (at most {at_most}); its old ID is retired")
        }
        _ => {
            let retired = "their old IDs are retired";
            format!("{gaining} {gain} enough, of which the best {moved} moved (at most {at_most}); {retired}")
        }
    };
    format!("{items} {have} other codes than their IDs: {what}\nsaved {}\n", log.display())
}
