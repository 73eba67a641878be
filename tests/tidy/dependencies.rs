//! What others have made is there under a licence that is known, from where it can be looked at, and used only where it may be:
//! `deny.toml` says which.
//!
//! A part of what cargo-deny does, so that each run of the tests does it; the whole is `scripts/test long deny`.

use std::{collections::HashMap, process::Command, sync::LazyLock};

use serde_json::{Value, json};

use crate::{assert_tidy, source::read};

/// The only place from where a crate may come, as cargo writes it.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What cargo says of all crates of the lock file.
static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--format-version", "1"]);
    let output = cargo.output().expect("cargo is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
});

fn packages() -> &'static Vec<Value> {
    METADATA["packages"].as_array().expect("packages")
}

/// A part of `deny.toml`.
fn demanded<'de, T: serde::Deserialize<'de>>(part: &str) -> T {
    let text = read("deny.toml");
    let source = config::File::from_str(&text, config::FileFormat::Toml);
    let deny = config::Config::builder().add_source(source).build();
    deny.expect("TOML").get(part).expect("what it should be")
}

/// A crate that only some others may use.
#[derive(serde::Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    wrappers: Vec<String>,
}

/// Who uses a banned crate and may not.
fn banned_uses(metadata: &Value, banned: &[Banned]) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let names = packages.map(|it| (it["id"].as_str(), it["name"].as_str().unwrap_or_default()));
    let names: HashMap<Option<&str>, &str> = names.collect();
    let nodes = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten();
    let uses = nodes.flat_map(|node| {
        let used = node["deps"].as_array().into_iter().flatten();
        used.map(|it| (names[&node["id"].as_str()], names[&it["pkg"].as_str()]))
    });
    let forbidden = uses.filter(|(user, used)| {
        let of_it = banned.iter().find(|it| it.name == *used);
        of_it.is_some_and(|it| !it.wrappers.iter().any(|may| may == user))
    });
    forbidden
        .map(|(user, used)| format!("{user} uses {used}"))
        .collect()
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
    let allowed: Vec<String> = demanded("licenses.allow");
    assert!(packages().len() > 200, "{} packages", packages().len());
    assert_tidy(
        packages()
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
    assert_tidy(packages().iter().filter_map(from_elsewhere).collect());
    let git = json!({"name": "a", "source": "git+https://example.com/a"});
    let path = json!({"name": "a", "source": null});
    assert!(from_elsewhere(&git).is_some() && from_elsewhere(&path).is_some());
}

#[test]
fn a_crate_that_is_banned_is_used_by_nobody_who_may_not() {
    let banned: Vec<Banned> = demanded("bans.deny");
    assert_tidy(banned_uses(&METADATA, &banned));
    let metadata = json!({
        "packages": [{"id": "1", "name": "otomo"}, {"id": "2", "name": "jsonschema"}, {"id": "3", "name": "fancy-regex"}],
        "resolve": {"nodes": [
            {"id": "1", "deps": [{"pkg": "2"}, {"pkg": "3"}]},
            {"id": "2", "deps": [{"pkg": "3"}]},
        ]},
    });
    assert_eq!(banned_uses(&metadata, &banned), ["otomo uses fancy-regex"]);
}
