//! Changes that each break one thing in the server (`*.patch`), and must be found: `scripts/test long mutants` tries each and
//! says which invariant found it, after how many seeds.

use std::{fs, path::Path, process::Command};

/// A change of the sources that a patch no longer fits would never be tried again.
#[test]
fn every_mutant_can_be_made() {
    let folder = Path::new("tests/simulation/mutants");
    let files = fs::read_dir(folder).expect("it is there");
    let files = files.map(|file| file.expect("it is read").path());
    let patches: Vec<_> = files
        .filter(|it| it.extension().is_some_and(|it| it == "patch"))
        .collect();
    assert!(patches.len() > 10, "{patches:?}");
    for patch in patches {
        let applied = Command::new("git")
            .args(["apply", "--check"])
            .arg(&patch)
            .output();
        let applied = applied.expect("git is there");
        let said = String::from_utf8_lossy(&applied.stderr);
        assert!(applied.status.success(), "{}: {said}", patch.display());
    }
}
