//! What is read is not older than what was known before it was asked for.

use std::collections::BTreeMap;

use super::super::{Breach, History, What, Word};
use super::{members, streams, whole};

/// What is asked after an acknowledgement shows it: the newest message of a conversation (`GET
/// /api/conversations/{id}/messages`) whoever has sent it, and the balance (`GET /api/points`).
pub(super) fn reads(history: &History) -> Vec<Breach> {
    let mut stale = Vec::new();
    let sent: Vec<Word<'_>> = history
        .commands_of("message_send")
        .filter_map(|sent| sent.answer())
        .collect();
    for command in history.commands_of("GET /api/conversations/{id}/messages") {
        let Some(answer) = command.answer() else {
            continue;
        };
        let conversation = &command.said.json["conversationId"];
        let items = answer.json["items"].as_array().into_iter().flatten();
        let newest = items.filter_map(|it| it["messageSeq"].as_i64()).max();
        let due = sent
            .iter()
            .filter(|ack| {
                ack.place < command.said.place && ack.json["conversationId"] == *conversation
            })
            .max_by_key(|ack| ack.number("messageSeq"));
        if let Some(due) = due.filter(|due| newest < Some(due.number("messageSeq"))) {
            let what = format!(
                "{} does not find {}",
                command.said.user(),
                due.text("messageId")
            );
            stale.push(Breach::at(
                what,
                [due.place, command.said.place, answer.place],
            ));
        }
    }
    stale.extend(balances(history));
    stale
}

/// A balance that is read is one of those that the account had since what was known when it was asked for: what its owner had
/// heard, and what was acknowledged to the backend. Orders have their key as their description.
fn balances(history: &History) -> Vec<Breach> {
    let (streams, whole) = (streams(history), whole(history));
    let mut acknowledged = BTreeMap::new();
    for command in history.commands() {
        if let (Some(ack), Some(key)) = (command.answer(), command.said.json["key"].as_str()) {
            acknowledged.entry(key).or_insert(ack.place);
        }
    }
    let mut stale = Vec::new();
    for command in history.commands_of("GET /api/points") {
        let (user, asked) = (command.said.user(), command.said.place);
        let (Some(answer), Some(stream), true) = (
            command.answer(),
            streams.get(user),
            whole.contains_key(user),
        ) else {
            continue;
        };
        let changes = stream.values().filter(|it| it.kind() == "sp_update");
        let changes: Vec<&Word<'_>> = changes.collect();
        let is_known = |it: &&Word<'_>| {
            let answered = acknowledged.get(it.text("description"));
            it.place < asked || answered.is_some_and(|place| *place < asked)
        };
        let known = changes.iter().rposition(is_known);
        let due = known.map_or(0, |known| changes[known].number("balance_after"));
        let later = changes.iter().skip(known.map_or(0, |known| known + 1));
        let mut balances = later.map(|it| it.number("balance_after")).chain([due]);
        let read = answer.number("balance");
        if !balances.any(|balance| balance == read) {
            let what = format!("{user} had {due}, and reads {read}");
            let before = known.map(|known| changes[known].place);
            let places = before.into_iter().chain([asked, answer.place]);
            stale.push(Breach::at(what, places.collect::<Vec<_>>()));
        }
    }
    stale
}

/// The snapshots of a connection show what its user knew when it was opened, and what was acknowledged to others in their
/// conversations: messages, reads, the end of a call, the answer to one.
pub(super) fn snapshots(history: &History) -> Vec<Breach> {
    let members = members(history);
    let mut known: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    let mut at_opening = Vec::new();
    let mut stale = Vec::new();
    for (place, moment) in history.moments.iter().enumerate() {
        let user = &*history.connections[moment.connection].user;
        if moment.what == What::Opens {
            at_opening.push(known.entry(user).or_default().clone());
        }
        let Some(word) = history.heard_at(place) else {
            continue;
        };
        stale.extend(at_opening[word.connection].missing_in(word));
        known.entry(user).or_default().hear(word);
        if word.kind() == "message_send_ack" {
            let others = members
                .get(word.text("conversationId"))
                .into_iter()
                .flatten();
            for other in others.filter(|it| **it != user) {
                known.entry(other).or_default().hear(word);
            }
        }
    }
    stale
}

/// What somebody knew, each with what they know it from.
#[derive(Debug, Clone, Default)]
struct Known<'a> {
    /// The newest event of the stream.
    seq: Option<Word<'a>>,
    /// By conversation: the newest message, and the last one that is read.
    last: BTreeMap<&'a str, Word<'a>>,
    read: BTreeMap<&'a str, Word<'a>>,
    /// The last call that was answered and is not over, and those that are over.
    answered: Option<Word<'a>>,
    over: BTreeMap<&'a str, Word<'a>>,
}

