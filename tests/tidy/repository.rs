//! What is in the repository, and what must not be.

use crate::{
    assert_tidy,
    source::{files_below, read},
};

/// Endings of the files that people read.
const TEXT: [&str; 16] = [
    "rs", "toml", "md", "py", "sql", "mjs", "js", "html", "css", "svg", "json", "jsonl", "txt",
    "sh", "yml", "lock",
];

/// Where somebody's own files are; none of these is of use to anybody else. In two parts, so that this file does not
/// find itself.
const MACHINE_PATHS: [(&str, &str); 4] = [
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/tmp", "/w/"),
];

/// What a fuzzer made is as it is.
const FOUND: &str = "tests/fuzz/corpus/";

fn is_text(path: &str) -> bool {
    if path.starts_with(FOUND) {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, ending)) => TEXT.contains(&ending),
        // LICENSE, scripts.
        None => true,
    }
}

fn trailing_spaces(path: &str, text: &str) -> Vec<String> {
    let spaced = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.ends_with([' ', '\t']));
    spaced
        .map(|(number, _)| format!("{path}:{}: spaces at the end", number + 1))
        .collect()
}

fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let needles: Vec<String> = MACHINE_PATHS
        .iter()
        .map(|(a, b)| format!("{a}{b}"))
        .collect();
    let found = text
        .lines()
        .enumerate()
        .filter(|(_, line)| needles.iter().any(|needle| line.contains(needle)));
    found
        .map(|(number, _)| format!("{path}:{}: a path of one machine", number + 1))
        .collect()
}

/// Every change of the schema can be taken back.
fn one_way_migrations(files: &[String], read: impl Fn(&str) -> String) -> Vec<String> {
    let changes = files.iter().filter_map(|path| path.strip_suffix("/up.sql"));
    let one_way = changes.filter(|change| {
        let back = format!("{change}/down.sql");
        !files.contains(&back) || read(&back).trim().is_empty()
    });
    one_way
        .map(|change| format!("{change}: no way back (down.sql)"))
        .collect()
}

#[test]
fn no_line_ends_in_spaces() {
    let files = files_below("").into_iter().filter(|path| is_text(path));
    assert_tidy(
        files
            .flat_map(|path| trailing_spaces(&path, &read(&path)))
            .collect(),
    );
    assert_eq!(
        trailing_spaces("a", "a\nb \nc\t\n"),
        ["a:2: spaces at the end", "a:3: spaces at the end"]
    );
}

#[test]
fn nothing_is_tied_to_one_machine() {
    let files = files_below("").into_iter().filter(|path| is_text(path));
    assert_tidy(
        files
            .flat_map(|path| machine_paths(&path, &read(&path)))
            .collect(),
    );
    for (a, b) in MACHINE_PATHS {
        assert_eq!(
            machine_paths("a", &format!("see {a}{b}notes")).len(),
            1,
            "{a}{b}"
        );
    }
    assert_tidy(machine_paths("a", "network/path, /tmp/otomo, /rooted"));
}

#[test]
fn every_migration_has_a_way_back() {
    assert_tidy(one_way_migrations(&files_below("migrations"), read));
    let files = [
        "migrations/sqlite/1_a/up.sql",
        "migrations/sqlite/1_a/down.sql",
        "migrations/sqlite/2_b/up.sql",
    ];
    let files = files.map(str::to_owned);
    assert_eq!(
        one_way_migrations(&files, |_| "drop table a".to_owned()).len(),
        1
    );
    assert_eq!(one_way_migrations(&files, |_| "\n".to_owned()).len(), 2);
}
