//! The fields of log lines are in the table of web/docs/operations.md, all of them and no others.

use std::collections::BTreeSet;

use crate::source::{product, read};

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// The texts within the macro call that begins here, behind its opening parenthesis.
fn texts(call: &str) -> String {
    let (mut depth, mut in_text, mut escaped) = (1, false, false);
    let mut texts = String::new();
    for c in call.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => {
                in_text = !in_text;
                texts.push(' ');
            }
            c if in_text => texts.push(c),
            '(' => depth += 1,
            ')' if depth == 1 => break,
            ')' => depth -= 1,
            _ => {}
        }
    }
    texts
}

/// What stands before `={` in a text.
fn fields(text: &str) -> impl Iterator<Item = String> + '_ {
    let parts: Vec<&str> = text.split("={").collect();
    let before = parts.len().saturating_sub(1);
    parts.into_iter().take(before).filter_map(|part| {
        let word = part
            .rsplit(|c: char| !(c.is_ascii_lowercase() || c == '_'))
            .next()?;
        (!word.is_empty()).then(|| word.to_owned())
    })
}

fn logged() -> BTreeSet<String> {
    let mut logged = BTreeSet::new();
    for file in product() {
        for level in LEVELS {
            let opening = format!("log::{level}!(");
            let calls = file.text.split(&opening).skip(1);
            logged.extend(calls.flat_map(|call| fields(&texts(call)).collect::<Vec<_>>()));
        }
    }
    logged
}

#[test]
fn every_field_of_the_log_is_documented_and_no_other() {
    let page = read("web/docs/operations.md");
    let (_, section) = page.split_once("## Logs").unwrap_or_default();
    let (section, _) = section.split_once("\n## ").unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<String> = rows
        .filter_map(|row| Some(row.split_once("` |")?.0.to_owned()))
        .collect();
    let logged = logged();
    assert!(logged.len() > 40, "{logged:?}");
    let missing: Vec<_> = logged.difference(&documented).collect();
    let idle: Vec<_> = documented.difference(&logged).collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "not in the table: {missing:?}; not in the log: {idle:?}"
    );
}

#[test]
fn fields_are_found_wherever_they_stand_in_a_call() {
    let call = r#""a \"quoted\" thing user={user} took_ms={}", took(x)); "other={not}""#;
    let found: Vec<String> = fields(&texts(call)).collect();
    assert_eq!(found, ["user", "took_ms"]);
}
