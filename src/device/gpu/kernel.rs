//! The table of the WGSL kernels: a row names the parts of each. Sizes are read from the shaders.

use super::filter::Filter;
use super::tile::Tile;
use std::collections::HashMap;
use std::sync::OnceLock;

macro_rules! shader {
    ($name:expr) => {
        include_str!(concat!("../../../shaders/", $name, ".wgsl"))
    };
}

const PARAMS: &str = shader!("shared/params");
const U64: &str = shader!("shared/u64");
const U96: &str = shader!("shared/u96");
const SQUARES: &str = shader!("shared/squares");
const BLOCK_SUM: &str = shader!("shared/block_sum");
const RUNNING_SUM: &str = shader!("shared/running_sum");
const LANES: &str = shader!("shared/lanes");
const SCALE: &str = shader!("shared/scale");
const SOFT_FLOAT: &str = shader!("shared/soft_float");
const LEAK: &str = shader!("shared/leak");
const EXACT: &str = shader!("shared/exact");
const ON_GRID: &str = shader!("shared/on_grid");
const VECTORS: &str = shader!("shared/vectors");
const BYTES: &str = shader!("shared/bytes");
const DOTS: &str = shader!("shared/dots");
const MEET: &str = shader!("shared/meet");
const BYTE_SCORES: &str = shader!("shared/byte_scores");
const BYTE_VECTORS: &str = shader!("shared/byte_vectors");
const PLACES: &str = shader!("shared/places");
const RACE: &str = shader!("shared/race");
const CANDIDATES: &str = shader!("shared/candidates");
const MATRIX_RACE: &str = shader!("shared/matrix_race");
const DISTANCE: &str = shader!("shared/distance");
const LANE_DISTANCE: &str = shader!("shared/lane_distance");
const ROUND_BYTES: &str = shader!("shared/round_bytes");

/// Makes [`Kernel`] from rows `Name { variants } = "file" [shared parts] { override: value }`; the last rows are for
/// tests.
macro_rules! kernels {
    ($($kernel:ident $({ $($variant:ident),+ })? = $file:literal [$($part:ident),*]
       $({ $($constant:ident: $value:expr),+ })?;)*
     @tests $($test:ident = $test_file:literal [$($test_part:ident),*];)*) => {
        /// A kernel, with the variants that its override constants distinguish.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(super) enum Kernel {
            $($kernel $({ $($variant: bool),+ })?,)*
            $(#[cfg(test)] $test,)*
        }

        impl Kernel {
            /// Returns every kernel in every variant.
            pub(super) fn all() -> Vec<Self> {
                let mut all = Vec::new();
                $({
                    let variants: &[&str] = &[$($(stringify!($variant)),+)?];
                    for _choice in 0..1_u32 << variants.len() {
                        $(let mut bits = (0..u32::BITS).map(|bit| _choice >> bit & 1 == 1);
                        $(let $variant = bits.next().unwrap_or_default();)+)?
                        all.push(Self::$kernel $({ $($variant),+ })?);
                    }
                })*
                $(#[cfg(test)] all.push(Self::$test);)*
                // Its sums and facts fit no GPU's registers.
                let (wide_rows, wide_codes) = (true, true);
                all.retain(|kernel| {
                    *kernel != Self::AssignBytes { wide_rows, wide_codes }
                        && *kernel != Self::AssignBytesChallenged { wide_rows, wide_codes }
                        && *kernel != Self::AssignBytesListed { wide_rows, wide_codes }
                });
                // No compiler but that of `cooperative` translates it.
                all.retain(|kernel| *kernel != Self::AssignMatrix);
                all
            }

            /// Returns the name of the shader file.
            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$kernel { .. } => $file,)*
                    $(#[cfg(test)] Self::$test => $test_file,)*
                }
            }

            /// Returns whether only tests use the kernel.
            #[cfg(test)]
            pub(super) fn is_for_tests(self) -> bool {
                matches!(self, $(Self::$test)|*)
            }

            /// Returns the WGSL, shared parts first.
            pub(super) fn source(self) -> String {
                match self {
                    $(Self::$kernel { .. } => [$($part,)* shader!($file)].concat(),)*
                    $(#[cfg(test)] Self::$test => {
                        [$($test_part,)* include_str!(concat!("tests/", $test_file, ".wgsl"))].concat()
                    })*
                }
            }

            /// Returns the values of the override constants.
            pub(super) fn constants(self) -> Vec<(&'static str, f64)> {
                match self {
                    $(Self::$kernel $({ $($variant),+ })? => vec![$($((stringify!($constant), $value)),+)?],)*
                    $(#[cfg(test)] Self::$test => Vec::new(),)*
                }
            }
        }
    };
}

