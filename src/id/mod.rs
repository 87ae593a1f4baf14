//! Semantic IDs: as text, and registered so that every item has one of its own.

mod assign;
mod engine;
mod export;
mod format;
mod reassign;
mod records;
mod registry;
mod resolver;
mod semantic_id;
mod shape;
pub(crate) mod store;
mod text;

pub use assign::{AssignReport, Assigned, Assignment};
pub use engine::{Neighbor, SemanticIdEngine};
pub use export::{Export, Exported, TokenLevel, Vocabulary};
pub use format::IdFormat;
pub use records::{ItemRecord, Records};
pub use registry::Registry;
pub use resolver::Resolver;
pub use semantic_id::SemanticId;
pub use text::{IdText, ParsedId, SuffixForm};
