//! The table of the WGSL kernels: a row names the parts of each. Sizes and bindings are read from the shaders.

use std::collections::HashMap;
use std::sync::OnceLock;
use wgpu::naga::{self, AddressSpace, Expression, Literal};

macro_rules! shader {
    ($name:expr) => {
        include_str!(concat!("../../../shaders/", $name, ".wgsl"))
    };
}

const PARAMS: &str = shader!("shared/params");
const U64: &str = shader!("shared/u64");
const U96: &str = shader!("shared/u96");
const SQUARES: &str = shader!("shared/squares");
const LANES: &str = shader!("shared/lanes");
const SCALE: &str = shader!("shared/scale");
const SOFT_FLOAT: &str = shader!("shared/soft_float");
const LEAK: &str = shader!("shared/leak");
const EXACT: &str = shader!("shared/exact");
const VECTORS: &str = shader!("shared/vectors");
const BYTES: &str = shader!("shared/bytes");
const DOTS: &str = shader!("shared/dots");
const RACE: &str = shader!("shared/race");
const DISTANCE: &str = shader!("shared/distance");
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
                all.retain(|kernel| *kernel != Self::AssignBytes { wide_rows: true, wide_codes: true });
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
    Assign { wide_rows, wide_codes } = "assign" [PARAMS, RACE] {
        GROUP_ROWS: if wide_rows { 128.0 } else { 64.0 },
        WIDE_CODES: f64::from(u8::from(wide_codes))
    };
    AssignBytes { wide_rows, wide_codes } = "assign_bytes" [BYTES, DOTS, RACE] {
        GROUP_ROWS: if wide_rows { 128.0 } else { 64.0 },
        WIDE_CODES: f64::from(u8::from(wide_codes))
    };
    AssignedDistances = "assigned_distances" [PARAMS, U64, SQUARES, LANES];
    Centroid = "centroid" [PARAMS];
    CodebookGradient = "codebook_gradient" [U64, SOFT_FLOAT, EXACT];
    ColumnSums = "column_sums" [U64, SOFT_FLOAT, EXACT, VECTORS];
    Combine = "combine" [U64, SOFT_FLOAT];
    Count = "count" [PARAMS];
    Distinct = "distinct" [PARAMS];
    Draw = "draw" [U64, U96];
    Dropout = "dropout" [U64, SOFT_FLOAT];
    Gather = "gather" [PARAMS];
    Length = "length" [PARAMS];
    Matmul { wide } = "matmul" [DOTS, U64, SOFT_FLOAT, EXACT] { WIDE: f64::from(u8::from(wide)) };
    MinDistances = "min_distances" [U64, SQUARES, LANES];
    Order = "order" [PARAMS];
    Pieces = "pieces" [PARAMS];
    Potential = "potential" [U64, U96];
    Rectify = "rectify" [U64, SOFT_FLOAT, LEAK];
    RectifyGradient = "rectify_gradient" [U64, SOFT_FLOAT, LEAK];
    Residual = "residual" [PARAMS];
    RoundCodewords = "round_codewords" [BYTES, ROUND_BYTES];
    RoundRows = "round_rows" [BYTES, ROUND_BYTES];
    RowLosses = "row_losses" [U64, LANES, SOFT_FLOAT, EXACT, VECTORS];
    ScaleOperand = "scale_operand" [U64, SOFT_FLOAT, EXACT, VECTORS];
    Seed = "seed" [U64, U96];
    Settle = "settle" [PARAMS, U64, SQUARES, DISTANCE];
    SettleBytes = "settle_bytes" [BYTES, U64, SQUARES, DISTANCE];
    StraightThrough = "straight_through" [U64, SOFT_FLOAT, EXACT];
    Summary = "summary" [PARAMS, U64, U96];
    Take = "take" [];
    Tally = "tally" [PARAMS];
    UnitLength = "unit_length" [PARAMS, U64, SQUARES, LANES, SCALE];
    Update = "update" [U64, U96, SQUARES, SOFT_FLOAT];
    @tests
    Arithmetic = "arithmetic" [PARAMS, U64, SCALE];
    SoftFloat = "soft_float" [PARAMS, U64, SOFT_FLOAT];
}