kernels! {
    AdamW = "adamw" [U64, SOFT_FLOAT];
    Assign { wide_rows, wide_codes } = "assign" [PARAMS, MEET, PLACES, RACE, CANDIDATES] {
        GROUP_ROWS: if wide_rows { 128.0 } else { 64.0 },
        WIDE_CODES: f64::from(u8::from(wide_codes))
    };
    AssignBytes { wide_rows, wide_codes } = "assign_bytes"
    [BYTES, DOTS, MEET, BYTE_VECTORS, BYTE_SCORES, PLACES, RACE, CANDIDATES] {
        GROUP_ROWS: if wide_rows { 128.0 } else { 64.0 },
        WIDE_CODES: f64::from(u8::from(wide_codes))
    };
    AssignBytesChallenged { wide_rows, wide_codes } = "assign_bytes"
    [BYTES, DOTS, MEET, BYTE_VECTORS, BYTE_SCORES, PLACES, RACE, CANDIDATES] {
        GROUP_ROWS: if wide_rows { 128.0 } else { 64.0 },
        WIDE_CODES: f64::from(u8::from(wide_codes)),
        LISTED: 1.0,
        CHALLENGES: 1.0
    };
    AssignBytesListed { wide_rows, wide_codes } = "assign_bytes"
    [BYTES, DOTS, MEET, BYTE_VECTORS, BYTE_SCORES, PLACES, RACE, CANDIDATES] {
        GROUP_ROWS: if wide_rows { 128.0 } else { 64.0 },
        WIDE_CODES: f64::from(u8::from(wide_codes)),
        LISTED: 1.0
    };
    AssignChallenged { wide_rows, wide_codes } = "assign" [PARAMS, MEET, PLACES, RACE, CANDIDATES] {
        GROUP_ROWS: if wide_rows { 128.0 } else { 64.0 },
        WIDE_CODES: f64::from(u8::from(wide_codes)),
        LISTED: 1.0,
        CHALLENGES: 1.0
    };
    AssignListed { wide_rows, wide_codes } = "assign" [PARAMS, MEET, PLACES, RACE, CANDIDATES] {
        GROUP_ROWS: if wide_rows { 128.0 } else { 64.0 },
        WIDE_CODES: f64::from(u8::from(wide_codes)),
        LISTED: 1.0
    };
    AssignMatrix = "assign_matrix" [BYTES, MEET, BYTE_SCORES, CANDIDATES, MATRIX_RACE];
    AssignStreamed = "assign_streamed" [BYTES, DOTS, MEET, BYTE_VECTORS, BYTE_SCORES, PLACES, CANDIDATES];
    AssignStreamedChallenged = "assign_streamed"
    [BYTES, DOTS, MEET, BYTE_VECTORS, BYTE_SCORES, PLACES, CANDIDATES] { LISTED: 1.0, CHALLENGES: 1.0 };
    AssignStreamedListed = "assign_streamed"
    [BYTES, DOTS, MEET, BYTE_VECTORS, BYTE_SCORES, PLACES, CANDIDATES] { LISTED: 1.0 };
    AssignedDistances = "assigned_distances" [PARAMS, U64, SQUARES, LANES, LANE_DISTANCE];
    Centroid = "centroid" [PARAMS];
    CodebookGradient = "codebook_gradient" [U64, SOFT_FLOAT, EXACT];
    ColumnSums = "column_sums" [U64, SOFT_FLOAT, EXACT, VECTORS];
    Combine = "combine" [U64, SOFT_FLOAT];
    Count = "count" [PARAMS];
    Distinct = "distinct" [PARAMS];
    Draw = "draw" [U64, U96, RUNNING_SUM];
    DrawInBlock = "draw_in_block" [U64, U96, RUNNING_SUM];
    Dropout = "dropout" [U64, SOFT_FLOAT];
    Gather = "gather" [PARAMS];
    Keep = "keep" [PARAMS, U64, SQUARES, LANE_DISTANCE];
    Length = "length" [PARAMS];
    Matmul { wide } = "matmul" [DOTS, U64, SOFT_FLOAT, EXACT] { WIDE: f64::from(u8::from(wide)) };
    Members = "members" [];
    MinDistances = "min_distances" [U64, SQUARES, LANES];
    Nearer = "nearer" [U64, U96, BLOCK_SUM];
    Moved = "moved" [];
    NumberCodes = "number_codes" [];
    OnGrid = "on_grid" [U64, SOFT_FLOAT, ON_GRID];
    Order = "order" [PARAMS];
    Pieces = "pieces" [PARAMS];
    Potential = "potential" [U64, U96, BLOCK_SUM];
    Rectify = "rectify" [U64, SOFT_FLOAT, LEAK];
    RectifyGradient = "rectify_gradient" [U64, SOFT_FLOAT, LEAK];
    Rerank = "rerank" [PARAMS, U64, SQUARES, LANE_DISTANCE];
    Residual = "residual" [PARAMS];
    RoundCodewords { row_major } = "round_codewords" [BYTES, ROUND_BYTES] {
        ROW_MAJOR: f64::from(u8::from(row_major))
    };
    RoundRows = "round_rows" [BYTES, ROUND_BYTES];
    RowLosses = "row_losses" [U64, LANES, SOFT_FLOAT, EXACT, VECTORS];
    ScaleOperand = "scale_operand" [U64, SOFT_FLOAT, EXACT, VECTORS];
    Seed = "seed" [U64, U96, BLOCK_SUM];
    Settle = "settle" [PARAMS, U64, SQUARES, DISTANCE];
    Starts = "starts" [];
    StraightThrough = "straight_through" [U64, SOFT_FLOAT, EXACT, ON_GRID];
    Summary = "summary" [PARAMS, U64, U96];
    Take = "take" [];
    Tally = "tally" [PARAMS];
    UnitLength = "unit_length" [PARAMS, U64, SQUARES, LANES, SCALE];
    Update = "update" [U64, U96, SQUARES, SOFT_FLOAT];
    Values = "values" [U64, U96];
    @tests
    Arithmetic = "arithmetic" [PARAMS, U64, SCALE];
    SoftFloat = "soft_float" [PARAMS, U64, SOFT_FLOAT];
}

