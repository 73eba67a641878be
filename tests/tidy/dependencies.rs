//! What others have made is there under a licence that is known, and from where it can be looked at: `deny.toml` says which.
//!
//! A part of what cargo-deny does, so that each run of the tests does it; the whole is `scripts/test long deny`.

use std::{process::Command, sync::LazyLock};

use serde_json::Value;

use crate::{assert_tidy, source::read};

/// The only place from where a crate may come, as cargo writes it.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every crate of the lock file, as cargo describes it.
static PACKAGES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--format-version", "1"]);
    let output = cargo.output().expect("cargo is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
});

/// The licences that `deny.toml` allows.
fn allowed() -> Vec<String> {
    let text = read("deny.toml");
    let source = config::File::from_str(&text, config::FileFormat::Toml);
    let deny = config::Config::builder().add_source(source).build();
    let allowed = deny.expect("TOML").get("licenses.allow");
    allowed.expect("a list of licences")
}

/// Whether a licence expression (SPDX, annex D; cargo's older `A/B` is `A OR B`) can be met with what is allowed. `AND` binds more
/// than `OR`.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ");
    let spaced = spaced.replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, allowed);
    met && words.peek().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    match words.next() {
        Some("(") => {
            let met = any(words, allowed);
            met && words.next() == Some(")")
        }
        Some(licence) => {
            let mut name = licence.to_owned();
            if words.next_if_eq(&"WITH").is_some() {
                name += &format!(" WITH {}", words.next().unwrap_or_default());
            }
            allowed.contains(&name)
        }
        None => false,
    }
}

fn unlicensed(package: &Value, allowed: &[String]) -> Option<String> {
    let licence = package["license"].as_str().unwrap_or("no licence");
    let (name, version) = (&package["name"], &package["version"]);
    (!is_met(licence, allowed)).then(|| format!("{name} {version}: {licence}"))
}

/// Our own package has no source.
fn from_elsewhere(package: &Value) -> Option<String> {
    let source = package["source"].as_str();
    let ours = source.is_none() && package["name"] == "otomo";
    let name = &package["name"];
    (!ours && source != Some(CRATES_IO)).then(|| format!("{name} comes from {source:?}"))
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = allowed();
    assert!(PACKAGES.len() > 200, "{} packages", PACKAGES.len());
    assert_tidy(
        PACKAGES
            .iter()
            .filter_map(|it| unlicensed(it, &allowed))
            .collect(),
    );
    let ours: Vec<String> = ["MIT", "ISC", "Apache-2.0"].map(str::to_owned).to_vec();
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only/MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("ISC AND (GPL-2.0-only OR MIT)", true),
        ("(GPL-2.0-only OR AGPL-3.0-only) AND MIT", false),
        ("MIT OR GPL-3.0-only AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception", false),
        ("no licence", false),
        ("", false),
    ] {
        assert_eq!(is_met(expression, &ours), met, "{expression}");
    }
}

#[test]
fn every_dependency_comes_from_where_it_can_be_looked_at() {
    assert_tidy(PACKAGES.iter().filter_map(from_elsewhere).collect());
    let git = serde_json::json!({"name": "a", "source": "git+https://example.com/a"});
    let path = serde_json::json!({"name": "a", "source": null});
    assert!(from_elsewhere(&git).is_some() && from_elsewhere(&path).is_some());
}