impl Kernel {
    /// Returns how many rows (or listed rows, pieces, elements or vectors) one workgroup handles.
    pub(super) fn group_rows(self) -> usize {
        // A shader that does not parse has no pipeline, so no dispatch uses this number.
        layouts().get(&self).map_or(1, |layout| layout.group_rows)
    }
}

/// The needs of a shader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The value of `GROUP_ROWS`; in a shader without it, an invocation handles one row.
    pub(super) group_rows: usize,
    /// Invocations of a workgroup.
    pub(super) invocations: u32,
    /// Storage buffers that the shader binds.
    pub(super) storage_buffers: u32,
    /// Bytes that the invocations of a workgroup share.
    pub(super) workgroup_bytes: u32,
}

impl Layout {
    /// Reads the layout of `kernel` from its WGSL.
    fn of(kernel: Kernel) -> Option<Self> {
        let module = naga::front::wgsl::parse_str(&kernel.source()).ok()?;
        let entry = module.entry_points.first()?;
        let invocations: u32 = entry.workgroup_size.iter().product();
        let constants = kernel.constants();
        let chosen = constants.iter().find(|(name, _)| *name == GROUP_ROWS).map(|(_, value)| *value as u32);
        let stated = || {
            let (_, constant) =
                module.constants.iter().find(|(_, constant)| constant.name.as_deref() == Some(GROUP_ROWS))?;
            match module.global_expressions[constant.init] {
                Expression::Literal(Literal::U32(rows)) => Some(rows),
                _ => None,
            }
        };
        let in_space = |space: fn(AddressSpace) -> bool| {
            module.global_variables.iter().map(|(_, variable)| variable).filter(move |variable| space(variable.space))
        };
        let shared = in_space(|space| space == AddressSpace::WorkGroup);
        Some(Self {
            group_rows: chosen.or_else(stated).unwrap_or(invocations) as usize,
            invocations,
            storage_buffers: in_space(|space| matches!(space, AddressSpace::Storage { .. })).count() as u32,
            workgroup_bytes: shared.map(|variable| module.types[variable.ty].inner.size(module.to_ctx())).sum(),
        })
    }

    /// Returns the needs of all kernels together: the largest of each.
    pub(super) fn most() -> Self {
        layouts().values().fold(Self::default(), |most, layout| Self {
            group_rows: most.group_rows.max(layout.group_rows),
            invocations: most.invocations.max(layout.invocations),
            storage_buffers: most.storage_buffers.max(layout.storage_buffers),
            workgroup_bytes: most.workgroup_bytes.max(layout.workgroup_bytes),
        })
    }
}

/// The constant of a shader that says how many rows a workgroup handles.
const GROUP_ROWS: &str = "GROUP_ROWS";

fn layouts() -> &'static HashMap<Kernel, Layout> {
    static LAYOUTS: OnceLock<HashMap<Kernel, Layout>> = OnceLock::new();
    LAYOUTS.get_or_init(|| Kernel::all().into_iter().filter_map(|kernel| Some((kernel, Layout::of(kernel)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_has_a_layout() {
        let start = std::time::Instant::now();
        assert_eq!(layouts().len(), Kernel::all().len());
        println!("{} layouts, {:.1?}", layouts().len(), start.elapsed());
        let of = |kernel| layouts()[&kernel];
        let assign = Layout { group_rows: 64, invocations: 256, storage_buffers: 7, workgroup_bytes: 16_384 };
        assert_eq!(of(Kernel::Assign { wide_rows: false, wide_codes: true }), assign);
        assert_eq!(of(Kernel::Assign { wide_rows: true, wide_codes: true }), Layout { group_rows: 128, ..assign });
        let bytes = Kernel::AssignBytes { wide_rows: true, wide_codes: false };
        assert_eq!(of(bytes), Layout { group_rows: 128, storage_buffers: 5, ..assign });
        assert_eq!(of(Kernel::Settle).group_rows, 1);
        assert_eq!(of(Kernel::Residual).group_rows, 16);
        assert_eq!(of(Kernel::Count).group_rows, 256);
        assert_eq!(Layout::most(), Layout { group_rows: 256, ..assign });
    }
}
