//! Every kernel has its contract, its shader and its dispatches under one name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules of `kernel/` that are no kernels but that several kernels share.
const SHARED: [&str; 2] = ["float", "scaled"];
/// Kernels that run on the host.
const HOST: [&str; 1] = ["range_search"];
/// Shaders that do a part of another kernel's work, with that kernel.
const PARTS: [(&str, &str); 25] = [
    ("assign_bytes", "assign"),
    ("assign_matrix", "assign"),
    ("assign_streamed", "assign"),
    ("count", "centroid"),
    ("distinct", "assign"),
    ("draw", "seed"),
    ("draw_in_block", "nearer"),
    ("gather", "gather"),
    ("length", "assign"),
    ("moved", "keep"),
    ("number_codes", "members"),
    ("order", "centroid"),
    ("pieces", "centroid"),
    ("potential", "seed"),
    ("rectify_gradient", "rectify"),
    ("rerank", "assign"),
    ("round_codewords", "assign"),
    ("round_rows", "assign"),
    ("scale_operand", "matmul"),
    ("settle", "assign"),
    ("starts", "members"),
    ("summary", "update"),
    ("take", "seed"),
    ("tally", "update"),
    ("values", "seed"),
];

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns the names of the files of a folder, or of its folders with a `mod.rs`, except files about the folder itself.
fn names(path: &str, extension: &str) -> BTreeSet<String> {
    let name = |entry: std::fs::DirEntry| {
        let path = entry.path();
        let is_module = path.join("mod.rs").is_file() || path.extension().is_some_and(|found| found == extension);
        is_module.then(|| path.file_stem().unwrap().to_str().unwrap().to_owned())
    };
    let all = std::fs::read_dir(folder(path)).unwrap().filter_map(|entry| name(entry.unwrap()));
    all.filter(|name| name != "mod" && name != "tests").collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "reads the sources")]
fn every_kernel_has_a_shader_and_a_file_of_dispatches() {
    let kernels = &names("src/kernel", "rs") - &set(&SHARED);
    let parts = set(&PARTS.map(|(part, _)| part));
    let with_shader = &kernels - &set(&HOST);
    assert!(with_shader.len() > 10 && with_shader.len() + HOST.len() == kernels.len());
    assert_eq!(&names("shaders", "wgsl") - &parts, with_shader);
    // `gather` only copies, so it has no twin.
    assert_eq!(&names("src/device/gpu/kernels", "rs") - &set(&["gather"]), with_shader);
    for (part, whole) in PARTS {
        let dispatches = std::fs::read_to_string(folder(&format!("src/device/gpu/kernels/{whole}.rs"))).unwrap();
        let kernel: String = part.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        assert!(dispatches.contains(&format!("Kernel::{kernel}")), "{whole} does not dispatch {part}");
    }
}

/// The twin that a shader names exists.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "reads the sources")]
fn shaders_name_their_twins() {
    for shader in names("shaders", "wgsl") {
        let text = std::fs::read_to_string(folder(&format!("shaders/{shader}.wgsl"))).unwrap();
        let paths: Vec<&str> = text.split("src/").skip(1).filter_map(|rest| Some(rest.split_once(".rs")?.0)).collect();
        for path in &paths {
            assert!(folder(&format!("src/{path}.rs")).is_file(), "{shader} names src/{path}.rs");
        }
        let own = [format!("kernel/{shader}"), format!("kernel/{shader}/mod")];
        let is_part = PARTS.iter().any(|(part, _)| *part == shader);
        assert!(is_part || paths.iter().any(|path| own.iter().any(|own| own == path)), "{shader}: {paths:?}");
    }
}

/// The CPU engine uses the types of the kernels and computes on its own, so that comparing it with the twins compares
/// two things.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "reads the sources")]
fn the_cpu_engine_calls_no_twin() {
    let kernels = &names("src/kernel", "rs") - &set(&SHARED);
    let mut files = vec![folder("src/device/cpu")];
    let mut checked = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        if path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let text: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for kernel in &kernels {
            for rest in text.split(&format!("kernel::{kernel}")).skip(1) {
                let name = rest.strip_prefix("::").unwrap_or_default().trim_start_matches('{');
                let is_type = name.starts_with(char::is_uppercase);
                assert!(is_type, "{} uses a function of kernel/{kernel}", path.display());
            }
        }
        checked += 1;
    }
    assert!(checked > 20, "{checked} files");
}

/// ARCHITECTURE.md names every kernel.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "reads the sources")]
fn the_architecture_lists_every_kernel() {
    let text = std::fs::read_to_string(folder("ARCHITECTURE.md")).unwrap();
    for kernel in &names("src/kernel", "rs") - &set(&SHARED) {
        assert!(text.contains(&format!("`{kernel}`")), "{kernel}");
    }
}
