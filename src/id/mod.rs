//! Semantic IDs: their text forms, and the registry that gives every item an ID that no other item has.

mod assign;
mod engine;
mod export;
mod format;
mod level_name;
mod namespace;
mod reassign;
mod records;
mod registry;
mod resolver;
mod semantic_id;
mod shape;
pub(crate) mod store;
mod template;
mod text;

pub use assign::{AssignReport, Assigned, Assignment};
pub use engine::{Move, MoveLimits, MoveReport, Neighbor, SemanticIdEngine};
pub use export::{BaseTokenizer, Export, Exported, SidKey, StaticSizes, TokenLevel, Vocabulary};
pub use format::IdFormat;
pub use records::{ItemRecord, Records};
pub use registry::Registry;
pub use resolver::Resolver;
pub use semantic_id::SemanticId;
pub use template::TokenTemplate;
pub use text::{IdText, ParsedId, SuffixForm};
