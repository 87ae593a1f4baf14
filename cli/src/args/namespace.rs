//! The flag that names a namespace.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct NamespaceArgs {
    /// Namespace of the database, such as `goods`: each keeps its own items and IDs, so that two catalogues may have
    /// the same item keys; all have the same model [default: the one without a name]
    #[arg(long = "namespace", value_name = "NAME")]
    name: Option<String>,
}

impl NamespaceArgs {
    /// The name given; none for the namespace without a name.
    pub(crate) fn given(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !name.is_empty())
    }

    /// The name, which is empty for the namespace without one.
    pub(crate) fn name(&self) -> &str {
        self.given().unwrap_or_default()
    }
}
