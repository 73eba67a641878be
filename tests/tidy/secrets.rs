//! What is secret is not printed, is compared in constant time, and no code is unsafe.

use crate::{
    assert_tidy,
    source::{Source, closing, product, read, sources, tokens},
};

/// Names of fields that hold what nobody may see.
const SECRET_NAMES: [&str; 7] = [
    "token",
    "secret",
    "password",
    "api_key",
    "api_keys",
    "credential",
    "signature",
];

/// Types whose value is printed as it is.
const PRINTED: [&str; 5] = ["String", "str", "Box", "Bytes", "Vec"];

/// Texts whose names say more than they are: what clients are sent, or what they can read in their own requests.
const NOT_SECRET: [(&str, &str); 1] = [
    // Of RFC 8489: short-lived, and made for the one who is sent it.
    ("src/protocol/event/signaling.rs", "credential"),
];

/// Structs that derive `Debug` and have a secret in a text of their own. In a `Secret` it would not be printed.
fn printable_secrets(file: &Source) -> Vec<String> {
    let tokens = tokens(&file.product);
    let mut faults = Vec::new();
    for (at, (_, token)) in tokens.iter().enumerate() {
        let derives = *token == "derive" && tokens.get(at + 1).is_some_and(|it| it.1 == "(");
        if !derives {
            continue;
        }
        let end = closing(&tokens, at + 1);
        let derived = tokens.get(at + 1..end).unwrap_or_default();
        let item = tokens.iter().enumerate().skip(end);
        let mut item = item.filter(|(_, (_, it))| ["struct", "enum", "fn", "impl"].contains(it));
        let Some((start, _)) = item.next().filter(|(_, (_, it))| *it == "struct") else {
            continue;
        };
        if !derived.iter().any(|(_, it)| *it == "Debug") {
            continue;
        }
        let body = tokens.iter().enumerate().skip(start);
        let mut body = body.filter(|(_, (_, it))| ["{", "(", ";"].contains(it));
        let Some((open, _)) = body.next().filter(|(_, (_, it))| *it == "{") else {
            continue;
        };
        let fields = tokens.get(open..closing(&tokens, open)).unwrap_or_default();
        for field in fields.windows(3) {
            let (line, name) = field[0];
            let of_type =
                |words: &[&str]| of_line(fields, field[2].0).any(|it| words.contains(&it));
            let is_text = field[1].1 == ":" && of_type(&PRINTED) && !of_type(&["Secret"]);
            if is_text && SECRET_NAMES.contains(&name) && !NOT_SECRET.contains(&(&file.path, name))
            {
                faults.push(format!(
                    "{}:{line}: `{name}` would be printed by Debug; keep it in a Secret",
                    file.path
                ));
            }
        }
    }
    faults
}

/// The words of one line, on which a field is with its type.
fn of_line<'a>(tokens: &'a [(usize, &'a str)], line: usize) -> impl Iterator<Item = &'a str> {
    tokens.iter().filter(move |it| it.0 == line).map(|it| it.1)
}

/// Where a secret is compared as any text is, letter by letter until one differs.
fn hasty_comparisons(file: &Source) -> Vec<String> {
    // A configuration with itself, read again: no stranger has a part in it.
    if file.path == "src/kernel/config/database.rs" {
        return Vec::new();
    }
    let lines = file.product.lines().enumerate();
    let hasty = lines.filter(|(_, line)| {
        line.contains("reveal()") && (line.contains(" == ") || line.contains(" != "))
            || line.contains("finalize()") && (line.contains(" == ") || line.contains(" != "))
    });
    hasty
        .map(|(number, _)| {
            format!(
                "{}:{}: compare with Secret::is, which takes the same time wherever two differ",
                file.path,
                number + 1
            )
        })
        .collect()
}

fn unsafety(file: &Source) -> Vec<String> {
    let found = tokens(&file.code);
    let found = found
        .iter()
        .filter(|(_, it)| ["unsafe", "unsafe_code"].contains(it));
    found
        .map(|(line, _)| format!("{}:{line}: no code of ours is unsafe", file.path))
        .collect()
}

/// Whether a manifest forbids unsafe code to every target of its package.
fn forbids_unsafe_code(manifest: &str) -> bool {
    let (_, lints) = manifest.split_once("\n[lints.rust]\n").unwrap_or_default();
    let (lints, _) = lints.split_once("\n[").unwrap_or((lints, ""));
    lints.lines().any(|line| line == "unsafe_code = \"forbid\"")
}

#[test]
fn no_type_prints_a_secret() {
    assert_tidy(product().flat_map(printable_secrets).collect());
    for (text, faults) in [
        (
            "#[derive(Clone, Debug)]\nstruct A {\n    token: String,\n}",
            1,
        ),
        (
            "#[derive(Debug)]\nstruct A<'a> {\n    pub(crate) api_key: Option<&'a str>,\n    b: u8,\n}",
            1,
        ),
        ("#[derive(Debug)]\nstruct A {\n    token: Secret,\n}", 0),
        (
            "#[derive(Debug)]\nstruct A {\n    api_keys: Vec<Secret>,\n}",
            0,
        ),
        ("#[derive(Clone)]\nstruct A {\n    token: String,\n}", 0),
        (
            "#[derive(Debug)]\nstruct A(u8);\nstruct B {\n    token: String,\n}",
            0,
        ),
    ] {
        let file = Source::new("src/a.rs", text);
        assert_eq!(printable_secrets(&file).len(), faults, "{text}");
    }
}

/// Goal: the time of a refusal does not say how much of a guess was right.
/// Method: by structure. A measurement on a busy machine would find a difference of nanoseconds only where it wants to; that
/// `subtle` compares in constant time is its own promise.
#[test]
fn secrets_are_compared_in_constant_time() {
    assert_tidy(product().flat_map(hasty_comparisons).collect());
    let secret = read("src/kernel/secret.rs");
    let is = secret.split_once("pub fn is(").expect("Secret::is").1;
    let body = is.split_once("\n    }").expect("its end").0;
    assert!(body.contains(".ct_eq("), "{body}");
    for (text, faults) in [
        ("fn f() -> bool { key.reveal() == guess }", 1),
        (
            "fn f() -> bool { mac.finalize().into_bytes()[..] != guess }",
            1,
        ),
        ("fn f() -> bool { key.is(guess) }", 0),
    ] {
        let file = Source::new("src/a.rs", text);
        assert_eq!(hasty_comparisons(&file).len(), faults, "{text}");
    }
}

#[test]
fn no_code_is_unsafe() {
    assert!(
        forbids_unsafe_code(&read("Cargo.toml")),
        "Cargo.toml must forbid it"
    );
    let taken_out =
        read("Cargo.toml").replace("unsafe_code = \"forbid\"", "unsafe_code = \"deny\"");
    assert!(!forbids_unsafe_code(&taken_out));
    // Forbidden is forbidden: no attribute in a file could allow it. Found here, it is found before it is compiled.
    assert_tidy(sources().iter().flat_map(unsafety).collect());
    let bad = Source::new(
        "src/a.rs",
        "#![allow(unsafe_code)]\nfn f() { unsafe { g() } }",
    );
    assert_eq!(unsafety(&bad).len(), 2);
}
