//! What came of a request.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Breach, History, Word};
use super::whole;

/// Every request has one final answer, and everything that is said of the end of a call is the same; at the end each request has
/// its answer, and each answered call its end.
pub(super) fn one(history: &History) -> Vec<Breach> {
    let mut told = BTreeMap::new();
    let mut broken = Vec::new();
    for word in history.heard() {
        let call = word.json["callId"].as_str().unwrap_or_default();
        let (key, said) = match word.kind() {
            "call_accepted" => ((word.user(), call), "accepted".to_owned()),
            "call_rejected" => ((word.user(), call), word.text("reason").to_owned()),
            "call_end" => (("both", call), end(&word)),
            _ => continue,
        };
        let (known, place) = told.entry(key).or_insert((said.clone(), word.place));
        if *known != said {
            let what = format!("{call}: {known}, and {said}");
            broken.push(Breach::at(what, [*place, word.place]));
        }
    }
    broken.extend(open(history));
    broken
}

/// What both people are told of an end.
fn end(word: &Word<'_>) -> String {
    let parts = ["reason", "endedAt", "durationSeconds", "totalChargedPoints"];
    parts
        .map(|part| format!("{part} {}", word.json[part]))
        .join(", ")
}

/// Requests without an answer and calls without an end, of those to whom everything has come.
fn open(history: &History) -> Vec<Breach> {
    let whole = whole(history);
    let (mut waiting, mut closed) = (BTreeMap::new(), BTreeSet::new());
    for word in history.heard() {
        let call = (
            word.user(),
            word.json["callId"].as_str().unwrap_or_default(),
        );
        match word.kind() {
            "call_request_ack" if word.text("status") != "ended" => {
                waiting.entry(call).or_insert(word);
            }
            "call_accepted" | "call_accept_ack" => {
                waiting.insert(call, word);
            }
            // The call goes on, on another device.
            "call_cancelled" if word.text("reason") == "answered_elsewhere" => {}
            "call_request_ack"
            | "call_rejected"
            | "call_cancelled"
            | "call_cancel_ack"
            | "call_reject_ack"
            | "call_end"
            | "call_end_request_ack" => {
                closed.insert(call);
            }
            "call_snapshot" => {
                let recent = word.json["recent"].as_array().into_iter().flatten();
                closed.extend(recent.filter_map(|it| Some((word.user(), it["callId"].as_str()?))));
            }
            _ => {}
        }
    }
    waiting.retain(|call, word| {
        let settled = whole.get(call.0).is_some_and(|place| *place > word.place);
        settled && !closed.contains(call)
    });
    let open = waiting.into_iter().map(|((user, call), word)| {
        let what = format!("{user} never heard of the end of {call}");
        Breach::at(what, [word.place, whole[user]])
    });
    open.collect()
}

/// A command that is sent again, by what its sender calls it, has the result that it had: a message its id, an order its
/// transaction.
pub(super) fn repeats(history: &History) -> Vec<Breach> {
    let mut results = BTreeMap::new();
    let mut broken = Vec::new();
    for command in history.commands() {
        let Some(answer) = command.answer() else {
            continue;
        };
        let said = command.said.json;
        let (key, result) = match (said["clientMessageId"].as_str(), said["key"].as_str()) {
            (Some(id), _) => (
                (command.said.user(), "message", id),
                &answer.json["messageId"],
            ),
            (_, Some(key)) => (
                (said["user"].as_str().unwrap_or_default(), "order", key),
                &answer.json["transactionId"],
            ),
            _ => continue,
        };
        let (known, place) = *results.entry(key).or_insert((result, answer.place));
        if known != result {
            let what = format!("{} {} of {} has two results", key.1, key.2, key.0);
            broken.push(Breach::at(what, [place, answer.place]));
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

    const ACCEPTED: &str = r#"
        1 #0 taro/phone opens after 0
        2 #0 taro/phone hears {"type":"call_request_ack","callId":"C","status":"requesting"}
        3 #0 taro/phone hears {"type":"call_accepted","callId":"C"}
        4 #0 taro/phone hears {"type":"call_end","callId":"C","reason":"user_end","endedAt":5}
        5 #0 taro/phone hears {"type":"call_end","callId":"C","reason":"user_end","endedAt":5}
        9 #0 taro/phone settles
    "#;

    #[test]
    fn a_request_has_one_answer_and_a_call_one_end() {
        keeps(one, ACCEPTED);
        let two = ACCEPTED.replace("9 #0", "8 #0 taro/phone hears {\"type\":\"call_rejected\",\"callId\":\"C\",\"reason\":\"busy\"}\n9 #0");
        breaks(one, "C: accepted, and busy", &two);
        let other = ACCEPTED.replacen(r#""endedAt":5"#, r#""endedAt":6"#, 1);
        assert_eq!(super::super::found(one, &other).len(), 1);
    }

    #[test]
    fn at_the_end_nothing_is_open() {
        let open = ACCEPTED.replace("call_end", "call_tick");
        breaks(one, "taro never heard of the end of C", &open);
        let unanswered = open.replace("call_accepted", "call_ringing");
        breaks(one, "taro never heard of the end of C", &unanswered);
        let recent = open.replace("9 #0", "8 #0 taro/phone hears {\"type\":\"call_snapshot\",\"recent\":[{\"callId\":\"C\"}]}\n9 #0");
        keeps(one, &recent);
    }

    #[test]
    fn a_repeat_is_the_same() {
        let sent = r#"
            1 #0 taro/phone opens after 0
            2 #0 taro/phone says {"type":"message_send","requestId":"1","clientMessageId":"m-1"}
            3 #0 taro/phone hears {"type":"message_send_ack","requestId":"1","messageId":"M"}
            4 #0 taro/phone says {"type":"message_send","requestId":"2","clientMessageId":"m-1"}
            5 #0 taro/phone hears {"type":"message_send_ack","requestId":"2","messageId":"M"}
        "#;
        keeps(repeats, sent);
        let again = sent.replace(r#""2","messageId":"M""#, r#""2","messageId":"N""#);
        breaks(repeats, "message m-1 of taro has two results", &again);
    }
}
