//! What a fit is asked to do.

mod check;
mod getters;
mod stored;
pub use crate::clusters::Clusters;
pub(crate) use check::SINKHORN_EPSILON;
pub(super) use check::check_balanced;

pub use crate::quantization::Metric;
use crate::transport::balanced::Sizes;
use serde::{Deserialize, Serialize};

/// How the first codewords of a level are chosen.
///
/// Rows that become codewords are then drawn toward the mean of all rows, to 1, 1/2, 1/4 or 1/8 of their distances from
/// it, whichever leaves the smallest squared error: residuals in many dimensions have no clusters, and a codeword that
/// is one of them would keep this row alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Init {
    /// Greedy k-means++: each codeword is the best of several rows drawn with probability proportional to their squared
    /// distance from the codewords so far. With many rows the choice is among candidates that are drawn from all rows
    /// with the same probabilities first, each weighted by the rows nearest to it.
    ///
    /// # References
    /// D. Arthur, S. Vassilvitskii, k-means++: The Advantages of Careful Seeding, SODA 2007. B. Bahmani et al.,
    /// Scalable K-Means++, VLDB 2012.
    #[default]
    #[serde(rename = "k-means++")]
    KMeansPlusPlus,
    /// Distinct rows, those with the smallest hash of (seed, row).
    Random,
    /// Codewords that a hierarchy of fits finds: about sqrt(K) coarse clusters are fitted to `32 K` of the rows, K
    /// codewords are shared among them in proportion to their squared errors, and each fits its share to its rows,
    /// starting from k-means++. For a thousand codewords and more it takes a small part of the time of k-means++.
    Hierarchical,
}

/// How codewords are improved.
///
/// Files name it `"lloyd"`, `"hierarchical"` or `"mini-batch"`; `{"mini-batch": {"batch": 1024}}` also sets
/// [`MiniBatch`], and `{"hierarchical": {"full_iter": 5}}` sets [`Hierarchical`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Algorithm {
    /// Lloyd's algorithm over all rows.
    #[default]
    Lloyd,
    /// Count-weighted updates from small batches.
    MiniBatch(MiniBatch),
    /// The codewords of a hierarchy of fits ([`Init::Hierarchical`]), and a few iterations of Lloyd's algorithm over
    /// all rows. For a thousand codewords and more it takes a small part of the time of Lloyd's algorithm alone, for a
    /// slightly larger squared error. The fits of the hierarchy start from `init`.
    Hierarchical(Hierarchical),
}

impl Algorithm {
    /// The name that files have.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lloyd => "lloyd",
            Self::MiniBatch(_) => "mini-batch",
            Self::Hierarchical(_) => "hierarchical",
        }
    }
}

/// Parameters of the hierarchical algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hierarchical {
    /// Most iterations of Lloyd's algorithm over all rows, at the end; `max_iter` bounds them, too.
    pub full_iter: usize,
}

impl Default for Hierarchical {
    fn default() -> Self {
        Self { full_iter: 2 }
    }
}

/// Parameters of the mini-batch algorithm.
///
/// # References
/// D. Sculley, Web-Scale K-Means Clustering, WWW 2010.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MiniBatch {
    /// Rows per batch.
    pub batch: usize,
    /// Rows the initialiser sees: the first codewords are seeded from a buffer of this many rows.
    pub init_buffer: usize,
    /// Whether a level is trained to the end before the next one starts; otherwise every batch passes all levels.
    pub layer_wise: bool,
}

impl Default for MiniBatch {
    fn default() -> Self {
        Self { batch: 2048, init_buffer: 3072, layer_wise: true }
    }
}

