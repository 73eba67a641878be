//! Source files as the checks see them: with comments and literals blanked, so that a check for code is not fooled by
//! prose, and once more without what is only compiled for tests.
//!
//! A lexer of a hundred lines instead of `syn`: macro bodies count too, and `syn` does not parse them.

use std::{fs, path::Path, sync::LazyLock};

/// A file of Rust.
pub(crate) struct Source {
    /// From the repository's root, with slashes.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// With comments and literals blanked; lines are where they were.
    pub(crate) code: String,
    /// `code` without what is only compiled for tests.
    pub(crate) product: String,
    /// Files without their ending, or folders, that it declares for tests only.
    test_modules: Vec<String>,
}

impl Source {
    /// A file of the product.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = without_comments_and_literals(text);
        let (product, test_modules) = without_tests(&code);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            product,
            test_modules: test_modules
                .iter()
                .map(|name| format!("{}/{name}", folder_of_modules(path)))
                .collect(),
        }
    }

    /// Whether all of the file is compiled for tests only.
    pub(crate) fn is_test(&self) -> bool {
        self.product.is_empty()
    }
}

/// Every Rust file of `src`, then of `tests`.
pub(crate) fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let files = [files_below("src"), files_below("tests")].concat();
        let rust = files.iter().filter(|path| path.ends_with(".rs"));
        let mut sources: Vec<Source> = rust.map(|path| Source::new(path, &read(path))).collect();
        let mut tests = vec!["tests".to_owned()];
        tests.extend(sources.iter().flat_map(|file| file.test_modules.clone()));
        for file in &mut sources {
            let within = |module: &String| {
                let rest = file.path.strip_prefix(module.as_str());
                rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
            };
            if tests.iter().any(within) {
                file.product.clear();
            }
        }
        sources
    });
    &SOURCES
}

/// Every Rust file of `src`.
pub(crate) fn product() -> impl Iterator<Item = &'static Source> {
    sources()
        .iter()
        .filter(|file| file.path.starts_with("src/"))
}

/// Where the modules are that a file declares: beside `mod.rs` and the crate's roots, else below its own name.
fn folder_of_modules(path: &str) -> &str {
    for root in ["/mod.rs", "/lib.rs", "/main.rs"] {
        if let Some(folder) = path.strip_suffix(root) {
            return folder;
        }
    }
    path.trim_end_matches(".rs")
}

/// A word, a `::` or a single sign of `code`, with its line (from 1).
pub(crate) type Token<'a> = (usize, &'a str);

pub(crate) fn tokens(code: &str) -> Vec<Token<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let end = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (token, after) = rest.split_at(end);
            tokens.push((number + 1, token));
            rest = after.trim_start();
        }
    }
    tokens
}

/// The index of the token that closes what the one at `open` opens.
pub(crate) fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0;
    for (at, (_, token)) in tokens.iter().enumerate().skip(open) {
        match *token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len().saturating_sub(1)
}

/// Every file below a folder of the repository, sorted; what git ignores is passed over.
pub(crate) fn files_below(folder: &str) -> Vec<String> {
    const IGNORED: [&str; 5] = [
        ".git",
        "target",
        "data",
        "node_modules",
        "proptest-regressions",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            if !entry.file_type().unwrap().is_dir() {
                files.push(
                    path.strip_prefix(root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            } else if !IGNORED.iter().any(|ignored| entry.file_name() == *ignored) {
                folders.push(path);
            }
        }
    }
    files.sort();
    files
}

pub(crate) fn read(path: &str) -> String {
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let blank = match first {
            '/' => length_of_comment(rest),
            'r' => length_of_raw_string(rest, code.chars().next_back()),
            '"' => Some(1 + length_to_quote(&rest[1..], '"')),
            '\'' => length_of_char(rest),
            _ => None,
        };
        let (taken, after) = rest.split_at(blank.unwrap_or(first.len_utf8()));
        match blank {
            Some(_) => code.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
            None => code.push_str(taken),
        }
        rest = after;
    }
    code
}

fn length_of_comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*")
        .then(|| text.find("*/").map_or(text.len(), |at| at + 2))
}

