//! The people, their conversations, and the messages that they are to send.

use std::collections::{BTreeSet, VecDeque};

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;

use super::{Scale, phone::Phone, scribe::Scribe};
use crate::{
    api::Api,
    harness::Cluster,
    points::order,
    support::{Dice, Json, field},
};

/// A device of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    Phone,
    /// Some otomo have one, too.
    Desk,
}

impl Device {
    /// What it calls itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Desk => "desk",
        }
    }
}

const CALLERS: usize = 6;
const OTOMO: usize = 5;
const OTHERS: usize = 5;
/// Otomo with two devices.
const WITH_DESK: usize = 3;
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
    /// Registers the people, whose names begin with the run's, gives points to callers, and begins the groups.
    pub async fn create(cluster: &Cluster, scribe: &Scribe, run: &str, dice: &mut Dice) -> Self {
        let callers = (0..CALLERS).map(|n| format!("{run}-caller-{n}"));
        let otomo = (0..OTOMO).map(|n| format!("{run}-otomo-{n}"));
        let others = (0..OTHERS).map(|n| format!("{run}-other-{n}"));
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
            if number < CALLERS {
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
            let group = Some(world.begin(cluster, scribe, &members).await);
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

    async fn begin(&self, cluster: &Cluster, scribe: &Scribe, members: &BTreeSet<usize>) -> String {
        let mut names = members.iter().map(|member| &self.people[*member]);
        let creator = names.next().expect("somebody");
        let others: Vec<&String> = names.collect();
        let api = Api::of(cluster.node(1), creator, Role::User);
        let group = json!({"kind": "group", "members": others});
        let request = api.request(Method::POST, "/api/conversations").json(&group);
        let said = json!({"type": "POST /api/conversations", "members": others});
        let (_, begun) = scribe
            .asks(creator, said, request)
            .await
            .expect("an answer");
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
        self.people[CALLERS..CALLERS + OTOMO].to_vec()
    }

    /// The names of those who call.
    pub fn callers(&self) -> Vec<String> {
        self.people[..CALLERS].to_vec()
    }

    /// Everybody's devices, each with its owner's number.
    pub fn devices(&self) -> Vec<(usize, Device)> {
        let phones = (0..self.people.len()).map(|number| (number, Device::Phone));
        let desks = (CALLERS..CALLERS + WITH_DESK).map(|number| (number, Device::Desk));
        phones.chain(desks).collect()
    }

    /// What somebody is to the server.
    pub fn role(&self, number: usize) -> Role {
        match is_otomo(number) {
            true => Role::Otomo,
            false => Role::User,
        }
    }

    /// A phone of somebody, as far as calls go.
    pub fn phone(&self, number: usize) -> Phone {
        match number {
            0..CALLERS => Phone::calling(self.otomo()),
            _ if is_otomo(number) => Phone::called(),
            _ => Phone::calling(Vec::new()),
        }
    }
}

/// Whether this one of the people is called.
fn is_otomo(number: usize) -> bool {
    (CALLERS..CALLERS + OTOMO).contains(&number)
}
