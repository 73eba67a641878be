//! The order of connecting.

use super::super::{Breach, History, Word};

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Stage {
    Opened,
    Snapshots,
    Replay,
    Ready,
}

/// `connected`, the snapshots, what was missed, `ready`, and only then what is live. Answers, errors and what is said of the
/// connection itself may come at any time; and a connection that ends before it is ready hears, as its goodbye, what there is
/// of its calls.
pub(super) fn order(history: &History) -> Vec<Breach> {
    let mut broken = Vec::new();
    for (number, connection) in history.connections().iter().enumerate() {
        let mut stage = Stage::Opened;
        let (mut last, mut live) = (None, Vec::new());
        for word in history.heard_on(number) {
            if stage == Stage::Ready {
                break;
            }
            let Some(next) = next(&word) else {
                let beside = ["closing", "error", "token_expiring", "heartbeat_ack"];
                if !word.json["requestId"].is_string() && !beside.contains(&word.kind()) {
                    live.push(word);
                }
                continue;
            };
            broken.extend(live.drain(..).map(too_early));
            let begins = (stage == Stage::Opened) == (word.kind() == "connected");
            let ends = word.kind() != "ready"
                || last.is_none_or(|seq| word.json["seq"].as_u64() == Some(seq));
            if next < stage || !begins || !ends {
                let what = format!("{} heard {} out of its order", word.user(), word.kind());
                broken.push(Breach::at(what, [connection.opened, word.place]));
            }
            if next == Stage::Replay || word.kind() == "connected" {
                last = word.json["seq"].as_u64();
            }
            stage = next;
        }
        live.retain(|word| !is_of_a_call(word));
        broken.extend(live.drain(..).map(too_early));
    }
    broken
}

fn too_early(word: Word<'_>) -> Breach {
    let what = format!("{} heard {} before ready", word.user(), word.kind());
    Breach::at(what, [word.by.opened, word.place])
}

fn is_of_a_call(word: &Word<'_>) -> bool {
    word.json["callId"].is_string()
}

/// What a message makes of a connection that is not ready; `None` if it is no part of connecting.
fn next(word: &Word<'_>) -> Option<Stage> {
    match word.kind() {
        "ready" => Some(Stage::Ready),
        "resync" => Some(Stage::Replay),
        "connected" => Some(Stage::Snapshots),
        kind if kind.ends_with("_snapshot") => Some(Stage::Snapshots),
        _ => word.seq().map(|_| Stage::Replay),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{breaks, keeps},
        *,
    };

    const CONNECTING: &str = r#"
        1 #0 taro/phone opens after 7
        2 #0 taro/phone hears {"type":"connected","seq":7}
        3 #0 taro/phone hears {"type":"call_snapshot"}
        4 #0 taro/phone hears {"type":"new-message","seq":8,"prev":7}
        5 #0 taro/phone hears {"type":"ready","seq":8}
        6 #0 taro/phone hears {"type":"incoming_call"}
    "#;

    #[test]
    fn nothing_is_live_before_ready() {
        keeps(order, CONNECTING);
        let live = CONNECTING.replace("call_snapshot", "incoming_call");
        breaks(order, "taro heard incoming_call before ready", &live);
    }

    #[test]
    fn who_is_sent_away_before_that_hears_of_their_calls() {
        let ready = r#"5 #0 taro/phone hears {"type":"ready","seq":8}"#;
        let closing = r#"7 #0 taro/phone hears {"type":"closing"}"#;
        let away = |live: &str| {
            format!(
                "{}{closing}",
                CONNECTING
                    .replace(ready, "")
                    .replace(r#"{"type":"incoming_call"}"#, live)
            )
        };
        keeps(order, &away(r#"{"type":"call_rejected","callId":"C"}"#));
        let typing = away(r#"{"type":"typing-start"}"#);
        breaks(order, "taro heard typing-start before ready", &typing);
    }

    #[test]
    fn snapshots_come_before_what_was_missed() {
        let late = r#"
            1 #0 taro/phone opens after 7
            2 #0 taro/phone hears {"type":"connected","seq":7}
            3 #0 taro/phone hears {"type":"new-message","seq":8,"prev":7}
            4 #0 taro/phone hears {"type":"call_snapshot"}
        "#;
        breaks(order, "taro heard call_snapshot out of its order", late);
        let none = CONNECTING.replace(r#"2 #0 taro/phone hears {"type":"connected","seq":7}"#, "");
        breaks(order, "taro heard call_snapshot out of its order", &none);
    }

    #[test]
    fn ready_says_how_far_that_was() {
        let other = CONNECTING.replace(r#""type":"ready","seq":8"#, r#""type":"ready","seq":9"#);
        breaks(order, "taro heard ready out of its order", &other);
    }
}
