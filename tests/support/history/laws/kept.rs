//! What was acknowledged has come to everybody whom it concerns.

use std::collections::BTreeSet;

use super::super::{Breach, History};
use super::{members, streams, whole};

/// Each acknowledged message is with every member of its conversation.
pub(super) fn messages(history: &History) -> Vec<Breach> {
    let (members, streams, whole) = (members(history), streams(history), whole(history));
    let mut lost = Vec::new();
    for command in history.commands_of("message_send") {
        let Some(ack) = command.answer() else {
            continue;
        };
        let of = members
            .get(ack.text("conversationId"))
            .into_iter()
            .flatten();
        // The writer is one, whatever else is known.
        let of = of.copied().chain([&*ack.by.user]);
        for member in of.collect::<BTreeSet<_>>() {
            let Some(settled) = whole.get(member).filter(|place| **place > ack.place) else {
                continue;
            };
            let mut stream = streams.get(member).into_iter().flat_map(|it| it.values());
            if !stream.any(|it| {
                it.kind() == "new-message" && it.json["messageId"] == ack.json["messageId"]
            }) {
                let what = format!("{member} never got {}", ack.text("messageId"));
                lost.push(Breach::at(what, [command.said.place, ack.place, *settled]));
            }
        }
    }
    lost
}

/// Each acknowledged transaction was told to the owner of the account.
pub(super) fn points(history: &History) -> Vec<Breach> {
    let (streams, whole) = (streams(history), whole(history));
    let mut lost = Vec::new();
    for command in history.commands() {
        let Some(ack) = command
            .answer()
            .filter(|it| it.json["transactionId"].is_string())
        else {
            continue;
        };
        let owner = command.said.text("user");
        let Some(settled) = whole.get(owner).filter(|place| **place > ack.place) else {
            continue;
        };
        let mut stream = streams.get(owner).into_iter().flat_map(|it| it.values());
        let told = stream.any(|it| {
            let same = |field: &str| it.json[field] == ack.json[field];
            it.kind() == "sp_update" && same("balance_before") && same("balance_after")
        });
        if !told {
            let what = format!("{owner} was never told of {}", ack.text("transactionId"));
            lost.push(Breach::at(what, [command.said.place, ack.place, *settled]));
        }
    }
    lost
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
        2 #0 taro/phone says {"type":"message_send","requestId":"1","toUserId":"hana","clientMessageId":"m-1"}
        3 #0 taro/phone hears {"type":"message_send_ack","requestId":"1","messageId":"M","conversationId":"c","messageSeq":1}
        3 #0 taro/phone hears {"type":"new-message","seq":1,"prev":0,"messageId":"M"}
        4 #0 taro/phone settles
    "#;

    #[test]
    fn what_was_acknowledged_is_with_everybody() {
        let got = r#"
            4 #1 hana/phone hears {"type":"new-message","seq":1,"prev":0,"messageId":"M"}
            5 #1 hana/phone settles
        "#;
        keeps(messages, &format!("{SENT}{got}"));
        let lost = "5 #1 hana/phone settles";
        breaks(messages, "hana never got M", &format!("{SENT}{lost}"));
        // It may come yet.
        keeps(messages, SENT);
    }

    #[test]
    fn what_has_no_answer_may_be_lost() {
        let perhaps = SENT.replace(
            "hears {\"type\":\"message_send_ack\",\"requestId\":\"1\"",
            "hears {\"type\":\"other\"",
        );
        keeps(messages, &format!("{perhaps} 5 #1 hana/phone settles"));
    }

    #[test]
    fn a_transaction_is_told() {
        let granted = r#"
            1 #0 taro/phone opens after 0
            1 #1 backend/rest opens
            2 #1 backend/rest says {"type":"POST /api/server/points/{user}/grant","requestId":"1","user":"taro","amount":5}
            3 #1 backend/rest hears {"type":"answer","requestId":"1","transactionId":"T","balance_before":0,"balance_after":5}
        "#;
        let told = r#"
            4 #0 taro/phone hears {"type":"sp_update","seq":1,"prev":0,"balance_before":0,"balance_after":5}
            5 #0 taro/phone settles
        "#;
        keeps(points, &format!("{granted}{told}"));
        let untold = "5 #0 taro/phone settles";
        breaks(
            points,
            "taro was never told of T",
            &format!("{granted}{untold}"),
        );
    }
}
