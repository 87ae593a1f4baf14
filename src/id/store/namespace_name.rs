//! The names that namespaces may have.

use crate::error::{Error, Result};

/// More characters than any name has.
const LONGEST: usize = 64;

/// Refuses a name that no namespace can have; the empty name is that of the namespace in which a store begins.
///
/// # Errors
/// [`ErrorKind::Parameter`].
pub(super) fn check_name(name: &str) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if name.len() <= LONGEST && name.chars().all(is_plain) {
        return Ok(());
    }
    let expected = format!("must be 1 to {LONGEST} ASCII letters, digits, `_`, `-` and `.`");
    Err(Error::parameter("namespace", format!("{name:?}"), expected))
}
