//! What is beside a file.

use std::path::{Path, PathBuf};

/// The folder in which a file is, or is to be; of a bare name the one that the process is in.
pub(super) fn folder(of: &Path) -> &Path {
    match of.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The path of what has the same name with something after it.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