/// Residual k-means to be fitted: parameters with the defaults users know.
///
/// | parameter | default | meaning |
/// | --- | --- | --- |
/// | `levels`, `clusters` | 3, 256 | L levels of K codewords each, or one K per level |
/// | `seed` | 42 | everything random is a function of it |
/// | `max_iter` | 100 | most Lloyd iterations per level; batches per level for mini-batch |
/// | `tol` | 1e-4 | stop when the codewords' squared movement is at most `tol` x the mean variance per dimension, which outliers do not raise |
/// | `n_init` | 1 | runs per level from different seeds, the best is kept |
/// | `init` | k-means++ | see [`Init`] |
/// | `metric` | l2 | see [`Metric`] |
/// | `normalize_residuals` | off | scale every level's residuals to unit length |
/// | `algorithm` | Lloyd | see [`Algorithm`] |
/// | `sizes` | any | rows per cluster: see [`RqKMeans::balanced`] |
/// | `sinkhorn` | off | see [`RqKMeans::sinkhorn`] |
/// | `sample` | all rows | fit on that many rows: those with the smallest hash of (seed, row) |
/// | `center` | on | subtract a middle per dimension (never for cosine): see [`GridSketch`](crate::shards::GridSketch) |
/// | `refine`, `refine_beam` | 0, 1 | rounds that refine all levels together: see [`RqKMeans::refine`] |
///
/// ```
/// use semid::{Device, Matrix, RqKMeans};
///
/// let values: Vec<f32> = (0..200).map(|i| ((i * 37) % 101) as f32).collect();
/// let rows = Matrix::new(&values, 4)?;
/// let model = RqKMeans::new(2, [4, 8]).seed(7).max_iter(20).fit(&rows, &Device::cpu())?;
/// assert_eq!(model.levels()[1].clusters(), 8);
/// # Ok::<(), semid::Error>(())
/// ```
///
/// # Files
/// Parameters are serialized as an object with `kind` ("rq-kmeans"), `version` (1) and the fields of the table, enums
/// in the words of the command line. A field that is missing has its default, and a list of clusters without `levels`
/// has as many levels as it is long; unknown fields, unknown versions and values that no fit takes are refused.
///
/// ```
/// use semid::rq::Init;
/// use semid::RqKMeans;
///
/// let params: RqKMeans = serde_json::from_str(r#"{"clusters": [64, 16], "init": "random"}"#)?;
/// assert_eq!(params, RqKMeans::new(2, [64, 16]).init(Init::Random));
/// assert_eq!(serde_json::from_str::<RqKMeans>(&serde_json::to_string(&params)?)?, params);
/// assert!(serde_json::from_str::<RqKMeans>(r#"{"cluster": 64}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "stored::StoredKMeans", into = "stored::StoredKMeans")]
pub struct RqKMeans {
    pub(crate) levels: usize,
    pub(crate) clusters: Clusters,
    pub(crate) seed: u64,
    pub(crate) max_iter: usize,
    pub(crate) tol: f64,
    pub(crate) n_init: usize,
    pub(crate) init: Init,
    pub(crate) metric: Metric,
    pub(crate) normalize_residuals: bool,
    pub(crate) algorithm: Algorithm,
    pub(crate) sizes: Option<(Option<usize>, Option<usize>)>,
    pub(crate) sinkhorn: Option<(f64, usize)>,
    pub(crate) sample: Option<usize>,
    pub(crate) center: bool,
    pub(crate) refine: usize,
    pub(crate) refine_beam: usize,
}

/// 3 levels of 256 clusters.
impl Default for RqKMeans {
    fn default() -> Self {
        Self::new(3, 256)
    }
}

impl RqKMeans {
    /// `levels` levels with `clusters` codewords each, or as many per level as a list says.
    pub fn new(levels: usize, clusters: impl Into<Clusters>) -> Self {
        Self {
            levels,
            clusters: clusters.into(),
            seed: 42,
            max_iter: 100,
            tol: 1e-4,
            n_init: 1,
            init: Init::default(),
            metric: Metric::default(),
            normalize_residuals: false,
            algorithm: Algorithm::default(),
            sizes: None,
            sinkhorn: None,
            sample: None,
            center: true,
            refine: 0,
            refine_beam: 1,
        }
    }

    /// Sets the seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the most iterations per level (for mini-batch: the batches per level).
    #[must_use]
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Sets the tolerance; 0 stops only when nothing moves any more.
    ///
    /// A fit stops when the squared movements of all codewords add up to at most `tol` times the mean variance of a
    /// dimension. A few values far from all others would make that variance large and stop the fit early, so it counts
    /// as at most the mean squared width of a dimension, between the 5 % and the 95 % quantile of the sample that the
    /// grid is chosen from; where far values saturate, or nearly do, the mean squared distance of a dimension to the
    /// nearest codeword takes its place.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Sets the number of runs per level of which the best is kept.
    #[must_use]
    pub fn n_init(mut self, n_init: usize) -> Self {
        self.n_init = n_init;
        self
    }

