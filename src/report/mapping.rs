//! Reports on IDs that any tool made.

use super::facts::Facts;
use super::{MappingFindings, Report, ReportPage, page};
use crate::error::Result;
use crate::mapping::Mapping;

impl Report {
    /// Draws the page about IDs that any tool made; the names of the items are their keys unless others are set.
    ///
    /// The page has the parts of one about a model that need no model, and the fan-out of prefixes, the ceiling of
    /// recall, and the findings.
    ///
    /// ```
    /// use semid::mapping::Mapping;
    /// use semid::report::MappingFindings;
    /// use semid::{Codes, Report};
    ///
    /// let keys = ["hat", "cap", "shoe"].map(String::from);
    /// let mapping = Mapping::new(keys.to_vec(), Codes::new(vec![0, 1, 0, 1, 2, 0], 2)?)?;
    /// let mut findings = MappingFindings::default();
    /// findings.churn = Some(mapping.churn(&mapping)?);
    /// let page = Report::new().run_on_mapping(&mapping, &findings)?;
    /// assert!(page.html().contains("Fan-out") && page.html().contains("shoe"));
    /// # Ok::<(), semid::Error>(())
    /// ```
    ///
    /// # Shapes
    /// `mapping` (N, L), names and labels (N).
    ///
    /// # Errors
    /// [`ErrorKind::RowCount`](crate::ErrorKind::RowCount) where there is not one name or label for each item; the
    /// errors of [`Mapping::metrics`].
    pub fn run_on_mapping(&self, mapping: &Mapping, findings: &MappingFindings) -> Result<ReportPage> {
        self.check(mapping.codes().len())?;
        let mut facts = Facts::of_mapping(self, mapping)?;
        facts.purity = facts.purity.or_else(|| findings.purity.clone());
        page::of_mapping(self, &facts, mapping, findings)
    }
}
