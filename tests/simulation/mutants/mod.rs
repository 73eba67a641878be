//! Changes that each break one thing in the server (`*.patch`), and must be found: `scripts/test long mutants` builds all of
//! them into a copy of it, tries one after the other and says at which seed each was caught.
//!
//! A patch names the sentence that it `Breaks:` (or the sentences, where chance decides which comes first), and is caught only
//! if a seed fails with that; each that is named has to be seen. So the table of the invariants is in the patches: `grep -r
//! ^Breaks: .` beside this file. What is tried here is that each sentence, of what is stored and of what is told, is in it.

use std::{fs, path::PathBuf, process::Command};

use crate::invariants::{
    promises,
    sentences::{ALWAYS, FOR_GOOD, SETTLED},
};

const FOLDER: &str = "tests/simulation/mutants";

/// What no patch breaks alone: another sentence, which is looked at first, says it too.
const UNBROKEN: [(&str, &str); 8] = [
    (
        "every call has an end",
        "a ring without one rings past its deadline, and who talks in the calm hangs up",
    ),
    (
        promises::JOINED_ONCE,
        "whoever knows the call that theirs was joined into asks no more",
    ),
    (
        promises::STORED_ONCE,
        "a message is sent again by whoever has not heard the answer",
    ),
    (
        promises::STREAMS_FORWARD,
        "what a stream loses with its head is missing by the sentence of whatever it was",
    ),
    (
        promises::CONVERSATIONS_FORWARD,
        "what is lost with the end of a conversation was acknowledged",
    ),
    (
        promises::CURSORS_FORWARD,
        "a cursor that goes back is not where the reads that are told say",
    ),
    (
        promises::MESSAGES_IN_ORDER,
        "a message in another place is another count of what is unread",
    ),
    (
        promises::READS_FORWARD,
        "a read is in the stream, whose chain breaks, and told once by what is stored",
    ),
];

fn patches() -> Vec<PathBuf> {
    let files = fs::read_dir(FOLDER).expect("it is there");
    let files = files.map(|file| file.expect("it is read").path());
    let patches: Vec<_> = files
        .filter(|it| it.extension().is_some_and(|it| it == "patch"))
        .collect();
    assert!(patches.len() > 30, "{patches:?}");
    patches
}

/// The sentences that each patch breaks.
fn broken() -> Vec<(String, Vec<String>)> {
    let read = |patch: PathBuf| {
        let text = fs::read_to_string(&patch).expect("it is read");
        let sentences = text.lines().filter_map(|it| it.strip_prefix("Breaks: "));
        let sentences = sentences.map(str::to_owned).collect();
        (patch.display().to_string(), sentences)
    };
    patches().into_iter().map(read).collect()
}

/// A change of the sources that a patch no longer fits would never be tried again. All are made together.
#[test]
fn every_mutant_can_be_made() {
    let mut apply = Command::new("git");
    apply.args(["apply", "--check"]).args(patches());
    let applied = apply.output().expect("git is there");
    let said = String::from_utf8_lossy(&applied.stderr);
    assert!(applied.status.success(), "{said}");
}

#[test]
fn every_mutant_names_what_it_breaks() {
    for (patch, sentences) in broken() {
        assert!(!sentences.is_empty(), "{patch} breaks nothing");
    }
}

#[test]
fn whatever_must_hold_has_a_mutant() {
    let broken = broken();
    let has_one = |sentence: &str| {
        broken
            .iter()
            .any(|(_, all)| all.iter().any(|it| it == sentence))
    };
    let stored = ALWAYS.iter().chain(&FOR_GOOD).chain(&SETTLED);
    let stored = stored.map(|it| it.0);
    let all: Vec<&str> = stored.chain(promises::ALL.iter().copied()).collect();
    let without: Vec<&str> = all.iter().copied().filter(|it| !has_one(it)).collect();
    let (said_twice, _reasons): (Vec<&str>, Vec<&str>) = UNBROKEN.into_iter().unzip();
    let forgotten: Vec<_> = without
        .iter()
        .filter(|it| !said_twice.contains(it))
        .collect();
    assert!(forgotten.is_empty(), "no mutant breaks: {forgotten:#?}");
    let needless: Vec<_> = said_twice
        .iter()
        .filter(|it| !without.contains(it))
        .collect();
    assert!(
        needless.is_empty(),
        "one breaks, or nothing says: {needless:#?}"
    );
}