    /// Sets how first codewords are chosen.
    #[must_use]
    pub fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// Sets the metric.
    #[must_use]
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// Sets whether every level's residuals are scaled to unit length.
    #[must_use]
    pub fn normalize_residuals(mut self, normalize_residuals: bool) -> Self {
        self.normalize_residuals = normalize_residuals;
        self
    }

    /// Sets the algorithm.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Gives all clusters of a level as many rows as each other, `floor(N / K)` to `ceil(N / K)`: plain k-means leaves
    /// most of the possible codes unused. The model keeps the prices at which the rows chose their clusters: encode
    /// with [`crate::Encoder::priced`] to keep new rows near balance.
    ///
    /// # Exactness
    /// Every assignment step is the exact optimum: the smallest sum of squared distances that the sizes allow, and of
    /// all optimal assignments the one whose codes, read row by row, are lexicographically smallest.
    ///
    /// ```
    /// use semid::{Device, Matrix, RqKMeans};
    ///
    /// let values: Vec<f32> = (0..400).map(|i| ((i * i) % 101) as f32).collect();
    /// let rows = Matrix::new(&values, 4)?;
    /// let (params, device) = (RqKMeans::new(1, 8).balanced(), Device::cpu());
    /// let mut fit = params.begin(&rows, &device)?;
    /// let balance = fit.next_level()?.and_then(|level| level.balance).unwrap();
    /// assert_eq!((balance.smallest, balance.largest, balance.gap), (12, 13, Some(0)));
    /// # Ok::<(), semid::Error>(())
    /// ```
    #[must_use]
    pub fn balanced(self) -> Self {
        self.sizes(None, None)
    }

    /// Bounds the number of rows of every cluster of every level; a bound that is `None` is that of
    /// [`RqKMeans::balanced`]. Bounds that cannot be kept are refused by `fit` with [`crate::ErrorKind::Sizes`].
    #[must_use]
    pub fn sizes(mut self, min: impl Into<Option<usize>>, max: impl Into<Option<usize>>) -> Self {
        self.sizes = Some((min.into(), max.into()));
        self
    }

    /// Gives rows their codes in every iteration by an entropic transport plan, as papers on semantic IDs do: clusters
    /// are only nearly equal in size, and nothing is proved. [`RqKMeans::balanced`] is exact and usually better; this
    /// is for comparisons with those papers, where `epsilon` is 0.003 to 0.05 and there are 50 to 100 `iterations`.
    ///
    /// Squared distances are shifted and scaled to -1 ..= 1 over all rows and codewords; the plan starts from
    /// `exp(-distance / epsilon)`, and in every iteration first each row and then each cluster is scaled to an equal
    /// share. A row gets the cluster with its largest share, the lowest one on a tie. Encoding is as without it.
    ///
    /// # Exactness
    /// Binary64 on the host, with the exponential of `libm` and sums in a fixed order: the same on every device, with
    /// any number of threads.
    ///
    /// # References
    /// M. Cuturi, Sinkhorn Distances, NeurIPS 2013. B. Zheng et al., Adapting Large Language Models by Integrating
    /// Collaborative Semantics for Recommendation (LC-Rec), ICDE 2024.
    ///
    /// ```
    /// use semid::{Device, Matrix, RqKMeans};
    ///
    /// let values: Vec<f32> = (0..400).map(|i| ((i * i) % 101) as f32).collect();
    /// let rows = Matrix::new(&values, 4)?;
    /// let model = RqKMeans::new(2, 8).sinkhorn(0.01, 50).fit(&rows, &Device::cpu())?;
    /// assert_eq!(model.prices(), None);
    /// # Ok::<(), semid::Error>(())
    /// ```
    #[must_use]
    pub fn sinkhorn(mut self, epsilon: f64, iterations: usize) -> Self {
        self.sinkhorn = Some((epsilon, iterations));
        self
    }

