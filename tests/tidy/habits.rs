//! What code of a certain place does not do.

use crate::{
    assert_tidy,
    source::{Source, product, tokens},
};

/// Words in pure code that would make it depend on more than its arguments.
const IMPURE_WORDS: [&str; 4] = ["Instant", "SystemTime", "Clock", "draw"];

/// Crates that have no place in pure code.
const IMPURE_CRATES: [&str; 7] = [
    "log",
    "actix",
    "actix_web",
    "actix_rt",
    "diesel",
    "tokio",
    "rand",
];

/// Types whose `new*` and `now*` draw a random id.
const RANDOM_IDS: [&str; 8] = [
    "Uuid",
    "CallId",
    "SessionId",
    "ConversationId",
    "MessageId",
    "EventId",
    "AuditId",
    "TransactionId",
];

/// Where `do_send` may be: with the dispatcher, whose shards cannot refuse, and at the start.
const UNBOUNDED_SENDERS: [&str; 2] = ["src/delivery/", "src/app/"];

/// `do_send` ignores the receiver's bound.
fn stray_sends(file: &Source) -> Vec<String> {
    let allowed = UNBOUNDED_SENDERS
        .iter()
        .any(|folder| file.path.starts_with(folder));
    let sends = tokens(&file.product)
        .into_iter()
        .filter(|(_, token)| !allowed && *token == "do_send");
    sends
        .map(|(line, _)| format!("{}:{line}: do_send ignores the mailbox's bound; use try_send and say what a full one means", file.path))
        .collect()
}

/// `rules` are pure: no clock, no chance, no log, no actors, no database.
fn impurities(file: &Source) -> Vec<String> {
    let pure = file
        .path
        .split('/')
        .any(|part| part == "rules" || part == "rules.rs");
    if !pure {
        return Vec::new();
    }
    let tokens = tokens(&file.product);
    let mut faults = Vec::new();
    for (at, (line, token)) in tokens.iter().enumerate() {
        let next = |n: usize| tokens.get(at + n).map_or("", |(_, token)| *token);
        let path = next(1) == "::";
        let random = RANDOM_IDS.contains(token)
            && path
            && (next(2).starts_with("new") || next(2).starts_with("now"));
        if IMPURE_WORDS.contains(token) || (IMPURE_CRATES.contains(token) && path) || random {
            faults.push(format!(
                "{}:{line}: {token} in pure rules; take what it gives as an argument",
                file.path
            ));
        }
    }
    faults
}

/// Of several branches that are ready the first one goes, not one by chance: so a simulation of the server repeats itself.
fn selects_by_chance(file: &Source) -> Vec<String> {
    let tokens = tokens(&file.product);
    let is = |at: usize, token: &str| tokens.get(at).is_some_and(|(_, it)| *it == token);
    let selects = (0..tokens.len()).filter(|at| is(*at, "select") && is(at + 1, "!"));
    selects
        .filter(|at| !file.path.starts_with("src/cli/") && !is(at + 3, "biased"))
        .map(|at| {
            let line = tokens.get(at).map_or(0, |(line, _)| *line);
            format!(
                "{}:{line}: a select! by chance; begin it with `biased;`",
                file.path
            )
        })
        .collect()
}

/// A server does not end because something was not there.
fn unwraps(file: &Source) -> Vec<String> {
    let tokens = tokens(&file.product);
    let unwrap = tokens
        .windows(3)
        .filter(|window| window[0].1 == "." && window[1].1 == "unwrap" && window[2].1 == "(");
    unwrap
        .map(|window| format!("{}:{}: .unwrap()", file.path, window[1].0))
        .collect()
}

/// Schemas are compiled with regular expressions that never go back, so that no text can make one take for ever.
fn patterns_that_go_back(file: &Source) -> Vec<String> {
    let compiled = [
        "jsonschema::options(",
        "jsonschema::validator_for(",
        "jsonschema::is_valid(",
    ];
    let times = |word: &str| file.product.matches(word).count();
    let made: usize = compiled.iter().map(|it| times(it)).sum();
    let linear = times("with_pattern_options(PatternOptions::regex())");
    let fault = format!(
        "{}: compile schemas with PatternOptions::regex()",
        file.path
    );
    (made != linear).then_some(fault).into_iter().collect()
}

#[test]
fn no_pattern_goes_back() {
    assert_tidy(product().flat_map(patterns_that_go_back).collect());
    for bad in [
        "fn f() { jsonschema::validator_for(&schema) }",
        "fn f() { jsonschema::options().build(&schema) }",
    ] {
        assert_eq!(
            patterns_that_go_back(&Source::new("src/a.rs", bad)).len(),
            1
        );
    }
}

#[test]
fn do_send_is_used_only_where_it_is_bounded() {
    assert_tidy(product().flat_map(stray_sends).collect());
    let bad = Source::new(
        "src/calls/coordinator.rs",
        "fn f() { address.do_send(Message); }",
    );
    assert_eq!(stray_sends(&bad).len(), 1);
    let tested = Source::new(
        "src/calls/coordinator.rs",
        "#[cfg(test)]\nmod tests { fn f() { address.do_send(Message); } }",
    );
    assert_tidy(stray_sends(&tested));
}

#[test]
fn no_select_goes_by_chance() {
    assert_tidy(product().flat_map(selects_by_chance).collect());
    let of = |text: &str| selects_by_chance(&Source::new("src/a.rs", text)).len();
    assert_eq!(
        of("fn f() { tokio::select! { () = a => {} () = b => {} } }"),
        1
    );
    assert_eq!(
        of("fn f() { tokio::select! { biased; () = a => {} () = b => {} } }"),
        0
    );
}

#[test]
fn rules_are_pure() {
    assert_tidy(product().flat_map(impurities).collect());
    for text in [
        "use std::time::Instant;",
        "fn f() { let now = SystemTime::now(); }",
        "use crate::kernel::time::{Clock, Timestamp};",
        "fn f() { log::info!(\"x\"); }",
        "use actix::prelude::*;",
        "use diesel::prelude::*;",
        "fn f() { Uuid::new_v4(); }",
        "fn f() { Uuid::now_v7(); }",
        "fn f() { draw::random(); }",
        "fn f() { CallId::new(); }",
    ] {
        assert_eq!(
            impurities(&Source::new("src/calls/rules/step.rs", text)).len(),
            1,
            "{text}"
        );
        assert_eq!(
            impurities(&Source::new("src/calls/rules.rs", text)).len(),
            1,
            "{text}"
        );
        assert_tidy(impurities(&Source::new("src/calls/coordinator.rs", text)));
    }
}

#[test]
fn the_product_does_not_unwrap() {
    assert_tidy(product().flat_map(unwraps).collect());
    assert_eq!(
        unwraps(&Source::new("src/a.rs", "fn f() { g()\n.unwrap(); }")).len(),
        1
    );
    assert_tidy(unwraps(&Source::new(
        "src/a.rs",
        "fn f() { g().unwrap_or(3); } // .unwrap()",
    )));
}
