//! The order of what is durable.

use std::collections::BTreeMap;

use super::super::{Breach, History};

/// On each connection `seq` rises, and `prev` is the one before: what the connection began with, at first.
pub(super) fn stream(history: &History) -> Vec<Breach> {
    let mut broken = Vec::new();
    for connection in 0..history.connections().len() {
        let mut last = None;
        for word in history.heard_on(connection) {
            match (word.kind(), word.seq()) {
                ("connected" | "resync", _) => {
                    last = word.json["seq"].as_u64().map(|seq| (seq, word.place))
                }
                (_, Some(seq)) => {
                    let (before, place) = last.unwrap_or_default();
                    if word.json["prev"] != before || seq <= before {
                        let what = format!("{} heard {seq} after {before}", word.user());
                        broken.push(Breach::at(what, [place, word.place]));
                    }
                    last = Some((seq, word.place));
                }
                _ => {}
            }
        }
    }
    broken
}

/// On each connection the messages of a conversation come in their order, without a gap.
pub(super) fn conversations(history: &History) -> Vec<Breach> {
    let mut broken = Vec::new();
    for connection in 0..history.connections().len() {
        let mut last = BTreeMap::new();
        for word in history.heard_on(connection) {
            if word.kind() == "resync" {
                last.clear();
            }
            if word.kind() != "new-message" {
                continue;
            }
            let (conversation, seq) = (word.text("conversationId"), word.number("messageSeq"));
            if let Some((before, place)) = last.insert(conversation, (seq, word.place))
                && seq != before + 1
            {
                let what = format!(
                    "{} heard message {seq} of {conversation} after {before}",
                    word.user()
                );
                broken.push(Breach::at(what, [place, word.place]));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::{
        super::{breaks, keeps},
        *,
    };

    const ORDERLY: &str = r#"
        1 #0 taro/phone opens after 7
        2 #0 taro/phone hears {"type":"connected","seq":7}
        3 #0 taro/phone hears {"type":"new-message","seq":8,"prev":7,"conversationId":"c","messageSeq":1}
        4 #0 taro/phone hears {"type":"new-message","seq":9,"prev":8,"conversationId":"c","messageSeq":2}
        5 #0 taro/phone hears {"type":"new-message","seq":10,"prev":9,"conversationId":"d","messageSeq":5}
    "#;

    #[test]
    fn each_event_follows_the_one_before() {
        keeps(stream, ORDERLY);
        let skipped = ORDERLY.replace(r#""seq":8,"prev":7"#, r#""seq":9,"prev":8"#);
        assert_eq!(super::super::found(stream, &skipped).len(), 2);
        let gap = ORDERLY.replace(r#""prev":9"#, r#""prev":8"#);
        breaks(stream, "taro heard 10 after 9", &gap);
    }

    #[test]
    fn a_stream_goes_on_after_a_resync() {
        let told = r#"
            6 #0 taro/phone hears {"type":"resync","reason":"retention","firstSeq":30,"seq":40}
            7 #0 taro/phone hears {"type":"new-message","seq":41,"prev":40,"conversationId":"c","messageSeq":9}
        "#;
        keeps(stream, &format!("{ORDERLY}{told}"));
        keeps(conversations, &format!("{ORDERLY}{told}"));
    }

    #[test]
    fn messages_come_in_the_order_of_their_conversation() {
        keeps(conversations, ORDERLY);
        let gap = ORDERLY.replace(r#""messageSeq":2"#, r#""messageSeq":3"#);
        breaks(conversations, "taro heard message 3 of c after 1", &gap);
    }
}
