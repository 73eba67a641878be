//! What happens, chosen by chance from what can.

use std::collections::BTreeMap;

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::person::Person;
use crate::{
    api::Api,
    chat::{to_conversation, to_user},
    support::{Dice, Json, TestServer, Transport, field},
};

const USERS: usize = 6;
const OTOMO: usize = 6;

/// People, and what they have begun.
pub struct Script {
    pub people: Vec<Person>,
    /// How often each kind of act was done.
    pub acts: BTreeMap<&'static str, usize>,
    dice: Dice,
    groups: Vec<Group>,
    calls: Vec<Call>,
    messages: usize,
}

struct Group {
    id: String,
    /// Who began it may take others out.
    creator: usize,
    members: Vec<usize>,
    last: u64,
}

struct Call {
    id: String,
    caller: usize,
    otomo: usize,
    accepted: bool,
    media: bool,
}

impl Script {
    pub async fn begin(server: &TestServer, dice: Dice) -> Self {
        let backend = Api::backend(server);
        let mut people = Vec::new();
        for number in 0..USERS + OTOMO {
            let role = if number < USERS {
                Role::User
            } else {
                Role::Otomo
            };
            let name = format!("{}-{number}", role.as_str());
            let known = json!({"role": role.as_str(), "name": name});
            let path = format!("/api/server/users/{name}");
            backend.put(&path, known).await.ok();
            let transport = Transport::ALL[number % 2];
            people.push(Person::new(server.way_in(), &name, role, transport));
        }
        Self {
            people,
            acts: BTreeMap::new(),
            dice,
            groups: Vec::new(),
            calls: Vec::new(),
            messages: 0,
        }
    }

    /// Something happens.
    pub async fn act(&mut self) {
        let done = match self.dice.below(14) {
            0 | 1 => self.come_or_go().await,
            2 => self.set_status().await,
            3 => self.call().await,
            4 | 5 => self.go_on_with_a_call().await,
            6 => self.begin_group().await,
            7 => self.change_group().await,
            8 => self.write_to_somebody().await,
            9 | 10 => self.write_to_a_group().await,
            11 => self.befriend().await,
            12 => self.end_a_friendship().await,
            _ => self.read().await,
        };
        if let Some(act) = done {
            *self.acts.entry(act).or_default() += 1;
        }
    }

    /// One of those for whom something holds.
    fn any(&mut self, fits: impl Fn(&Self, usize) -> bool) -> Option<usize> {
        let fitting: Vec<usize> = (0..self.people.len())
            .filter(|it| fits(self, *it))
            .collect();
        (!fitting.is_empty()).then(|| *self.dice.pick(&fitting))
    }

    fn is_there(&self, who: usize) -> bool {
        self.people[who].is_there()
    }

    fn is_in_a_call(&self, who: usize) -> bool {
        self.calls
            .iter()
            .any(|call| [call.caller, call.otomo].contains(&who))
    }

