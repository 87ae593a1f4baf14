//! The rows of an input as commands use them: as the files have them, scaled if a row has several embeddings, or mixed.

use semid::blocks::BlockRows;
use semid::io::Inputs;
use semid::smoothing::Smoothed;
use semid::{Result, Rows};
use std::ops::Deref;

/// The embeddings of an input.
pub(crate) enum Embeddings {
    /// One embedding per row, as the files have it.
    Plain(Box<Inputs>),
    /// Several, scaled by the blocks of a model.
    Blocks(Box<BlockRows<Inputs>>),
    /// Rows mixed with those of the items that they occur with.
    Smoothed { mixed: Box<Smoothed>, of: Box<Embeddings> },
}

impl Embeddings {
    /// Returns the rows as commands read them.
    fn rows(&self) -> &dyn Rows {
        match self {
            Self::Plain(inputs) => inputs,
            Self::Blocks(rows) => rows,
            Self::Smoothed { mixed, .. } => mixed,
        }
    }

    /// Returns the rows as they were before they were mixed, if they are mixed.
    pub(crate) fn unmixed(&self) -> Option<&Embeddings> {
        match self {
            Self::Smoothed { of, .. } => Some(of),
            _ => None,
        }
    }

    /// Returns the rows that are scaled by blocks, if they have several.
    pub(super) fn blocks(&self) -> Option<&BlockRows<Inputs>> {
        match self {
            Self::Plain(_) => None,
            Self::Blocks(rows) => Some(rows),
            Self::Smoothed { of, .. } => of.blocks(),
        }
    }
}

/// The files behind the rows.
impl Deref for Embeddings {
    type Target = Inputs;

    fn deref(&self) -> &Inputs {
        match self {
            Self::Plain(inputs) => inputs,
            Self::Blocks(rows) => rows.source(),
            Self::Smoothed { of, .. } => of,
        }
    }
}

impl Rows for Embeddings {
    semid::forward_rows!(rows());

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.rows().read(first, out)
    }
}
