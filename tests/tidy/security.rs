//! Each test that web/docs/security.md names is there: what stops somebody is held by something.

use crate::{
    assert_tidy,
    source::{files_below, read},
};

/// The tests that the tables name, as they are named: what is in code in their last column.
fn named(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | "));
    let spans = cells.flat_map(|(_, last)| last.split('`').skip(1).step_by(2));
    spans.map(str::to_owned).collect()
}

/// Names of what is not there. A test is the path of a file or folder of the sources, or the name of a folder of `tests` with, mostly,
/// a file or folder in it: `server sse::resuming`.
fn missing(page: &str, files: &[String]) -> Vec<String> {
    let is_there = |path: &str| {
        let ends = ["/", ".rs", ".test.mjs"];
        files.iter().any(|file| {
            let rest = file.strip_prefix(path);
            rest.is_some_and(|rest| ends.iter().any(|end| rest == *end || rest.starts_with('/')))
        })
    };
    let names = named(page).into_iter();
    let missing = names.filter(|name| match name.split_once(' ') {
        None if name.starts_with("src/") => !is_there(name),
        None => !is_there(&format!("tests/{name}")),
        Some((folder, part)) => !is_there(&format!("tests/{folder}/{}", part.replace("::", "/"))),
    });
    missing
        .map(|name| format!("web/docs/security.md names `{name}`, which is not there"))
        .collect()
}

#[test]
fn every_test_that_the_page_on_security_names_is_there() {
    let files = [files_below("src"), files_below("tests")].concat();
    let page = read("web/docs/security.md");
    assert!(named(&page).len() > 30, "{:?}", named(&page));
    assert_tidy(missing(&page, &files));
    let sample = "| who | what | test |\n| a | b `c` | `tidy security`, `src/kernel`, `tidy` |\n";
    assert_eq!(named(sample), ["tidy security", "src/kernel", "tidy"]);
    assert_tidy(missing(sample, &files));
    let bad = "| a | b | `tidy nothing`, `src/kernal`, `untidy` |";
    assert_eq!(missing(bad, &files).len(), 3);
}