    async fn come_or_go(&mut self) -> Option<&'static str> {
        // Whoever is in a call stays: how calls end by themselves is another story.
        let who = self.any(|it, who| !it.is_in_a_call(who))?;
        let there = self.is_there(who);
        // More are there than not.
        if !there {
            self.people[who].come().await;
            return Some("come");
        }
        if self.dice.flip() {
            return None;
        }
        self.people[who].go().await;
        Some("go")
    }

    /// Somebody asks somebody, or accepts what they asked.
    async fn befriend(&mut self) -> Option<&'static str> {
        let who = self.any(|_, _| true)?;
        let whom = self.any(|_, whom| whom != who)?;
        let name = self.people[whom].name.clone();
        let path = format!("/api/friends/{name}");
        let answer = self.people[who].api.put(&path, json!({})).await.ok();
        Some(match field(&answer, "standing") {
            "friend" => "befriend",
            _ => "ask to be friends",
        })
    }

    async fn end_a_friendship(&mut self) -> Option<&'static str> {
        let who = self.any(|_, _| true)?;
        let friends = self.people[who].api.get("/api/friends").await.ok();
        let friends = friends["items"].as_array().expect("a list").clone();
        if friends.is_empty() {
            return None;
        }
        let path = format!("/api/friends/{}", field(self.dice.pick(&friends), "userId"));
        self.people[who].api.delete(&path).await.ok();
        Some("end a friendship")
    }

    async fn set_status(&mut self) -> Option<&'static str> {
        let who = self.any(|it, who| it.is_there(who) && it.people[who].role == Role::Otomo)?;
        let status = *self.dice.pick(&["online", "break"]);
        let set = json!({"type": "otomo_status_set", "status": status});
        let ack = self.people[who].ask(set).await;
        assert_eq!(ack["type"], "otomo_status_set_ack", "{ack}");
        Some(status)
    }

    /// Somebody calls an otomo who is there: one on break or in a call is refused.
    async fn call(&mut self) -> Option<&'static str> {
        let caller = self.any(|it, who| {
            it.is_there(who) && it.people[who].role == Role::User && !it.is_in_a_call(who)
        })?;
        let otomo = self.any(|it, who| it.is_there(who) && it.people[who].role == Role::Otomo)?;
        let id = Uuid::new_v4().to_string();
        let name = self.people[otomo].name.clone();
        let request = json!({"type": "call_request", "toUserId": name, "callId": id});
        let ack = self.people[caller].ask(request).await;
        assert_eq!(ack["type"], "call_request_ack", "{ack}");
        let repeat = json!({"type": "call_request", "toUserId": name, "callId": id});
        let now = self.people[caller].ask(repeat).await;
        if now["status"] == "ended" {
            return Some("call in vain");
        }
        self.people[otomo].hears("incoming_call", &id).await;
        self.calls.push(Call {
            id,
            caller,
            otomo,
            accepted: false,
            media: false,
        });
        Some("call")
    }

    async fn go_on_with_a_call(&mut self) -> Option<&'static str> {
        let place = self.dice.below(self.calls.len().max(1));
        let Call {
            id,
            caller,
            otomo,
            accepted,
            media,
        } = self.calls.get(place)?;
        let (id, caller, otomo) = (id.clone(), *caller, *otomo);
        let end = self.dice.one_in(3);
        let either = if self.dice.flip() { caller } else { otomo };
        let (who, command) = match (accepted, media) {
            (false, _) if end && either == caller => (caller, "call_cancel"),
            (false, _) if end => (otomo, "call_reject"),
            (false, _) => (otomo, "call_accept"),
            (true, false) if !end => return self.report_media(place).await,
            (true, _) => (either, "call_end_request"),
        };
        let ack = self.people[who]
            .ask(json!({"type": command, "callId": id}))
            .await;
        assert_eq!(ack["type"], format!("{command}_ack"), "{ack}");
        match command {
            "call_accept" => self.calls[place].accepted = true,
            _ => drop(self.calls.remove(place)),
        }
        Some(command)
    }

    async fn report_media(&mut self, place: usize) -> Option<&'static str> {
        let Call {
            id, caller, otomo, ..
        } = &self.calls[place];
        let (id, both) = (id.clone(), [*caller, *otomo]);
        for who in both {
            let report = json!({"type": "call_connected", "callId": id});
            self.people[who].tell(report).await;
        }
        for who in both {
            self.people[who].hears("call_connected", &id).await;
        }
        self.calls[place].media = true;
        Some("call_connected")
    }

    async fn begin_group(&mut self) -> Option<&'static str> {
        let creator = self.dice.below(self.people.len());
        let mut members: Vec<usize> = (0..self.people.len()).collect();
        members.retain(|who| *who != creator && self.dice.one_in(3));
        let names: Vec<&str> = members.iter().map(|who| &*self.people[*who].name).collect();
        let group = json!({"kind": "group", "members": names});
        let begun = self.people[creator].api.post("/api/conversations", group);
        let begun = begun.await.ok();
        members.push(creator);
        self.groups.push(Group {
            id: field(&begun, "conversationId").to_owned(),
            creator,
            members,
            last: 0,
        });
        Some("begin a group")
    }

    /// Somebody is added by a member, goes, or is taken out.
    async fn change_group(&mut self) -> Option<&'static str> {
        let place = self.dice.below(self.groups.len().max(1));
        let who = self.dice.below(self.people.len());
        let name = self.people[who].name.clone();
        let Group {
            id,
            creator,
            members,
            ..
        } = self.groups.get_mut(place)?;
        let path = format!("/api/conversations/{id}/members/{name}");
        if !members.contains(&who) {
            let by = *self.dice.pick(members);
            members.push(who);
            self.people[by].api.put(&path, Json::Null).await.ok();
            return Some("add to a group");
        }
        if members.len() == 1 || (who == *creator) {
            return None;
        }
        members.retain(|it| *it != who);
        let by = if members.contains(creator) && self.dice.flip() {
            *creator
        } else {
            who
        };
        self.people[by].api.delete(&path).await.ok();
        Some("out of a group")
    }

    async fn write_to_somebody(&mut self) -> Option<&'static str> {
        let who = self.any(Self::is_there)?;
        let partner = self.any(|_, it| it != who)?;
        self.messages += 1;
        let name = self.people[partner].name.clone();
        let message = to_user(&name, &format!("m-{}", self.messages), "a");
        let ack = self.people[who].ask(message).await;
        assert_eq!(ack["type"], "message_send_ack", "{ack}");
        Some("write to somebody")
    }

    async fn write_to_a_group(&mut self) -> Option<&'static str> {
        let (place, who) = self.group_of_somebody_there()?;
        self.messages += 1;
        let message = to_conversation(&self.groups[place].id, &format!("m-{}", self.messages), "a");
        let ack = self.people[who].ask(message).await;
        assert_eq!(ack["type"], "message_send_ack", "{ack}");
        self.groups[place].last = ack["messageSeq"].as_u64().expect("a seq");
        Some("write to a group")
    }

    async fn read(&mut self) -> Option<&'static str> {
        let (place, who) = self.group_of_somebody_there()?;
        let Group { id, last, .. } = &self.groups[place];
        let seq = self.dice.within(0..last + 1);
        let read = json!({"type": "message-read", "conversationId": id, "messageSeq": seq});
        let ack = self.people[who].ask(read).await;
        assert_eq!(ack["type"], "message_read_ack", "{ack}");
        Some("read")
    }

    fn group_of_somebody_there(&mut self) -> Option<(usize, usize)> {
        let place = self.dice.below(self.groups.len().max(1));
        let members = self.groups.get(place)?.members.clone();
        let who = self.any(|it, who| it.is_there(who) && members.contains(&who))?;
        Some((place, who))
    }
}