impl Kernel {
    /// Returns how many rows (or listed rows, pieces, elements or vectors) one workgroup handles.
    pub(super) fn group_rows(self) -> usize {
        static ALL: OnceLock<HashMap<Kernel, usize>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let all = Self::all().into_iter().chain([Self::AssignMatrix]);
            all.map(|kernel| (kernel, kernel.stated_rows())).collect()
        });
        all.get(&self).copied().unwrap_or(1)
    }

    /// Returns the chosen or stated value of `GROUP_ROWS`; in a shader without it, an invocation handles one row.
    fn stated_rows(self) -> usize {
        let constants = self.constants();
        let chosen = constants.iter().find(|(name, _)| *name == "GROUP_ROWS").map(|(_, value)| *value as usize);
        let source = self.source();
        let stated = || number_after(&source, "const GROUP_ROWS: u32 = ");
        // A shader without either does not compile, so no dispatch uses this number.
        chosen.or_else(stated).or_else(|| number_after(&source, "@workgroup_size(")).unwrap_or(1)
    }
}

/// Returns the kernels that fits of many rows run by Lloyd's algorithm from k-means++ with this filter, as long as no
/// variant was measured to be faster.
pub(super) fn of_fits(filter: Filter) -> Vec<Kernel> {
    use Kernel::*;
    let Tile::Sized { wide_rows, wide_codes } = Tile::unmeasured(filter) else { return Vec::new() };
    // To all codewords, and to the first candidate of k-means||.
    let of = |of: fn(bool, bool) -> Kernel| [wide_codes, false].map(|wide_codes| of(wide_rows, wide_codes));
    let (assign, rounding) = match filter {
        Filter::F32 => (of(|wide_rows, wide_codes| Assign { wide_rows, wide_codes }), &[Length][..]),
        Filter::Bytes => (
            of(|wide_rows, wide_codes| AssignBytes { wide_rows, wide_codes }),
            &[RoundRows, RoundCodewords { row_major: false }][..],
        ),
    };
    let assignment = [Distinct, Rerank, Settle];
    let seeding = [Gather, Nearer, DrawInBlock, Values, Draw, MinDistances, Potential, Seed, Take];
    let iteration = [Count, Pieces, Order, Tally, Centroid, Update, Summary];
    [&assign[..], rounding, &assignment, &seeding, &iteration, &[AssignedDistances, Residual]].concat()
}

