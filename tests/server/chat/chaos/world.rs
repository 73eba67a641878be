//! The people, their conversations, and the messages that they are to send.

use std::collections::{BTreeSet, VecDeque};

use otomo::kernel::identity::Role;
use serde_json::json;

use super::progress::Scale;
use crate::{
    api::Api,
    support::{Dice, Endpoint, Json, field},
};

const WRITERS: usize = 20;
const READERS: usize = 200;
const GROUPS: usize = 24;
/// Conversations of two. The first [`WITH_READERS`] are of a writer and a reader, the others of two writers.
const DIRECT: usize = 16;
const WITH_READERS: usize = 12;

/// A conversation, and which of the people are in it.
pub struct Conversation {
    pub members: Vec<usize>,
    /// A group's id; two people have a conversation from their first message on.
    group: Option<String>,
}

/// A message that is to be sent.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Which conversation.
    pub conversation: usize,
    /// The id that its sender gives it.
    pub id: String,
    pub body: String,
    target: (&'static str, String),
}

impl Draft {
    /// The command that sends it. Its answer and its error carry its id.
    pub fn command(&self) -> Json {
        let (name, target) = &self.target;
        json!({
            "type": "message_send", "requestId": self.id,
            "clientMessageId": self.id, "body": self.body, *name: target,
        })
    }
}

/// People and their conversations.
pub struct World {
    pub people: Vec<String>,
    pub conversations: Vec<Conversation>,
    pub messages: usize,
}

impl World {
    /// Registers the people with a server, assigns them to conversations at random, and begins the groups.
    pub async fn create(server: &Endpoint, scale: &Scale, dice: &mut Dice) -> Self {
        let writers = (0..WRITERS).map(|n| format!("writer-{n}"));
        let people: Vec<String> = writers
            .chain((0..READERS).map(|n| format!("reader-{n}")))
            .collect();
        let backend = Api::backend(server);
        for person in &people {
            let known = json!({"role": "user", "name": person});
            let path = format!("/api/server/users/{person}");
            backend.put(&path, known).await.ok();
        }
        let mut conversations = Vec::new();
        for members in groups(dice) {
            let group = begin(server, &people, &members).await;
            conversations.push(Conversation {
                members,
                group: Some(group),
            });
        }
        let pairs = (0..DIRECT).map(|n| Conversation {
            members: pair(n, dice),
            group: None,
        });
        conversations.extend(pairs);
        Self {
            people,
            conversations,
            messages: scale.messages * WRITERS,
        }
    }

    /// The messages of one person, each to one of their conversations.
    pub fn drafts(&self, person: usize, scale: &Scale, dice: &mut Dice) -> VecDeque<Draft> {
        if person >= WRITERS {
            return VecDeque::new();
        }
        let mine: Vec<usize> = self.conversations_of(person).collect();
        let draft = |n: usize| {
            let conversation = *dice.pick(&mine);
            let target = self.target(conversation, person);
            Draft {
                conversation,
                id: format!("m-{n}"),
                body: format!(
                    "{} {n} {}",
                    self.people[person],
                    "あ".repeat(dice.below(60))
                ),
                target,
            }
        };
        (0..scale.messages).map(draft).collect()
    }

    /// The conversations that somebody is in.
    pub fn conversations_of(&self, person: usize) -> impl Iterator<Item = usize> {
        let all = self.conversations.iter().enumerate();
        let mine = all.filter(move |(_, it)| it.members.contains(&person));
        mine.map(|(number, _)| number)
    }

    fn target(&self, conversation: usize, writer: usize) -> (&'static str, String) {
        let Conversation { members, group } = &self.conversations[conversation];
        match group {
            Some(id) => ("conversationId", id.clone()),
            None => {
                let partner = members.iter().find(|member| **member != writer);
                let partner = partner.expect("there are two");
                ("toUserId", self.people[*partner].clone())
            }
        }
    }
}

/// Every writer is in one group at least, and every reader in one or two.
fn groups(dice: &mut Dice) -> Vec<Vec<usize>> {
    let mut groups: Vec<BTreeSet<usize>> = (0..GROUPS)
        .map(|group| BTreeSet::from([group % WRITERS, dice.below(WRITERS), dice.below(WRITERS)]))
        .collect();
    for reader in 0..READERS {
        groups[reader % GROUPS].insert(WRITERS + reader);
        groups[dice.below(GROUPS)].insert(WRITERS + reader);
    }
    let listed = groups.into_iter().map(|group| group.into_iter().collect());
    listed.collect()
}

fn pair(number: usize, dice: &mut Dice) -> Vec<usize> {
    let partner = if number < WITH_READERS {
        WRITERS + dice.below(READERS)
    } else {
        number + 1
    };
    vec![number, partner]
}

async fn begin(server: &Endpoint, people: &[String], members: &[usize]) -> String {
    let creator = Api::of(server, &people[members[0]], Role::User);
    let others: Vec<&String> = members[1..].iter().map(|member| &people[*member]).collect();
    let group = json!({"kind": "group", "members": others});
    let begun = creator.post("/api/conversations", group).await.ok();
    field(&begun, "conversationId").to_owned()
}
