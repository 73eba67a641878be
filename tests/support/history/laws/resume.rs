//! Coming back to a stream.

use std::collections::BTreeMap;

use super::super::{Breach, History};

/// Whoever says how far they are goes on from there; or is told `resync`, which is said only where something is lost.
pub(super) fn goes_on(history: &History) -> Vec<Breach> {
    let mut broken = Vec::new();
    // The newest event that each user has heard, with its place.
    let mut heads: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
    let mut started = BTreeMap::new();
    for word in history.heard() {
        let asked = word.by.last_seq;
        let breach = |what: &str| {
            Breach::at(
                format!("{}: {what}", word.user()),
                [word.by.opened, word.place],
            )
        };
        match (word.kind(), asked) {
            ("connected", Some(asked)) => {
                let resumed = word.json["resumed"] == true;
                started.insert(word.connection, resumed);
                if resumed && word.json["seq"].as_u64() != Some(asked) {
                    broken.push(breach("it goes on from another place"));
                }
            }
            ("resync", Some(asked)) => {
                let known = heads
                    .get(word.user())
                    .is_some_and(|(head, _)| asked <= *head);
                let first = word.json["firstSeq"].as_u64().unwrap_or_default();
                if word.text("reason") == "unknown_seq" && known {
                    broken.push(breach("what was heard is not known any more"));
                }
                if word.text("reason") == "retention"
                    && first <= asked + 1
                    && started.get(&word.connection) != Some(&true)
                {
                    broken.push(breach("resync, and nothing is lost"));
                }
                started.insert(word.connection, true);
            }
            ("ready", Some(_)) if started.get(&word.connection) == Some(&false) => {
                broken.push(breach("something is lost, and there was no resync"));
            }
            _ => {
                if let Some(seq) = word.seq() {
                    let head = heads.entry(&word.by.user).or_default();
                    *head = (*head).max((seq, word.place));
                }
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

    const RESUMED: &str = r#"
        1 #0 taro/phone opens after 0
        2 #0 taro/phone hears {"type":"call_missed","seq":7,"prev":6}
        3 #1 taro/phone opens after 7
        4 #1 taro/phone hears {"type":"connected","seq":7,"resumed":true}
        5 #1 taro/phone hears {"type":"ready","seq":7}
    "#;

    #[test]
    fn whoever_comes_back_goes_on() {
        keeps(goes_on, RESUMED);
        let other = RESUMED.replace(r#""connected","seq":7"#, r#""connected","seq":8"#);
        breaks(goes_on, "taro: it goes on from another place", &other);
        let silent = RESUMED.replace("true", "false");
        breaks(
            goes_on,
            "taro: something is lost, and there was no resync",
            &silent,
        );
    }

    #[test]
    fn resync_is_said_where_something_is_lost_and_nowhere_else() {
        let anew = RESUMED.replace("true", "false");
        let told =
            |resync: &str| anew.replace("5 #1", &format!("5 #1 taro/phone hears {resync}\n 5 #1"));
        keeps(
            goes_on,
            &told(r#"{"type":"resync","reason":"retention","firstSeq":9,"seq":12}"#),
        );
        let needless = told(r#"{"type":"resync","reason":"retention","firstSeq":8,"seq":12}"#);
        breaks(goes_on, "taro: resync, and nothing is lost", &needless);
        let forgotten = told(r#"{"type":"resync","reason":"unknown_seq","firstSeq":1,"seq":3}"#);
        breaks(
            goes_on,
            "taro: what was heard is not known any more",
            &forgotten,
        );
    }
}