impl<'a> Known<'a> {
    fn hear(&mut self, word: Word<'a>) {
        let conversation = word.json["conversationId"].as_str().unwrap_or_default();
        let call = word.json["callId"].as_str().unwrap_or_default();
        let newer = |known: Option<&Word<'_>>| {
            known.is_none_or(|it| it.number("messageSeq") < word.number("messageSeq"))
        };
        if word.seq() > self.seq.and_then(|it| it.seq()) {
            self.seq = Some(word);
        }
        match word.kind() {
            "new-message" | "message_send_ack" if newer(self.last.get(conversation)) => {
                self.last.insert(conversation, word);
            }
            "message_read_ack" if newer(self.read.get(conversation)) => {
                self.read.insert(conversation, word);
            }
            "call_accept_ack" | "call_accepted" if !self.over.contains_key(call) => {
                self.answered = Some(word)
            }
            "call_end" | "call_rejected" | "call_reject_ack" => {
                self.answered.take_if(|it| it.json["callId"] == call);
                self.over.insert(call, word);
            }
            _ => {}
        }
    }

    fn missing_in(&self, snapshot: Word<'_>) -> Vec<Breach> {
        let breach =
            |what: String, known: &Word<'_>| Breach::at(what, [known.place, snapshot.place]);
        let user = snapshot.user();
        match snapshot.kind() {
            "unread_snapshot" => {
                let shown = |conversation: &str, field: &str| {
                    let mut listed = snapshot.json["conversations"]
                        .as_array()
                        .into_iter()
                        .flatten();
                    let listed = listed.find(|it| it["conversationId"] == conversation);
                    listed.and_then(|it| it[field].as_i64()).unwrap_or_default()
                };
                let as_of = snapshot.json["asOfSeq"].as_u64();
                let seq = self.seq.iter().filter(|it| it.seq() > as_of);
                let seq =
                    seq.map(|it| breach(format!("{user} is shown less than their stream"), it));
                let missing = [(&self.last, "lastSeq"), (&self.read, "readSeq")]
                    .into_iter()
                    .flat_map(|(known, field)| {
                        let old = known
                            .iter()
                            .filter(move |(id, it)| shown(id, field) < it.number("messageSeq"));
                        old.map(move |(id, it)| {
                            breach(format!("{user} is shown an old {field} of {id}"), it)
                        })
                    });
                seq.chain(missing).collect()
            }
            "call_snapshot" => {
                let live = snapshot.json["call"]["callId"].as_str();
                let phase = snapshot.json["call"]["phase"].as_str().unwrap_or_default();
                let recent = snapshot.json["recent"].as_array().into_iter().flatten();
                let recent: Vec<_> = recent.filter_map(|it| it["callId"].as_str()).collect();
                let alive = self.over.iter().filter(|(id, _)| live == Some(id));
                let alive = alive.map(|(id, it)| {
                    breach(format!("{user} is shown {id} as live, which is over"), it)
                });
                let answered =
                    self.answered
                        .iter()
                        .filter(|it| match live == Some(it.text("callId")) {
                            true => !["connecting", "connected"].contains(&phase),
                            false => !recent.contains(&it.text("callId")),
                        });
                let answered = answered.map(|it| {
                    breach(
                        format!("{user} is not shown the answer to {}", it.text("callId")),
                        it,
                    )
                });
                alive.chain(answered).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{breaks, keeps},
        *,
    };

    const SENT: &str = r#"
        1 #0 taro/phone opens after 0
        1 #1 hana/phone opens after 0
        2 #0 taro/phone says {"type":"message_send","requestId":"1","toUserId":"hana"}
        3 #0 taro/phone hears {"type":"message_send_ack","requestId":"1","messageId":"M","conversationId":"c","messageSeq":1}
    "#;

    #[test]
    fn a_read_shows_what_was_acknowledged_before_it() {
        let read = r#"
            4 #1 hana/phone says {"type":"GET /api/conversations/{id}/messages","requestId":"r","conversationId":"c"}
            5 #1 hana/phone hears {"type":"answer","requestId":"r","items":[{"messageSeq":1}]}
        "#;
        keeps(reads, &format!("{SENT}{read}"));
        let old = read.replace(r#"{"messageSeq":1}"#, "");
        breaks(reads, "hana does not find M", &format!("{SENT}{old}"));
        // At the same time either is right.
        keeps(reads, &format!("1 #1 hana/phone opens {old} {SENT}"));
    }

    #[test]
    fn a_balance_is_not_older_than_what_was_told() {
        let told = r#"
            1 #0 taro/phone opens after 0
            2 #0 taro/phone hears {"type":"sp_update","seq":1,"prev":0,"balance_after":5}
            3 #0 taro/phone says {"type":"GET /api/points","requestId":"1"}
            4 #0 taro/phone hears {"type":"answer","requestId":"1","balance":5}
            5 #0 taro/phone hears {"type":"sp_update","seq":2,"prev":1,"balance_after":7}
            6 #0 taro/phone settles
        "#;
        keeps(reads, told);
        keeps(reads, &told.replace(r#""balance":5"#, r#""balance":7"#));
        breaks(
            reads,
            "taro had 5, and reads 0",
            &told.replace(r#""balance":5"#, r#""balance":0"#),
        );
    }

    #[test]
    fn a_balance_is_not_older_than_what_the_backend_was_answered() {
        let granted = r#"
            1 #0 taro/phone opens after 0
            1 #1 backend/rest opens
            2 #1 backend/rest says {"type":"POST /api/server/points/{user}/grant","requestId":"1","user":"taro","key":"k-1"}
            3 #1 backend/rest hears {"type":"answer","requestId":"1","transactionId":"T"}
            4 #2 taro/rest opens
            5 #2 taro/rest says {"type":"GET /api/points","requestId":"1"}
            6 #2 taro/rest hears {"type":"answer","requestId":"1","balance":5}
            7 #0 taro/phone hears {"type":"sp_update","seq":1,"prev":0,"balance_after":5,"description":"k-1"}
            8 #0 taro/phone settles
        "#;
        keeps(reads, granted);
        let old = granted.replace(r#""balance":5"#, r#""balance":0"#);
        breaks(reads, "taro had 5, and reads 0", &old);
        // Who has no answer knows nothing.
        let answer = r#"hears {"type":"answer","requestId":"1","transactionId":"T"}"#;
        keeps(reads, &old.replace(answer, "closes"));
    }

    #[test]
    fn a_snapshot_shows_messages_that_were_acknowledged_before() {
        let shown = r#"
            4 #2 hana/desk opens
            5 #2 hana/desk hears {"type":"unread_snapshot","asOfSeq":1,"conversations":[{"conversationId":"c","lastSeq":1,"readSeq":0}]}
        "#;
        keeps(snapshots, &format!("{SENT}{shown}"));
        let old = shown.replace(r#""lastSeq":1"#, r#""lastSeq":0"#);
        breaks(
            snapshots,
            "hana is shown an old lastSeq of c",
            &format!("{SENT}{old}"),
        );
    }

    #[test]
    fn a_snapshot_shows_reads_and_is_as_new_as_what_was_heard() {
        let read = r#"
            1 #0 taro/phone opens after 0
            2 #0 taro/phone hears {"type":"message_read_ack","conversationId":"c","messageSeq":4}
            2 #0 taro/phone hears {"type":"call_missed","seq":9,"prev":8}
            3 #1 taro/phone opens
            4 #1 taro/phone hears {"type":"unread_snapshot","asOfSeq":9,"conversations":[{"conversationId":"c","lastSeq":4,"readSeq":4}]}
        "#;
        keeps(snapshots, read);
        breaks(
            snapshots,
            "taro is shown an old readSeq of c",
            &read.replace(r#""readSeq":4"#, r#""readSeq":3"#),
        );
        breaks(
            snapshots,
            "taro is shown less than their stream",
            &read.replace(r#""asOfSeq":9"#, r#""asOfSeq":8"#),
        );
    }

    #[test]
    fn a_snapshot_shows_the_answer_to_a_call_and_its_end() {
        let answered = r#"
            1 #0 hana/phone opens after 0
            2 #0 hana/phone hears {"type":"call_accept_ack","callId":"C"}
            3 #1 hana/phone opens
            4 #1 hana/phone hears {"type":"call_snapshot","call":{"callId":"C","phase":"connecting"},"recent":[]}
            5 #1 hana/phone hears {"type":"call_end","callId":"C"}
            6 #2 hana/phone opens
            7 #2 hana/phone hears {"type":"call_snapshot","call":null,"recent":[{"callId":"C"}]}
        "#;
        keeps(snapshots, answered);
        breaks(
            snapshots,
            "hana is not shown the answer to C",
            &answered.replace("connecting", "ringing"),
        );
        let alive = answered.replace("null", r#"{"callId":"C","phase":"connected"}"#);
        breaks(snapshots, "hana is shown C as live, which is over", &alive);
    }
}
