//! What is unread: the first snapshot of a user and the events after it give every later one.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Included},
};

use serde_json::Value as Json;

use super::super::{Breach, History, Word};
use super::streams;

/// How far a conversation has come, and how far it is read.
type Places = BTreeMap<String, (i64, i64)>;

/// Each `unread_snapshot` is what an older one has become by the events up to its `asOfSeq`, as far as these were heard.
pub(super) fn unread(history: &History) -> Vec<Breach> {
    let streams = streams(history);
    let mut of: BTreeMap<&str, Vec<Word<'_>>> = BTreeMap::new();
    for word in history.heard().filter(|it| it.kind() == "unread_snapshot") {
        of.entry(&word.by.user).or_default().push(word);
    }
    let mut broken = Vec::new();
    for (user, mut snapshots) in of {
        snapshots.sort_by_key(|it| it.number("asOfSeq"));
        let nothing = BTreeMap::new();
        let stream = streams.get(user).unwrap_or(&nothing);
        for pair in snapshots.windows(2) {
            let ([old, fresh], mut places) = ([pair[0], pair[1]], listed(pair[0].json));
            let (from, to) = (old.number("asOfSeq") as u64, fresh.number("asOfSeq") as u64);
            let events: Vec<_> = stream
                .range((Excluded(from), Included(to)))
                .map(|(_, event)| event)
                .collect();
            if events.len() as u64 != to - from {
                continue;
            }
            events.iter().for_each(|event| hear(&mut places, event));
            if places != listed(fresh.json) || !is_sum(fresh.json) {
                let what = format!(
                    "{user}: what was true at {from} and the events to {to} are not what is shown"
                );
                let shown = events.iter().map(|it| it.place);
                let places = [old.place].into_iter().chain(shown).chain([fresh.place]);
                broken.push(Breach::at(what, places.collect::<Vec<_>>()));
            }
        }
    }
    broken
}

fn listed(snapshot: &Json) -> Places {
    let listed = snapshot["conversations"].as_array().into_iter().flatten();
    let number = |it: &Json, name: &str| it[name].as_i64().unwrap_or_default();
    let place = |it: &Json| {
        let id = it["conversationId"].as_str().unwrap_or_default().to_owned();
        (id, (number(it, "lastSeq"), number(it, "readSeq")))
    };
    listed.map(place).collect()
}

/// What is unread is what came after the last that was read.
fn is_sum(snapshot: &Json) -> bool {
    let mut listed = snapshot["conversations"].as_array().into_iter().flatten();
    let number = |it: &Json, name: &str| it[name].as_i64().unwrap_or_default();
    listed.all(|it| number(it, "unread") == number(it, "lastSeq") - number(it, "readSeq"))
}

fn hear(places: &mut Places, event: &Word<'_>) {
    let (writes, reader) = match event.kind() {
        "new-message" => (true, event.text("senderId")),
        "message-read" => (false, event.text("userId")),
        _ => return,
    };
    let seq = event.number("messageSeq");
    let place = places
        .entry(event.text("conversationId").to_owned())
        .or_default();
    if writes {
        place.0 = seq;
    }
    if reader == event.user() {
        place.1 = seq;
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{breaks, keeps},
        *,
    };

    const READ: &str = r#"
        1 #0 taro/phone opens after 0
        2 #0 taro/phone hears {"type":"unread_snapshot","asOfSeq":0,"conversations":[]}
        3 #0 taro/phone hears {"type":"new-message","seq":1,"prev":0,"conversationId":"c","messageSeq":1,"senderId":"hana"}
        4 #0 taro/phone hears {"type":"new-message","seq":2,"prev":1,"conversationId":"c","messageSeq":2,"senderId":"hana"}
        5 #0 taro/phone hears {"type":"message-read","seq":3,"prev":2,"conversationId":"c","messageSeq":1,"userId":"taro"}
        6 #1 taro/desk opens
        7 #1 taro/desk hears {"type":"unread_snapshot","asOfSeq":3,"conversations":[{"conversationId":"c","lastSeq":2,"readSeq":1,"unread":1}]}
    "#;

    #[test]
    fn a_snapshot_is_the_one_before_and_the_events_between() {
        keeps(unread, READ);
        let broken = "taro: what was true at 0 and the events to 3 are not what is shown";
        breaks(
            unread,
            broken,
            &READ.replace(r#""lastSeq":2"#, r#""lastSeq":3"#),
        );
        breaks(
            unread,
            broken,
            &READ.replace(r#""readSeq":1"#, r#""readSeq":2"#),
        );
        breaks(
            unread,
            broken,
            &READ.replace(r#""unread":1"#, r#""unread":2"#),
        );
    }

    #[test]
    fn two_that_are_as_old_are_the_same() {
        let again = r#"
            8 #2 taro/desk opens
            9 #2 taro/desk hears {"type":"unread_snapshot","asOfSeq":3,"conversations":[{"conversationId":"c","lastSeq":2,"readSeq":1,"unread":1}]}
        "#;
        keeps(unread, &format!("{READ}{again}"));
        let other = format!(
            "{READ}{}",
            again.replace(r#""readSeq":1,"unread":1"#, r#""readSeq":2,"unread":0"#)
        );
        let broken = "taro: what was true at 3 and the events to 3 are not what is shown";
        breaks(unread, broken, &other);
    }
}
