//! Commands and what came of them: done, not done, or nobody knows.

use std::collections::BTreeMap;

use super::{History, Word};

/// Codes that come of a fault around the command: the database may have gone away at its commit, after all. Such a command is
/// perhaps done, as one without an answer is.
const PERHAPS: [&str; 4] = [
    "UNAVAILABLE",
    "INTERNAL_ERROR",
    "BILLING_FAILED",
    "ACTION_UNAVAILABLE",
];

/// What the clients know of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome<'a> {
    /// This was its answer.
    Done(Word<'a>),
    /// It was refused, so that it is not done.
    Refused(Word<'a>),
    /// Nobody was told.
    Perhaps,
}

/// A command that asks for an answer: it has a `requestId`, which no other has on its connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command<'a> {
    pub(crate) said: Word<'a>,
    pub(crate) outcome: Outcome<'a>,
}

impl<'a> Command<'a> {
    /// Its answer, if it is done.
    pub(crate) fn answer(&self) -> Option<Word<'a>> {
        match self.outcome {
            Outcome::Done(answer) => Some(answer),
            _ => None,
        }
    }

    /// Its refusal.
    pub(crate) fn refusal(&self) -> Option<Word<'a>> {
        match self.outcome {
            Outcome::Refused(error) => Some(error),
            _ => None,
        }
    }
}

impl History {
    /// All commands that ask for an answer, in the order in which they were sent.
    pub(crate) fn commands(&self) -> Vec<Command<'_>> {
        let mut answers = BTreeMap::new();
        for heard in self.heard() {
            if let Some(id) = heard.json["requestId"].as_str() {
                answers.entry((heard.connection, id)).or_insert(heard);
            }
        }
        let outcome = |said: Word<'_>, id| match answers.get(&(said.connection, id)) {
            None => Outcome::Perhaps,
            Some(answer) if answer.kind() != "error" => Outcome::Done(*answer),
            Some(error) if PERHAPS.contains(&error.text("code")) => Outcome::Perhaps,
            Some(error) => Outcome::Refused(*error),
        };
        let asking = self.said().filter_map(|said| {
            let id = said.json["requestId"].as_str()?;
            let outcome = outcome(said, id);
            Some(Command { said, outcome })
        });
        asking.collect()
    }

    /// Those of one type.
    pub(crate) fn commands_of(&self, kind: &str) -> impl Iterator<Item = Command<'_>> {
        let commands = self.commands().into_iter();
        commands.filter(move |command| command.said.kind() == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_done_or_refused_or_perhaps_done() {
        let history: History = r#"
            1 #0 taro/phone opens
            2 #0 taro/phone says {"type":"a","requestId":"done"}
            2 #0 taro/phone says {"type":"a","requestId":"refused"}
            2 #0 taro/phone says {"type":"a","requestId":"at the commit"}
            2 #0 taro/phone says {"type":"a","requestId":"unanswered"}
            3 #0 taro/phone hears {"type":"error","requestId":"refused","code":"FORBIDDEN"}
            3 #0 taro/phone hears {"type":"error","requestId":"at the commit","code":"UNAVAILABLE"}
            3 #0 taro/phone hears {"type":"a_ack","requestId":"done"}
            4 #1 taro/phone opens
            5 #1 taro/phone hears {"type":"a_ack","requestId":"unanswered"}
        "#
        .parse()
        .unwrap();
        let told = history
            .commands_of("a")
            .map(|command| match command.outcome {
                Outcome::Done(_) => "done",
                Outcome::Refused(_) => "refused",
                Outcome::Perhaps => "perhaps",
            });
        let told: Vec<_> = told.collect();
        assert_eq!(told, ["done", "refused", "perhaps", "perhaps"]);
    }
}
