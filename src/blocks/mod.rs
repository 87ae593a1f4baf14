//! Rows that consist of several embeddings, such as one of a text and one of an image.
//!
//! Each embedding is a *block* of the row. [`Blocks::fit`] finds a scale for every block, at which its mean square is
//! the weight that the caller gives it, and [`Blocks::rows`] scales rows so and puts the block's mean where a row lacks
//! a block. A model keeps the blocks that its rows were scaled by: [`Model::with_blocks`](crate::Model::with_blocks).

mod beside;
mod fit;
mod scaled;
mod stored;
#[cfg(test)]
mod tests;

pub use beside::Beside;
pub use scaled::BlockRows;

use crate::MAX_DIM;
use crate::error::{Error, ErrorKind, Result};
use crate::io::model_file::hex;
use crate::rows::Rows;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use stored::StoredBlock;

/// One embedding of every row.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    name: String,
    weight: f64,
    /// A number of 24 significant bits.
    scale: f64,
    mean: Vec<f32>,
}

impl Block {
    /// Returns the name of the block, such as that of its column.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of dimensions of the block.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// Returns the weight: the mean square that the block was scaled to.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Returns the factor by which the block's values are multiplied.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Returns the mean of the rows that have the block, in their own units: the block of rows that lack it.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// Returns `f32(f64(x) scale)`, or the largest f32 in the place of values beyond it.
    ///
    /// # Exactness
    /// Both factors have 24 significant bits, so their product has 48 and is exact in binary64, whose exponents reach
    /// far beyond it; it is rounded to f32 once. NaN and infinities stay, so that whoever uses the rows refuses them.
    #[inline(always)]
    fn scaled(&self, x: f32) -> f32 {
        let scaled = (f64::from(x) * self.scale).clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
        if x.is_finite() { scaled } else { x }
    }
}

/// The blocks that rows consist of, with the scale and the mean of each. It is cheap to clone.
///
/// # Shapes
/// Rows (N, D) whose D values are those of the blocks, one block after the other.
///
/// # Exactness
/// The blocks depend on the set of the rows and how often each counts: not on the order of the rows, or on the pieces
/// in which they are read. `docs/numerics.md` has the rule in its section "Several embeddings".
///
/// ```
/// use semid::blocks::{Beside, Blocks};
/// use semid::{Device, Matrix, Model, RqKMeans, Rows};
///
/// let text: Vec<f32> = (0..300).map(|i| ((i * 37) % 101) as f32).collect();
/// let image: Vec<f32> = (0..200).map(|i| ((i * 53) % 97) as f32 / 1000.0).collect();
/// let rows = Beside::new([Matrix::new(&text, 3)?, Matrix::new(&image, 2)?])?;
/// let blocks = Blocks::fit(&rows, [("text", 3, 1.0), ("image", 2, 0.5)], None)?;
/// let scaled = blocks.rows(&rows)?;
/// let model = Model::from(RqKMeans::new(2, 8).fit(&scaled, &Device::cpu())?).with_blocks(blocks)?;
/// // Later, the model scales other rows in the same way.
/// let scaled = model.blocks().unwrap().rows(&rows)?;
/// assert_eq!(model.encode(&scaled, &Device::cpu())?.len(), 100);
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<StoredBlock>", into = "Vec<StoredBlock>")]
pub struct Blocks(Arc<[Block]>);

impl Blocks {
    /// Returns the blocks in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Block> {
        self.0.iter()
    }

    /// Returns the number of dimensions of a row, D: the widths of all blocks together.
    pub fn dim(&self) -> usize {
        self.iter().map(Block::width).sum()
    }

    /// Returns the widths of the blocks.
    pub fn widths(&self) -> Vec<usize> {
        self.iter().map(Block::width).collect()
    }

    /// Scales rows that consist of these blocks. A block of a row that is nothing but NaN is missing, and the block's
    /// mean takes its place.
    ///
    /// # Shapes
    /// `rows` (N, D) gives rows (N, D).
    ///
    /// # Errors
    /// [`ErrorKind::DimMismatch`] for rows of another number of dimensions.
    pub fn rows<R: Rows>(&self, rows: R) -> Result<BlockRows<R>> {
        match (self.dim(), rows.dim()) {
            (expected, found) if expected != found => Err(ErrorKind::DimMismatch { expected, found }.into()),
            _ => BlockRows::new(self.clone(), rows),
        }
    }

    /// Turns scaled rows, such as decoded ones, back to the units of the embeddings: `f32(f64(y) / scale)`.
    ///
    /// # Shapes
    /// `rows` has a multiple of D values; what is left after the last whole row stays as it is.
    pub fn unscale(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.dim().max(1)) {
            let mut rest = row;
            for block in self.iter() {
                let (values, after) = rest.split_at_mut(block.width().min(rest.len()));
                values.iter_mut().for_each(|y| *y = (f64::from(*y) / block.scale) as f32);
                rest = after;
            }
        }
    }

    /// Makes the blocks, of which there is at least one.
    fn new(blocks: Vec<Block>) -> Result<Self> {
        let dim = blocks.iter().map(Block::width).fold(0_usize, usize::saturating_add);
        if dim == 0 || dim > MAX_DIM || blocks.iter().any(|block| block.mean.is_empty()) {
            return Err(ErrorKind::Dim { dim }.into());
        }
        different(&blocks.iter().map(Block::name).collect::<Vec<_>>())?;
        Ok(Self(blocks.into()))
    }

    /// Returns the fingerprint of a model with these blocks, whose fingerprint without them is `inner`: SHA-256, in
    /// hex, over `semid blocks 1` and a zero byte, the 64 digits of `inner`, the number of blocks, u32, and for every
    /// block its width, u32, its scale, f64, and its mean, f32 each; numbers are little endian.
    pub(crate) fn fingerprint(&self, inner: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(b"semid blocks 1\0");
        hash.update(inner);
        hash.update((self.0.len() as u32).to_le_bytes());
        for block in self.iter() {
            hash.update((block.width() as u32).to_le_bytes());
            hash.update(block.scale.to_le_bytes());
            block.mean.iter().for_each(|mean| hash.update(mean.to_le_bytes()));
        }
        hex(&hash.finalize())
    }
}

/// Refuses two blocks of one name.
fn different(names: &[&str]) -> Result<()> {
    match names.iter().enumerate().find(|(i, name)| names.iter().take(*i).any(|other| other == *name)) {
        Some((_, name)) => Err(Error::parameter("blocks", format!("{name:?}"), "must each have a name of their own")),
        None => Ok(()),
    }
}
