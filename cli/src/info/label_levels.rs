//! Which code each label has.

use semid::LabelTable;
use serde::Serialize;

/// How many labels of a level the text has, and how many characters of each.
const LISTED: usize = 8;
const LONGEST: usize = 24;

/// A level whose codes labels give.
#[derive(Serialize)]
pub(super) struct LabelLevel<'a> {
    column: &'a str,
    /// The labels in the order of their codes; null for the code of unknown labels.
    labels: Vec<Option<&'a str>>,
    /// The code of unknown labels; where none is reserved for them, they have that of the nearest label.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_code: Option<u32>,
}

impl<'a> From<&'a LabelTable> for LabelLevel<'a> {
    fn from(table: &'a LabelTable) -> Self {
        Self { column: table.column(), labels: table.labels().collect(), unknown_code: table.reserved() }
    }
}

impl LabelLevel<'_> {
    /// Returns the codes with their labels in words, the first ones of many.
    pub(super) fn text(&self) -> String {
        let label = |label: &Option<&str>| match label {
            None => "unknown".to_owned(),
            Some(label) if label.chars().count() > LONGEST => {
                format!("{:?}...", label.chars().take(LONGEST).collect::<String>())
            }
            Some(label) => format!("{label:?}"),
        };
        let shown = self.labels.iter().enumerate().take(LISTED);
        let mut parts: Vec<String> = shown.map(|(code, of)| format!("{code} {}", label(of))).collect();
        if let Some(more) = self.labels.len().checked_sub(LISTED + 1) {
            parts.push(format!("and {} more, see --json", more + 1));
        }
        parts.join(", ")
    }
}
