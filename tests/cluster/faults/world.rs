//! The people, their conversations, and the messages that they are to send.

use std::collections::{BTreeSet, VecDeque};

use otomo::kernel::identity::Role;
use serde_json::json;

use super::Scale;
use crate::{
    api::Api,
    harness::Cluster,
    points::order,
    support::{Dice, Json, field},
};

const CALLERS: usize = 6;
const OTOMO: usize = 5;
const OTHERS: usize = 5;
const GROUPS: usize = 4;
const PAIRS: usize = 6;

/// What a caller has at first: enough for every minute of the run.
const POINTS: i64 = 1_000_000;

/// What a minute of every other otomo costs.
const PRICE: i64 = 10;

/// A conversation, and which of the people are in it.
struct Conversation {
    members: BTreeSet<usize>,
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
    conversations: Vec<Conversation>,
}

impl World {
    /// Registers the people, gives points to callers, and begins the groups.
    pub async fn create(cluster: &Cluster, dice: &mut Dice) -> Self {
        let callers = (0..CALLERS).map(|n| format!("caller-{n}"));
        let otomo = (0..OTOMO).map(|n| format!("otomo-{n}"));
        let others = (0..OTHERS).map(|n| format!("other-{n}"));
        let people: Vec<String> = callers.chain(otomo).chain(others).collect();
        let backend = Api::backend(cluster.node(0));
        for (number, person) in people.iter().enumerate() {
            let mut known = json!({"role": "user", "name": person});
            if is_otomo(number) {
                known["role"] = "otomo".into();
                if number % 2 == 0 {
                    known["pricePerMinute"] = PRICE.into();
                }
            }
            let path = format!("/api/server/users/{person}");
            backend.put(&path, known).await.ok();
            if is_caller(number) {
                order(cluster.node(0), "grant", person, POINTS, "start")
                    .await
                    .ok();
            }
        }
        let mut world = Self {
            people,
            conversations: Vec::new(),
        };
        for number in 0..GROUPS {
            let mut members = BTreeSet::from([number]);
            while members.len() < 6 {
                members.insert(dice.below(world.people.len()));
            }
            let group = Some(world.begin(cluster, &members).await);
            world.conversations.push(Conversation { members, group });
        }
        let mut pairs = BTreeSet::new();
        while pairs.len() < PAIRS {
            let members = [
                dice.below(world.people.len()),
                dice.below(world.people.len()),
            ];
            pairs.insert(BTreeSet::from(members));
            pairs.retain(|members| members.len() == 2);
        }
        let pairs = pairs.into_iter().map(|members| Conversation {
            members,
            group: None,
        });
        world.conversations.extend(pairs);
        world
    }

    async fn begin(&self, cluster: &Cluster, members: &BTreeSet<usize>) -> String {
        let mut names = members.iter().map(|member| &self.people[*member]);
        let creator = names.next().expect("somebody");
        let others: Vec<&String> = names.collect();
        let creator = Api::of(cluster.node(1), creator, Role::User);
        let group = json!({"kind": "group", "members": others});
        let begun = creator.post("/api/conversations", group).await.ok();
        field(&begun, "conversationId").to_owned()
    }

    /// The messages of one person, each to one of their conversations.
    pub fn drafts(&self, person: usize, scale: &Scale, dice: &mut Dice) -> VecDeque<Draft> {
        let mine: Vec<usize> = self.conversations_of(person).collect();
        if mine.is_empty() {
            return VecDeque::new();
        }
        let draft = |number: usize| {
            let conversation = *dice.pick(&mine);
            Draft {
                conversation,
                id: format!("m-{number}"),
                body: format!("{} {number}", self.people[person]),
                target: self.target(conversation, person),
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

    /// The names of all otomo.
    pub fn otomo(&self) -> Vec<String> {
        let named = self.people.iter().enumerate();
        let otomo = named.filter(|(number, _)| is_otomo(*number));
        otomo.map(|(_, name)| name.clone()).collect()
    }
}

/// Whether this one of the people calls.
pub fn is_caller(number: usize) -> bool {
    number < CALLERS
}

/// Whether this one of the people is called.
pub fn is_otomo(number: usize) -> bool {
    (CALLERS..CALLERS + OTOMO).contains(&number)
}
