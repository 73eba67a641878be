//! The ledger, as the owners of accounts are told of it.

use std::collections::BTreeMap;

use super::super::{Breach, History};
use super::{streams, whole};

/// Each change begins at the balance where the one before it ended, and none is below zero.
pub(super) fn balances(history: &History) -> Vec<Breach> {
    let mut broken = Vec::new();
    for connection in 0..history.connections().len() {
        let mut last = None;
        for word in history.heard_on(connection) {
            let (before, after) = match word.kind() {
                "resync" => {
                    last = None;
                    continue;
                }
                "sp_update" => (word.number("balance_before"), word.number("balance_after")),
                "sp_daily_recovery" => {
                    let after = word.number("balance_after");
                    (after - word.number("total_amount"), after)
                }
                _ => continue,
            };
            let sum = word.kind() != "sp_update" || before + word.number("amount_changed") == after;
            let (known, place) = last
                .replace((after, word.place))
                .unwrap_or((before, word.place));
            if known != before || !sum || after < 0 {
                let what = format!(
                    "{} had {known}, and then {before} became {after}",
                    word.user()
                );
                broken.push(Breach::at(what, [place, word.place]));
            }
        }
    }
    broken
}

/// A tick of a call is the same for both people, and what the caller was charged is what the call's end says.
pub(super) fn charges(history: &History) -> Vec<Breach> {
    let mut broken = Vec::new();
    let mut ticks = BTreeMap::new();
    let mut ends = BTreeMap::new();
    for word in history.heard() {
        if word.kind() == "call_tick" {
            let charge = (
                word.number("chargedPoints"),
                word.number("totalChargedPoints"),
            );
            let tick = (word.text("callId"), word.number("tickNumber"));
            let (known, place) = *ticks.entry(tick).or_insert((charge, word.place));
            if known != charge {
                let what = format!("tick {} of {} says two things", tick.1, tick.0);
                broken.push(Breach::at(what, [place, word.place]));
            }
        }
        if word.kind() == "call_end" {
            ends.insert(word.text("callId"), word);
        }
    }
    let (streams, whole) = (streams(history), whole(history));
    for (call, end) in ends {
        let caller = end.text("userId");
        if whole.get(caller).is_none_or(|settled| *settled < end.place) {
            continue;
        }
        let stream = streams.get(caller).into_iter().flat_map(|it| it.values());
        let charges: Vec<_> = stream
            .filter(|it| it.json["metadata"]["callId"] == call)
            .collect();
        let taken: i64 = charges.iter().map(|it| -it.number("amount_changed")).sum();
        let total = end.number("totalChargedPoints");
        if taken != total {
            let mut places: Vec<usize> = charges.iter().map(|it| it.place).collect();
            places.push(end.place);
            broken.push(Breach::at(
                format!("{caller} was charged {taken} for {call}, which cost {total}"),
                places,
            ));
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

    const CALLED: &str = r#"
        1 #0 taro/phone opens after 0
        2 #0 taro/phone hears {"type":"sp_update","seq":1,"prev":0,"amount_changed":100,"balance_before":0,"balance_after":100,"metadata":{}}
        3 #0 taro/phone hears {"type":"sp_update","seq":2,"prev":1,"amount_changed":-10,"balance_before":100,"balance_after":90,"metadata":{"callId":"C","tickNumber":1}}
        3 #0 taro/phone hears {"type":"call_tick","callId":"C","tickNumber":1,"chargedPoints":10,"totalChargedPoints":10}
        4 #0 taro/phone hears {"type":"call_end","callId":"C","userId":"taro","totalChargedPoints":10}
        5 #0 taro/phone settles
    "#;

    #[test]
    fn each_balance_follows_from_the_one_before() {
        keeps(balances, CALLED);
        let lost = CALLED.replace(
            r#""balance_before":100,"balance_after":90"#,
            r#""balance_before":90,"balance_after":80"#,
        );
        breaks(balances, "taro had 100, and then 90 became 80", &lost);
        let wrong = CALLED.replace(r#""amount_changed":-10"#, r#""amount_changed":-20"#);
        breaks(balances, "taro had 100, and then 100 became 90", &wrong);
    }

    #[test]
    fn a_call_costs_what_was_taken_for_it() {
        keeps(charges, CALLED);
        let more = CALLED.replace(
            r#""userId":"taro","totalChargedPoints":10"#,
            r#""userId":"taro","totalChargedPoints":20"#,
        );
        breaks(charges, "taro was charged 10 for C, which cost 20", &more);
    }

    #[test]
    fn a_tick_is_one_for_both() {
        let other = r#"
            6 #1 hana/phone opens after 0
            7 #1 hana/phone hears {"type":"call_tick","callId":"C","tickNumber":1,"chargedPoints":10,"totalChargedPoints":20}
        "#;
        breaks(
            charges,
            "tick 1 of C says two things",
            &format!("{CALLED}{other}"),
        );
    }
}
