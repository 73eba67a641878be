//! What `tests/fuzz` tries: for each target a property that holds whatever bytes come. Compiled for fuzzing and for unit tests
//! alone; nothing becomes public for its sake.
//!
//! A target is a function of bytes that panics where its property does not hold. It stands with what it tries (`fuzz.rs`),
//! because it sees what is private there. cargo-fuzz feeds it bytes of its own making (`tests/fuzz`), the tests below those that
//! were kept (`tests/fuzz/corpus/<target>`).

use crate::{
    backplane::{self, Subject},
    calls, chat, delivery, friends, kernel, presence, protocol, rest, rooms, transport,
};

/// Declares the targets, each with its property and a test that feeds it what was kept.
macro_rules! targets {
    ($($name:ident: $property:expr,)*) => {
        /// Every target by its name, with its property.
        pub const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $property),)*];

        #[cfg(test)]
        mod corpora {
            $(
                #[test]
                fn $name() {
                    super::tests::replay(stringify!($name));
                }
            )*
        }
    };
}

targets! {
    frames: transport::fuzz::frames,
    commands: protocol::command::fuzz::commands,
    packets: transport::fuzz::packets,
    cursors: |bytes| {
        rest::fuzz::cursors(bytes);
        transport::fuzz::places(bytes);
    },
    configuration: kernel::config::fuzz::configuration,
    tokens: kernel::token::fuzz::tokens,
    key_sets: kernel::token::fuzz::key_sets,
    letters: letters,
    publications: rooms::fuzz::publications,
}

/// Tries the property of a target.
///
/// # Panics
/// Where it does not hold, and where there is no such target.
pub fn check(target: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, property) = found.unwrap_or_else(|| panic!("there is no target {target}"));
    property(bytes);
}

/// A message of another node as it comes out of Redis, read by the room that it is for.
fn letters(bytes: &[u8]) {
    let Some((subject, body)) = backplane::fuzz::envelope(bytes) else {
        return;
    };
    match subject {
        Subject::Delivery => delivery::nodes::fuzz::letter(&body),
        Subject::Presence => presence::fuzz::hints(&body),
        Subject::Calls => calls::fuzz::hint(&body),
        Subject::Typing => chat::fuzz::word(&body),
        Subject::Friends => friends::fuzz::told(&body),
        // Whoever says it is all that there is to it.
        Subject::Nodes => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        panic::catch_unwind,
        path::{Path, PathBuf},
    };

    use super::*;

    fn folder(below: &str) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        root.join("tests/fuzz").join(below)
    }

    fn names(folder: PathBuf) -> BTreeSet<String> {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    /// Feeds a target what was kept for it.
    pub(super) fn replay(target: &str) {
        let kept = folder("corpus").join(target);
        let mut failed = Vec::new();
        for name in names(kept.clone()) {
            let bytes = fs::read(kept.join(&name)).unwrap();
            if catch_unwind(|| check(target, &bytes)).is_err() {
                failed.push(name);
            }
        }
        assert!(failed.is_empty(), "{}: {failed:?}", kept.display());
    }

    #[test]
    fn every_target_is_fuzzed_and_has_a_corpus() {
        let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).into()).collect();
        let binaries = names(folder("targets"));
        let binaries = binaries
            .iter()
            .map(|file| file.trim_end_matches(".rs").to_owned());
        assert_eq!(binaries.collect::<BTreeSet<_>>(), targets);
        assert_eq!(names(folder("corpus")), targets);
        for target in targets {
            assert!(
                !names(folder("corpus").join(&target)).is_empty(),
                "{target} has no corpus"
            );
        }
    }
}
