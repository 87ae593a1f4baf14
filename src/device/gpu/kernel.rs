//! The WGSL kernels: their text, and the variants that override constants make of it.

macro_rules! shader {
    ($name:literal) => {
        include_str!(concat!("../../../shaders/", $name, ".wgsl"))
    };
}

const PARAMS: &str = shader!("shared/params");
const U64: &str = shader!("shared/u64");
const SQUARES: &str = shader!("shared/squares");
const LANES: &str = shader!("shared/lanes");
const SCALE: &str = shader!("shared/scale");
const SOFT_FLOAT: &str = shader!("shared/soft_float");
const LEAK: &str = shader!("shared/leak");
const EXACT: &str = shader!("shared/exact");
const VECTORS: &str = shader!("shared/vectors");

/// A kernel, with the constants it is specialised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kernel {
    /// Tiles of 128 rows or codewords instead of 64.
    Assign {
        wide_rows: bool,
        wide_codes: bool,
    },
    AdamW,
    Centroid,
    MinDistances,
    CodebookGradient,
    ColumnSums,
    Combine,
    Count,
    Dropout,
    Gather,
    Length,
    /// Operands of 16 bits instead of 8.
    Matmul {
        wide: bool,
    },
    Order,
    AssignedDistances,
    Rectify,
    RectifyGradient,
    Residual,
    RowLosses,
    ScaleOperand,
    Settle,
    StraightThrough,
    UnitLength,
    /// The functions of shared/u64.wgsl and shared/scale.wgsl, one by one.
    #[cfg(test)]
    Arithmetic,
    /// Those of shared/soft_float.wgsl.
    #[cfg(test)]
    SoftFloat,
}

impl Kernel {
    /// Every kernel in every variant.
    #[cfg(test)]
    pub(super) const ALL: [Self; 28] = [
        Self::Assign { wide_rows: false, wide_codes: false },
        Self::Assign { wide_rows: false, wide_codes: true },
        Self::Assign { wide_rows: true, wide_codes: false },
        Self::Assign { wide_rows: true, wide_codes: true },
        Self::AdamW,
        Self::Centroid,
        Self::MinDistances,
        Self::CodebookGradient,
        Self::ColumnSums,
        Self::Combine,
        Self::Count,
        Self::Dropout,
        Self::Gather,
        Self::Length,
        Self::Matmul { wide: false },
        Self::Matmul { wide: true },
        Self::Order,
        Self::AssignedDistances,
        Self::Rectify,
        Self::RectifyGradient,
        Self::Residual,
        Self::RowLosses,
        Self::ScaleOperand,
        Self::Settle,
        Self::StraightThrough,
        Self::UnitLength,
        Self::Arithmetic,
        Self::SoftFloat,
    ];

    /// Name of the shader file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Assign { .. } => "assign",
            Self::AdamW => "adamw",
            Self::Centroid => "centroid",
            Self::MinDistances => "min_distances",
            Self::CodebookGradient => "codebook_gradient",
            Self::ColumnSums => "column_sums",
            Self::Combine => "combine",
            Self::Count => "count",
            Self::Dropout => "dropout",
            Self::Gather => "gather",
            Self::Length => "length",
            Self::Matmul { .. } => "matmul",
            Self::Order => "order",
            Self::AssignedDistances => "assigned_distances",
            Self::Rectify => "rectify",
            Self::RectifyGradient => "rectify_gradient",
            Self::Residual => "residual",
            Self::RowLosses => "row_losses",
            Self::ScaleOperand => "scale_operand",
            Self::Settle => "settle",
            Self::StraightThrough => "straight_through",
            Self::UnitLength => "unit_length",
            #[cfg(test)]
            Self::Arithmetic => "arithmetic",
            #[cfg(test)]
            Self::SoftFloat => "soft_float",
        }
    }

    /// Its WGSL, shared parts first.
    pub(super) fn source(self) -> String {
        let parts: &[&str] = match self {
            Self::Assign { .. } => &[PARAMS, shader!("assign")],
            Self::AdamW => &[U64, SOFT_FLOAT, shader!("adamw")],
            Self::Centroid => &[PARAMS, shader!("centroid")],
            Self::MinDistances => &[PARAMS, U64, SQUARES, LANES, shader!("min_distances")],
            Self::CodebookGradient => &[U64, SOFT_FLOAT, EXACT, shader!("codebook_gradient")],
            Self::ColumnSums => &[U64, SOFT_FLOAT, EXACT, VECTORS, shader!("column_sums")],
            Self::Combine => &[U64, SOFT_FLOAT, shader!("combine")],
            Self::Count => &[PARAMS, shader!("count")],
            Self::Dropout => &[U64, SOFT_FLOAT, shader!("dropout")],
            Self::Gather => &[PARAMS, shader!("gather")],
            Self::Length => &[PARAMS, shader!("length")],
            Self::Matmul { .. } => &[U64, SOFT_FLOAT, EXACT, shader!("matmul")],
            Self::Order => &[PARAMS, shader!("order")],
            Self::AssignedDistances => &[PARAMS, U64, SQUARES, LANES, shader!("assigned_distances")],
            Self::Rectify => &[U64, SOFT_FLOAT, LEAK, shader!("rectify")],
            Self::RectifyGradient => &[U64, SOFT_FLOAT, LEAK, shader!("rectify_gradient")],
            Self::Residual => &[PARAMS, shader!("residual")],
            Self::RowLosses => &[U64, LANES, SOFT_FLOAT, EXACT, VECTORS, shader!("row_losses")],
            Self::ScaleOperand => &[U64, SOFT_FLOAT, EXACT, VECTORS, shader!("scale_operand")],
            Self::Settle => &[PARAMS, U64, SQUARES, shader!("settle")],
            Self::StraightThrough => &[U64, SOFT_FLOAT, EXACT, shader!("straight_through")],
            Self::UnitLength => &[PARAMS, U64, SQUARES, LANES, SCALE, shader!("unit_length")],
            #[cfg(test)]
            Self::Arithmetic => &[PARAMS, U64, SCALE, include_str!("tests/arithmetic.wgsl")],
            #[cfg(test)]
            Self::SoftFloat => &[PARAMS, U64, SOFT_FLOAT, include_str!("tests/soft_float.wgsl")],
        };
        parts.concat()
    }

    /// Values of its override constants.
    pub(super) fn constants(self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Assign { wide_rows, wide_codes } => {
                vec![("WIDE_ROWS", f64::from(u8::from(wide_rows))), ("WIDE_CODES", f64::from(u8::from(wide_codes)))]
            }
            Self::Matmul { wide } => vec![("WIDE", f64::from(u8::from(wide)))],
            _ => Vec::new(),
        }
    }

    /// Rows (or listed rows, pieces, elements or vectors) that one workgroup handles.
    pub(super) fn group_rows(self) -> usize {
        match self {
            Self::Assign { wide_rows: true, .. } => 128,
            Self::Assign { wide_rows: false, .. } => 64,
            Self::Matmul { .. } => 64,
            Self::Count | Self::Order => 256,
            Self::AdamW | Self::Combine | Self::Dropout | Self::Rectify | Self::RectifyGradient => 256,
            Self::CodebookGradient | Self::StraightThrough => 256,
            #[cfg(test)]
            Self::Arithmetic | Self::SoftFloat => 64,
            Self::Centroid | Self::Gather | Self::Settle => 1,
            Self::MinDistances | Self::Length | Self::AssignedDistances | Self::Residual | Self::UnitLength => 16,
            Self::ColumnSums | Self::RowLosses | Self::ScaleOperand => 16,
        }
    }
}
