//! Who has a call.

use std::collections::BTreeMap;

use super::super::{Breach, History};

/// When a call was answered and ended, in seconds, with the places where that was heard.
#[derive(Debug, Clone, Copy)]
struct Span {
    answered: (i64, usize),
    ended: (i64, usize),
}

/// One device has the acknowledgement of an accept; and nobody was in two answered calls at once, as far as seconds tell.
pub(super) fn one_winner(history: &History) -> Vec<Breach> {
    let mut broken = Vec::new();
    let (mut winners, mut answers) = (BTreeMap::new(), BTreeMap::new());
    let mut spans: BTreeMap<&str, BTreeMap<&str, Span>> = BTreeMap::new();
    for word in history.heard() {
        let call = word.json["callId"].as_str().unwrap_or_default();
        match word.kind() {
            "call_accept_ack" => {
                let device = (&*word.by.user, &*word.by.device);
                let (winner, place) = *winners.entry(call).or_insert((device, word.place));
                if winner != device {
                    let what = format!("{call} was accepted by {} and by {}", winner.1, device.1);
                    broken.push(Breach::at(what, [place, word.place]));
                }
            }
            "call_accepted" => {
                answers
                    .entry(call)
                    .or_insert((word.number("timestamp"), word.place));
            }
            "call_end" => {
                let Some(answered) = answers.get(call) else {
                    continue;
                };
                let ended = (word.number("endedAt"), word.place);
                for person in ["userId", "otomoId"] {
                    let person = word.json[person].as_str().unwrap_or_default();
                    let span = Span {
                        answered: *answered,
                        ended,
                    };
                    spans.entry(person).or_default().entry(call).or_insert(span);
                }
            }
            _ => {}
        }
    }
    for (person, spans) in spans {
        let mut spans: Vec<_> = spans.into_values().collect();
        spans.sort_by_key(|it| (it.answered, it.ended));
        for pair in spans.windows(2) {
            let (one, next) = (pair[0], pair[1]);
            if next.answered.0 < one.ended.0 && one.answered.0 < next.ended.0 {
                let places = [one.answered.1, next.answered.1, one.ended.1, next.ended.1];
                broken.push(Breach::at(format!("{person} was in two calls"), places));
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

    #[test]
    fn one_device_has_it() {
        let accepted = r#"
            1 #0 hana/phone opens after 0
            2 #0 hana/phone hears {"type":"call_accept_ack","callId":"C"}
            3 #1 hana/phone opens after 0
            4 #1 hana/phone hears {"type":"call_accept_ack","callId":"C"}
        "#;
        keeps(one_winner, accepted);
        let both = accepted.replace("#1 hana/phone", "#1 hana/desk");
        breaks(one_winner, "C was accepted by phone and by desk", &both);
    }

    #[test]
    fn nobody_is_in_two() {
        let calls = r#"
            1 #0 taro/phone opens after 0
            1 #1 jiro/phone opens after 0
            2 #0 taro/phone hears {"type":"call_accepted","callId":"C","timestamp":10}
            3 #0 taro/phone hears {"type":"call_end","callId":"C","userId":"taro","otomoId":"hana","endedAt":15}
            4 #1 jiro/phone hears {"type":"call_accepted","callId":"D","timestamp":15}
            5 #1 jiro/phone hears {"type":"call_end","callId":"D","userId":"jiro","otomoId":"hana","endedAt":20}
        "#;
        keeps(one_winner, calls);
        let crossed = calls.replace(r#""timestamp":15"#, r#""timestamp":14"#);
        breaks(one_winner, "hana was in two calls", &crossed);
    }
}