/// Returns the number that follows the first `words` of a shader.
fn number_after(source: &str, words: &str) -> Option<usize> {
    let (_, rest) = source.split_once(words)?;
    rest.split(|digit: char| !digit.is_ascii_digit()).next()?.parse().ok()
}

/// What a device must offer, so that every kernel runs on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    /// Invocations of a workgroup.
    pub(super) invocations: u32,
    /// Storage buffers that a shader binds.
    pub(super) storage_buffers: u32,
    /// Bytes that the invocations of a workgroup share, of each variable a multiple of 16, as WebGPU counts them.
    pub(super) workgroup_bytes: u32,
}

/// The most that any kernel needs; a test reads it from the shaders.
pub(super) const NEEDS: Needs = Needs { invocations: 256, storage_buffers: 8, workgroup_bytes: 16_384 };

/// The same for `assign_matrix`, which runs on devices with cooperative matrices alone.
pub(super) const MATRIX_WORKGROUP_BYTES: u32 = 27_664;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use naga::{AddressSpace, Expression, Literal};

    /// Returns the rows of a workgroup and the needs of a kernel, as a compiler of shaders reads them.
    fn compiled(kernel: Kernel) -> (usize, Needs) {
        let module = naga::front::wgsl::parse_str(&kernel.source()).expect("WGSL");
        let invocations: u32 = module.entry_points[0].workgroup_size.iter().product();
        let constants = kernel.constants();
        let chosen = constants.iter().find(|(name, _)| *name == "GROUP_ROWS").map(|(_, value)| *value as u32);
        let stated = || {
            let mut constants = module.constants.iter().map(|(_, constant)| constant);
            let constant = constants.find(|constant| constant.name.as_deref() == Some("GROUP_ROWS"))?;
            match module.global_expressions[constant.init] {
                Expression::Literal(Literal::U32(rows)) => Some(rows),
                _ => None,
            }
        };
        let in_space = |space: fn(AddressSpace) -> bool| {
            module.global_variables.iter().map(|(_, variable)| variable).filter(move |variable| space(variable.space))
        };
        let shared = in_space(|space| space == AddressSpace::WorkGroup);
        let needs = Needs {
            invocations,
            storage_buffers: in_space(|space| matches!(space, AddressSpace::Storage { .. })).count() as u32,
            workgroup_bytes: shared.map(|variable| workgroup_bytes(&module, variable)).sum(),
        };
        (chosen.or_else(stated).unwrap_or(invocations) as usize, needs)
    }

    /// Returns the bytes of a variable that a workgroup shares, as WebGPU counts them.
    pub(in crate::device::gpu) fn workgroup_bytes(module: &naga::Module, variable: &naga::GlobalVariable) -> u32 {
        module.types[variable.ty].inner.size(module.to_ctx()).next_multiple_of(16)
    }

    #[test]
    fn sizes_are_those_that_a_compiler_reads() {
        let mut most = Needs { invocations: 0, storage_buffers: 0, workgroup_bytes: 0 };
        for kernel in Kernel::all() {
            let (rows, needs) = compiled(kernel);
            assert_eq!(kernel.group_rows(), rows, "{kernel:?}");
            most.invocations = most.invocations.max(needs.invocations);
            most.storage_buffers = most.storage_buffers.max(needs.storage_buffers);
            most.workgroup_bytes = most.workgroup_bytes.max(needs.workgroup_bytes);
        }
        assert_eq!(most, NEEDS);
        let rows = |kernel: Kernel| kernel.group_rows();
        assert_eq!(rows(Kernel::Assign { wide_rows: false, wide_codes: true }), 64);
        assert_eq!(rows(Kernel::Assign { wide_rows: true, wide_codes: true }), 128);
        assert_eq!(rows(Kernel::AssignBytes { wide_rows: true, wide_codes: false }), 128);
        assert_eq!((rows(Kernel::Settle), rows(Kernel::Residual), rows(Kernel::Count)), (1, 16, 256));
    }
}
