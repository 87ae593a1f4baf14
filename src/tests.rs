//! The crate's root: few names, each of which its page leads to.

use std::collections::BTreeSet;

const ROOT: &str = include_str!("lib.rs");

/// Returns the names that `pub use` puts at the root, those of every feature.
fn names() -> BTreeSet<&'static str> {
    let uses = ROOT.lines().filter_map(|line| line.strip_prefix("pub use ")?.strip_suffix(';'));
    let last = |path: &'static str| path.rsplit("::").next().unwrap_or_default();
    uses.flat_map(|path| last(path).trim_matches(['{', '}']).split(", ")).collect()
}

#[test]
fn the_root_has_at_most_30_names() {
    let names = names();
    assert!(names.contains("RqKMeans") && names.contains("Report") && names.len() > 20, "{names:?}");
    assert!(names.len() <= 30, "{} names: {names:?}", names.len());
    let others = ROOT.lines().filter(|line| line.starts_with("pub "));
    let others = others.filter(|line| !line.starts_with("pub use ") && !line.starts_with("pub mod "));
    assert_eq!(others.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_landing_page_leads_to_every_name_and_module() {
    let page: String = ROOT.lines().take_while(|line| line.starts_with("//!")).collect();
    for name in names() {
        assert!(page.contains(&format!("`{name}`")) || page.contains(&format!("`{name}::")), "{name}");
    }
    let modules = ROOT.lines().filter_map(|line| line.strip_prefix("pub mod ")?.split([';', ' ']).next());
    for module in modules {
        assert!(page.contains(&format!("`{module}`")) || page.contains(&format!("`{module}::")), "{module}");
    }
}
