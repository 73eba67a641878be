//! The floors of the house: a room uses what is below it, and of its own floor only what is written here.

use crate::{
    assert_tidy,
    source::{Source, Token, closing, product, tokens},
};

/// Every room, its floor, and the rooms of its own floor that it may use.
const ROOMS: [(&str, u8, &[&str]); 24] = [
    ("kernel", 0, &[]),
    ("protocol", 1, &[]),
    ("store", 2, &[]),
    ("backplane", 2, &[]),
    ("contract", 2, &[]),
    ("delivery", 3, &[]),
    ("people", 3, &["cluster"]),
    ("audit", 3, &[]),
    ("cluster", 3, &["delivery"]),
    ("presence", 4, &[]),
    ("points", 4, &[]),
    ("calls", 4, &["presence", "points"]),
    ("chat", 4, &[]),
    ("friends", 4, &[]),
    ("rooms", 4, &[]),
    ("actions", 4, &[]),
    ("session", 5, &[]),
    ("repair", 5, &[]),
    ("transport", 6, &[]),
    ("rest", 6, &[]),
    ("app", 7, &[]),
    ("cli", 8, &[]),
    ("main", 8, &["cli"]),
    ("fuzzing", 8, &[]),
];

/// What the crate's root holds beside rooms: macros that are exported begin like this.
const MACRO_PREFIX: &str = "__";