    /// Bounds of the sizes of a level's clusters, where there are any.
    pub(crate) fn sizes_of(&self, rows: usize, clusters: usize) -> Option<Sizes> {
        let balanced = Sizes::balanced(rows, clusters);
        self.sizes.map(|(min, max)| Sizes { min: min.unwrap_or(balanced.min), max: max.unwrap_or(balanced.max) })
    }

    /// Returns the most iterations of Lloyd's algorithm per level.
    pub(crate) fn most_iterations(&self) -> usize {
        match self.algorithm {
            Algorithm::Hierarchical(Hierarchical { full_iter }) => full_iter.min(self.max_iter),
            Algorithm::Lloyd | Algorithm::MiniBatch(_) => self.max_iter,
        }
    }

    /// Fits on a sample of that many rows; `None` uses all.
    #[must_use]
    pub fn sample(mut self, sample: impl Into<Option<usize>>) -> Self {
        self.sample = sample.into();
        self
    }

    /// Sets whether a middle per dimension is subtracted: the midrange or, beside far outliers, the median. It costs
    /// nothing and gives the finest grid.
    #[must_use]
    pub fn center(mut self, center: bool) -> Self {
        self.center = center;
        self
    }

    /// Sets how many rounds refine all levels together, after the last level is fitted. In a round, the codewords of
    /// one level after the other become the exact mean of what all other levels leave of their rows, then move by
    /// noise, and all rows are encoded again. The noise shrinks from round to round, and the last round has none. The
    /// model has the codewords of the round that left the smallest squared error of the rows, if it is smaller than
    /// before. So a refinement never raises the error, and a round takes little more time than an encode.
    ///
    /// 10 rounds leave most of what can be gained, and 20 are often worth their time; noise grows with the number of
    /// rounds, so the first rounds of many leave more than before, and the last ones less than fewer would.
    ///
    /// # Exactness
    /// All sums, errors and movements are exact integers, so every device and every division into shards gives the same
    /// model.
    ///
    /// # Errors
    /// A fit refuses it with [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where balance, Sinkhorn or labels
    /// decide the codes, where residuals are normalised, and where more than 2^26 pairs of codes of two levels would
    /// have to be counted.
    ///
    /// # References
    /// A. Babenko, V. Lempitsky, Additive Quantization for Extreme Vector Compression, CVPR 2014. J. Martinez, S.
    /// Zakhmi, H. H. Hoos, J. J. Little, LSQ++: Lower Running Time and Higher Recall in Multi-Codebook Quantization,
    /// ECCV 2018.
    ///
    /// ```
    /// use semid::{Device, Matrix, RqKMeans};
    ///
    /// let values: Vec<f32> = (0..4000).map(|i| ((i * i) % 509) as f32).collect();
    /// let rows = Matrix::new(&values, 8)?;
    /// let (model, report) = {
    ///     let device = Device::cpu();
    ///     let mut fit = RqKMeans::new(3, 16).refine(5).refine_beam(4).begin(&rows, &device)?;
    ///     while fit.next_level()?.is_some() {}
    ///     fit.finish()?
    /// };
    /// let refinement = report.refinement.unwrap();
    /// assert!(refinement.squared_error < refinement.before);
    /// // The model encodes by the beam that it was refined with.
    /// assert_eq!(model.beam(), 4);
    /// # Ok::<(), semid::Error>(())
    /// ```
    #[must_use]
    pub fn refine(mut self, rounds: usize) -> Self {
        self.refine = rounds;
        self
    }

    /// Sets the width of the beam, 1 to 1,024, by which the rounds of [`RqKMeans::refine`] encode. The model keeps it:
    /// its encodes search as widely unless they are told otherwise, see [`RqKMeansModel::beam`].
    ///
    /// [`RqKMeansModel::beam`]: crate::RqKMeansModel::beam
    #[must_use]
    pub fn refine_beam(mut self, width: usize) -> Self {
        self.refine_beam = width;
        self
    }
}

#[cfg(test)]
mod stored_tests;
#[cfg(test)]
mod tests;