fn length_of_raw_string(text: &str, before: Option<char>) -> Option<usize> {
    // An `r` at the end of a word begins nothing.
    if before.is_some_and(|c| c.is_alphanumeric() && c != 'b') {
        return None;
    }
    let hashes = text
        .strip_prefix('r')?
        .chars()
        .take_while(|c| *c == '#')
        .count();
    let body = text.get(1 + hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(2 + hashes + length)
}

/// A character, and not a lifetime.
fn length_of_char(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    let mut chars = body.chars();
    let escaped = chars.next() == Some('\\');
    (escaped || chars.next() == Some('\'')).then(|| 1 + length_to_quote(body, '\''))
}

fn length_to_quote(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    body.len()
}

/// What marks an item that is not built into the product.
const MARKS: [&str; 2] = ["#[cfg(test)]", "#[cfg(any(test, fuzzing))]"];

/// Blanks each item under one of [`MARKS`], and names the modules among them that are files of their own.
fn without_tests(code: &str) -> (String, Vec<String>) {
    let marks = MARKS.map(|mark| words(&tokens(mark)));
    let tokens = tokens(code);
    let words = words(&tokens);
    let mut lines: Vec<&str> = code.lines().collect();
    let mut modules = Vec::new();
    for at in 0..words.len() {
        let Some(mark) = marks.iter().find(|mark| words[at..].starts_with(mark)) else {
            continue;
        };
        let item = at + mark.len();
        let body = (item..words.len()).find(|at| matches!(words[*at], "{" | ";"));
        let end = closing(&tokens, body.unwrap_or(at));
        lines[tokens[at].0 - 1..tokens[end].0].fill("");
        // `pub(super) mod name;`
        if words[end] == ";" && words[end - 2] == "mod" {
            modules.push(words[end - 1].to_owned());
        }
    }
    (lines.join("\n"), modules)
}

fn words<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    tokens.iter().map(|(_, token)| *token).collect()
}

#[test]
fn prose_and_literals_are_no_code() {
    let text = r##"
let a = "use crate::b; \" /* "; // use crate::c;
/* use
crate::d; */ let e: &'static str = r#"crate::f "quoted" "#;
let g = ['"', '\'', 'x']; let h = bar"i";
"##;
    let source = Source::new("src/a.rs", text);
    let words: Vec<&str> = tokens(&source.code)
        .iter()
        .map(|(_, token)| *token)
        .collect();
    assert!(
        !words.contains(&"crate") && !words.contains(&"x") && !words.contains(&"i"),
        "{words:?}"
    );
    assert!(
        words.contains(&"static") && words.contains(&"h"),
        "{words:?}"
    );
    assert_eq!(source.code.lines().count(), text.lines().count());
}

#[test]
fn what_is_only_compiled_for_tests_is_no_product() {
    let text =
        "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n#[cfg(test)]\nuse c;\nfn d() {}\n";
    let source = Source::new("src/a.rs", text);
    assert_eq!(
        source.product.split_whitespace().collect::<Vec<_>>(),
        ["fn", "a()", "{}", "fn", "d()", "{}"]
    );
    assert_eq!(source.product.lines().count(), text.lines().count());
}

#[test]
fn modules_that_are_declared_for_tests_are_tests() {
    let declared =
        |path: &str| Source::new(path, "mod a;\n#[cfg(test)]\nmod model;\n").test_modules;
    let fuzzed = "#[cfg(any(test, fuzzing))]\npub(super) mod fuzz;\nmod a;\n";
    assert_eq!(
        Source::new("src/rest/mod.rs", fuzzed).test_modules,
        ["src/rest/fuzz"]
    );
    assert_eq!(
        declared("src/calls/rules/mod.rs"),
        ["src/calls/rules/model"]
    );
    assert_eq!(declared("src/calls/rules.rs"), ["src/calls/rules/model"]);
    assert_eq!(declared("src/lib.rs"), ["src/model"]);
    let this = sources().iter().find(|file| file.path == file!()).unwrap();
    assert!(this.is_test());
    assert!(product().any(|file| !file.is_test()));
}