fn room(name: &str) -> Option<(&'static str, u8, &'static [&'static str])> {
    ROOMS.into_iter().find(|(room, ..)| *room == name)
}

fn faults(file: &Source) -> Vec<String> {
    let own = modules(&file.path);
    // The crate's root only names the rooms.
    let Some(own_room) = own.first() else {
        return Vec::new();
    };
    let Some((_, floor, beside)) = room(own_room) else {
        return vec![format!("{}: {own_room} is on no floor", file.path)];
    };
    let mut faults = Vec::new();
    for (line, used) in used_rooms(&file.code, &own) {
        let fault = match room(&used) {
            Some((name, ..)) if name == own_room => continue,
            Some((_, below, _)) if below < floor => continue,
            Some((name, same, _)) if same == floor && beside.contains(&name) => continue,
            Some((name, above, _)) => {
                format!("{own_room} (floor {floor}) must not use {name} (floor {above})")
            }
            None => format!("{used} is on no floor"),
        };
        faults.push(format!("{}:{line}: {fault}", file.path));
    }
    faults
}

/// The modules that a file is in: `src/calls/rules/mod.rs` is `calls`, `rules`.
fn modules(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    let modules = inner.split('/').filter(|name| *name != "lib");
    modules.map(str::to_owned).collect()
}

/// The rooms that paths in `code` lead to, with their lines. `own` are the modules of its file.
fn used_rooms(code: &str, own: &[String]) -> Vec<(usize, String)> {
    let tokens = tokens(code);
    let word = |at: usize| tokens.get(at).map_or("", |(_, token)| *token);
    // The crate's own name is a path in the binary; elsewhere it is the table of that name.
    let is_binary = own == ["main"];
    let mut own = own.to_vec();
    let mut inline_ends = Vec::new();
    let mut rooms = Vec::new();
    for at in 0..tokens.len() {
        if word(at) == "mod" && word(at + 2) == "{" {
            own.push(word(at + 1).to_owned());
            inline_ends.push(closing(&tokens, at + 2));
        }
        if inline_ends.last() == Some(&at) {
            inline_ends.pop();
            own.pop();
        }
        let begins = match word(at) {
            "crate" | "super" => word(at + 1) == "::",
            "otomo" => is_binary && word(at + 1) == "::",
            _ => false,
        };
        let before = |n: usize| at.checked_sub(n).map_or("", word);
        // `pub(in crate::..)` uses nothing.
        let inside = before(1) == "::" || (before(1) == "in" && before(2) == "(");
        if begins && !inside {
            rooms.extend(rooms_from(&tokens, at, &own));
        }
    }
    rooms.retain(|(_, room)| !room.starts_with(MACRO_PREFIX));
    rooms
}

/// The rooms that the path at `at` leads to: one, or with braces several.
fn rooms_from(tokens: &[Token<'_>], mut at: usize, own: &[String]) -> Vec<(usize, String)> {
    let mut here: &[String] = &[];
    if tokens[at].1 == "super" {
        here = parent(own);
    }
    at += 2;
    while tokens[at].1 == "super" {
        here = parent(here);
        at += 2;
    }
    if let Some(room) = here.first() {
        return vec![(tokens[at].0, room.clone())];
    }
    if tokens[at].1 != "{" {
        return vec![(tokens[at].0, tokens[at].1.to_owned())];
    }
    // The first word of each item of the group; what it holds below is the room's own affair.
    let end = closing(tokens, at);
    let mut rooms = Vec::new();
    let mut item = at + 1;
    while item < end {
        rooms.push((tokens[item].0, tokens[item].1.to_owned()));
        while item < end && tokens[item].1 != "," {
            if tokens[item].1 == "{" {
                item = closing(tokens, item);
            }
            item += 1;
        }
        item += 1;
    }
    rooms
}

fn parent(modules: &[String]) -> &[String] {
    modules.split_last().map_or(&[], |(_, parents)| parents)
}

#[test]
fn no_room_uses_one_above_it() {
    assert_tidy(product().flat_map(faults).collect());
}

#[test]
fn an_upward_path_is_found_however_it_is_written() {
    let bad = [
        ("src/delivery/roster.rs", "use crate::session::Session;"),
        (
            "src/delivery/roster.rs",
            "use crate::{kernel::{ids::UserId, time}, session::{self, Session}};",
        ),
        (
            "src/delivery/roster.rs",
            "use crate::{\n    kernel::ids,\n    session,\n};",
        ),
        (
            "src/delivery/roster.rs",
            "fn f() -> crate::session::Session { g() }",
        ),
        (
            "src/delivery/roster.rs",
            "use super::super::session::Session;",
        ),
        ("src/delivery/mod.rs", "use super::session;"),
        (
            "src/delivery/mod.rs",
            "macro_rules! m { () => { $crate::session::f() } }",
        ),
        (
            "src/delivery/mod.rs",
            "mod inner { use super::super::session; }",
        ),
        (
            "src/delivery/mod.rs",
            "fn f() { for s in crate::session::all() {} }",
        ),
        ("src/presence/hub.rs", "use crate::calls::rules;"),
        ("src/rest/mod.rs", "use crate::transport::ws;"),
        ("src/transport/ws/mod.rs", "use crate::rest::error;"),
        ("src/kernel/ids.rs", "use crate::garage::Car;"),
        ("src/garage/mod.rs", ""),
    ];
    for (path, text) in bad {
        assert_eq!(faults(&Source::new(path, text)).len(), 1, "{path}: {text}");
    }
}

#[test]
fn a_downward_path_is_none() {
    let good = [
        (
            "src/calls/coordinator.rs",
            "use crate::{presence::records, store::Tx, kernel::ids::CallId};",
        ),
        (
            "src/calls/rules/mod.rs",
            "use super::super::calls::messages; pub(in crate::calls) fn f() {}",
        ),
        (
            "src/calls/rules/step.rs",
            "use super::Call; use super::super::messages::Request;",
        ),
        ("src/store/mod.rs", "pub use crate::__run as run;"),
        ("src/app.rs", "mod tests { use super::*; }"),
        ("src/presence/records.rs", "fn f() { otomo::table; }"),
        (
            "src/main.rs",
            "use otomo::{cli::Cli, kernel::logging::chain};",
        ),
        ("src/lib.rs", "pub mod cli; pub mod kernel;"),
        (
            "src/kernel/time.rs",
            "// use crate::app::App;\nconst S: &str = \"crate::app\";",
        ),
    ];
    for (path, text) in good {
        assert_tidy(faults(&Source::new(path, text)));
    }
}
