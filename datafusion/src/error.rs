//! What the functions refuse, as errors that a program can tell apart.

use datafusion::error::DataFusionError;

/// Why a function failed. Queries return it inside [`DataFusionError::External`]; [`FunctionError::of`] finds it.
///
/// Rows count from 0 within the batch of rows that the engine gave to the function.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FunctionError {
    /// An argument has to be the same for all rows.
    #[error("{function}: the {argument} must be a constant text, such as {example}, not NULL or a column")]
    NotConstant {
        /// Name of the function.
        function: &'static str,
        /// What the argument is.
        argument: &'static str,
        /// A value that would do.
        example: &'static str,
    },
    /// A model could not be opened.
    #[error("the model '{name}' cannot be used: {source}")]
    Model {
        /// Name of the model, or the path of its file.
        name: String,
        /// Why not.
        source: semid::Error,
    },
    /// The model takes its first codes from labels, which no function is given.
    #[error(
        "semid_encode: the model '{name}' takes its first codes from the labels of {columns}, and without them every \
             code would be that of an unknown label: encode with the labels outside SQL, or use a model without them"
    )]
    Labels {
        /// Name of the model, or the path of its file.
        name: String,
        /// The columns of the labels.
        columns: String,
    },
    /// An embedding has another number of values than the model takes.
    #[error(
        "{function}: row {row} has {found} values, and the model takes {expected}: use the embeddings that it was \
             fitted for"
    )]
    Width {
        /// Name of the function.
        function: &'static str,
        /// Row of the batch.
        row: usize,
        /// Dimensions of the model.
        expected: usize,
        /// Values of the row.
        found: usize,
    },
    /// Two rows have different numbers of codes.
    #[error("{function}: row {row} has {found} codes, and rows before it {expected}: give codes of one model")]
    Levels {
        /// Name of the function.
        function: &'static str,
        /// Row of the batch.
        row: usize,
        /// Codes of the rows before.
        expected: usize,
        /// Codes of the row.
        found: usize,
    },
    /// A list is there, but one of its values is NULL.
    #[error("{function}: value {place} of row {row} is NULL: a whole list may be NULL, a value in it may not")]
    NullValue {
        /// Name of the function.
        function: &'static str,
        /// Row of the batch.
        row: usize,
        /// Place in the list, from 0.
        place: usize,
    },
    /// The model's codes do not lead back to embeddings, so that there is no distance to them.
    #[error("semid_distance: the model '{name}' scales what every level leaves, so its codes have no distance")]
    NoDistance {
        /// Name of the model, or the path of its file.
        name: String,
    },
    /// An aggregate cannot be computed over different values only.
    #[error("{function}: DISTINCT would hide the collisions that it measures; leave it out")]
    Distinct {
        /// Name of the function.
        function: &'static str,
    },
    /// The library refused the rows, or failed.
    #[error("{function}: {source}")]
    Semid {
        /// Name of the function.
        function: &'static str,
        /// The error of the library.
        source: semid::Error,
    },
}

impl FunctionError {
    /// Returns the error of a function that made a query fail, if it was one.
    pub fn of(error: &DataFusionError) -> Option<&Self> {
        match error.find_root() {
            DataFusionError::External(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

impl From<FunctionError> for DataFusionError {
    fn from(error: FunctionError) -> Self {
        Self::External(Box::new(error))
    }
}

/// Says in which function the library failed.
pub(crate) fn within(function: &'static str) -> impl Fn(semid::Error) -> FunctionError {
    move |source| FunctionError::Semid { function, source }
}
