//! What was refused.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::super::{
    Breach, History, Word,
    commands::{Command, Outcome},
};

/// What is stored under a name that its sender gave it, where nothing is stored if it is refused.
type Name<'a> = (&'static str, &'a str, &'a str);

/// No message, order or request that was refused as often as it was sent has come to anybody.
pub(super) fn nothing_is_done(history: &History) -> Vec<Breach> {
    let mut refused: BTreeMap<Name<'_>, Option<Word<'_>>> = BTreeMap::new();
    for command in history.commands() {
        if let Some(name) = name(&command) {
            let refusal = command.refusal();
            let all = refused.entry(name).or_insert(refusal);
            *all = all.and(refusal);
        }
    }
    let mut broken = Vec::new();
    for word in history.heard() {
        let names = [
            (
                "message",
                word.text("senderId"),
                word.text("clientMessageId"),
            ),
            ("order", word.user(), word.text("description")),
            ("call", word.text("fromUserId"), word.text("callId")),
        ];
        let done = match word.kind() {
            "new-message" => names[0],
            "sp_update" => names[1],
            "incoming_call" => names[2],
            _ => continue,
        };
        if let Some(Some(refusal)) = refused.get(&done) {
            let what = format!("{} {} of {} was refused, and done", done.0, done.2, done.1);
            broken.push(Breach::at(what, [refusal.place, word.place]));
        }
    }
    broken
}

/// Orders have their key as their description.
fn name<'a>(command: &Command<'a>) -> Option<Name<'a>> {
    let said: &'a Json = command.said.json;
    let text = |field: &str| said[field].as_str();
    let sender: &'a str = &command.said.by.user;
    // A call that was stored and ended at once is acknowledged: an error says that there is none.
    let stored = matches!(command.outcome, Outcome::Refused(error) if error.text("code").starts_with("CALL_ALREADY"));
    match said["type"].as_str()? {
        "message_send" => Some(("message", sender, text("clientMessageId")?)),
        "call_request" if !stored => Some(("call", sender, text("callId")?)),
        path if path.starts_with("POST /api/server/points/") => {
            Some(("order", text("user")?, text("key")?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{breaks, keeps},
        *,
    };

    const REFUSED: &str = r#"
        1 #0 taro/phone opens after 0
        1 #1 hana/phone opens after 0
        2 #0 taro/phone says {"type":"call_request","requestId":"1","callId":"C"}
        3 #0 taro/phone hears {"type":"error","requestId":"1","code":"CALLER_BUSY"}
        4 #0 taro/phone says {"type":"message_send","requestId":"2","clientMessageId":"m-1"}
        5 #0 taro/phone hears {"type":"error","requestId":"2","code":"RATE_LIMITED"}
        6 #2 backend/rest opens
        7 #2 backend/rest says {"type":"POST /api/server/points/{user}/consume","requestId":"3","user":"taro","key":"k-1"}
        8 #2 backend/rest hears {"type":"error","requestId":"3","code":"INSUFFICIENT_POINTS"}
    "#;

    const RINGS: &str =
        r#"9 #1 hana/phone hears {"type":"incoming_call","callId":"C","fromUserId":"taro"}"#;

    #[test]
    fn nothing_comes_of_what_was_refused() {
        keeps(nothing_is_done, REFUSED);
        let rings = format!("{REFUSED}{RINGS}");
        breaks(
            nothing_is_done,
            "call C of taro was refused, and done",
            &rings,
        );
        let message = r#"9 #1 hana/phone hears {"type":"new-message","senderId":"taro","clientMessageId":"m-1"}"#;
        breaks(
            nothing_is_done,
            "message m-1 of taro was refused, and done",
            &format!("{REFUSED}{message}"),
        );
        let taken = r#"9 #0 taro/phone hears {"type":"sp_update","description":"k-1"}"#;
        breaks(
            nothing_is_done,
            "order k-1 of taro was refused, and done",
            &format!("{REFUSED}{taken}"),
        );
    }

    #[test]
    fn what_was_sent_again_may_be_done() {
        let again = r#"8 #0 taro/phone says {"type":"call_request","requestId":"9","callId":"C"}"#;
        keeps(nothing_is_done, &format!("{REFUSED}{again}\n{RINGS}"));
    }
}
