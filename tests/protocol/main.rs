//! Messages as clients and backends see them: one example of each, what may be published, what rooms hear, and the schemas.
//!
//! The examples are kept in `tests/golden/protocol_v1.jsonl`: a change of that file is a change for clients, and is seen as one
//! in review. `UPDATE_GOLDEN=1` writes it anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

mod commands;
mod events;
#[path = "../support/messages.rs"]
mod messages;
mod publishing;
mod rooms;
mod schemas;

use std::{collections::BTreeSet, path::Path};

use otomo::protocol::{command::Command, event::Event};

const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/golden/protocol_v1.jsonl"
);

#[test]
fn every_message_is_as_it_was_published() {
    let sent = commands::examples()
        .into_iter()
        .map(|text| format!("in  {text}\n"));
    let told = events::examples().into_iter().map(|event| {
        format!(
            "out {}\n",
            serde_json::to_string(&event).expect("an event encodes")
        )
    });
    let lines: String = sent.chain(told).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(Path::new(GOLDEN), &lines).expect("the golden file can be written");
    }
    let published = std::fs::read_to_string(GOLDEN).expect("the golden file is there");
    for (now, before) in lines.lines().zip(published.lines()) {
        assert_eq!(
            now, before,
            "a message has changed: UPDATE_GOLDEN=1 if clients may see it"
        );
    }
    assert_eq!(lines.lines().count(), published.lines().count());
}

#[test]
fn no_message_is_without_an_example() {
    let shown: BTreeSet<&str> = events::examples()
        .iter()
        .map(|event| event.spec().name)
        .collect();
    let all: BTreeSet<&str> = Event::SPECS.iter().map(|spec| spec.name).collect();
    assert_eq!(shown, all);
    let decoded = commands::examples().into_iter().map(|text| {
        let inbound = otomo::protocol::command::decode(text.as_bytes());
        inbound
            .unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
            .command
            .name()
    });
    let shown: BTreeSet<&str> = decoded.collect();
    let all: BTreeSet<&str> = Command::NAMES.iter().copied().collect();
    assert_eq!(shown, all);
}
