//! Nothing is told twice.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::super::{Breach, History, Word};
use super::streams;

/// No connection hears a `seq` twice, and on all connections of a user it is the same event.
pub(super) fn copies(history: &History) -> Vec<Breach> {
    let streams = streams(history);
    let mut here = BTreeMap::new();
    let mut twice = Vec::new();
    for word in history.heard() {
        let Some(seq) = word.seq() else { continue };
        if let Some(before) = here.insert((word.connection, seq), word.place) {
            let what = format!("{} heard {seq} twice on one connection", word.user());
            twice.push(Breach::at(what, [before, word.place]));
        }
        let first = streams[word.user()][&seq];
        if plain(first.json) != plain(word.json) {
            let what = format!("{} heard two events as {seq}", word.user());
            twice.push(Breach::at(what, [first.place, word.place]));
        }
    }
    twice
}

/// An event without what is said of the connection that it came on.
fn plain(event: &Json) -> Json {
    let mut plain = event.clone();
    if let Some(fields) = plain.as_object_mut() {
        fields.retain(|name, _| name != "prev" && name != "sse");
    }
    plain
}

/// No message, read, missed call or charge is told to a user under two `seq`.
pub(super) fn contents(history: &History) -> Vec<Breach> {
    let mut twice = Vec::new();
    for (user, stream) in streams(history) {
        let mut told: BTreeMap<String, Word<'_>> = BTreeMap::new();
        for word in stream.values() {
            let Some(content) = content(word) else {
                continue;
            };
            let what = format!("{user} was told of {content} twice");
            if let Some(before) = told.insert(content, *word) {
                twice.push(Breach::at(what, [before.place, word.place]));
            }
        }
    }
    twice
}

/// What an event tells of, if that happens once.
fn content(word: &Word<'_>) -> Option<String> {
    let json = word.json;
    match word.kind() {
        "new-message" => Some(format!("message {}", json["messageId"])),
        "message-read" => Some(format!(
            "{} having read {} to {}",
            json["userId"], json["conversationId"], json["messageSeq"]
        )),
        "call_missed" => Some(format!("missed call {}", json["callId"])),
        "sp_update" if json["metadata"]["callId"].is_string() => Some(format!(
            "charge {} of {}",
            json["metadata"]["tickNumber"], json["metadata"]["callId"]
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{breaks, keeps},
        *,
    };

    const ONCE: &str = r#"
        1 #0 taro/phone opens after 0
        2 #0 taro/phone hears {"type":"new-message","seq":1,"prev":0,"messageId":"M"}
        3 #1 taro/desk opens after 0
        4 #1 taro/desk hears {"type":"new-message","seq":1,"prev":0,"messageId":"M"}
    "#;

    #[test]
    fn each_connection_hears_an_event_once() {
        keeps(copies, ONCE);
        let again =
            r#"5 #1 taro/desk hears {"type":"new-message","seq":1,"prev":0,"messageId":"M"}"#;
        breaks(
            copies,
            "taro heard 1 twice on one connection",
            &format!("{ONCE}{again}"),
        );
        let other = ONCE.replace(
            r#"desk hears {"type":"new-message","#,
            r#"desk hears {"type":"call_missed","#,
        );
        breaks(copies, "taro heard two events as 1", &other);
    }

    #[test]
    fn nothing_has_two_seqs() {
        keeps(contents, ONCE);
        let again =
            r#"5 #1 taro/desk hears {"type":"new-message","seq":2,"prev":1,"messageId":"M"}"#;
        breaks(
            contents,
            "taro was told of message \"M\" twice",
            &format!("{ONCE}{again}"),
        );
    }
}
