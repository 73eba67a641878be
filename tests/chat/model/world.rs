//! The system under test: a server that goes through the stories.

use std::{collections::BTreeMap, pin::Pin};

use actix_rt::{System, SystemRunner};
use futures_util::future::join_all;
use otomo::{
    chat::{
        Chat, ChatFault,
        groups::ConversationRequest,
        message::{self, Draft, Sent},
    },
    delivery::line::SessionRef,
    kernel::ids::ConversationId,
    protocol::{fault::Fault, spec::Topics},
};
use proptest_state_machine::StateMachineTest;

use super::{
    Act, DEVICES, Device, From, Number, ONLY_CHAT, Person, Target, everybody, person,
    reference::{Answer, Reference},
};
use crate::{
    fixture::{Server, user},
    phone::Phone,
};

/// What came of an act.
enum Outcome {
    Done,
    Begun(ConversationId),
    Sent(Sent),
    At(u64),
}

/// The same, once it is done.
type Pending = Pin<Box<dyn Future<Output = Result<Outcome, ChatFault>>>>;

/// A server and everybody's devices, and what they run on.
pub(super) struct World {
    people: People,
    // After them: they end on it.
    runner: SystemRunner,
}

/// A server and everybody's devices.
pub(super) struct People {
    pub(super) server: Server,
    /// The conversations by their numbers.
    pub(super) begun: Vec<ConversationId>,
    pub(super) there: BTreeMap<Device, Phone>,
    /// The last event of those who are not there any more.
    cut: BTreeMap<Device, u64>,
    /// How long everybody's stream was before this step.
    heads: BTreeMap<Person, usize>,
}

impl StateMachineTest for World {
    type SystemUnderTest = Self;
    type Reference = Reference;

    fn init_test(_: &Reference) -> Self {
        let runner = System::new();
        let people = runner.block_on(People::gather());
        Self { people, runner }
    }

    fn apply(mut world: Self, reference: &Reference, acts: Vec<Act>) -> Self {
        let lived = world.people.live(reference, &acts);
        world.runner.block_on(lived);
        world
    }

    fn teardown(mut world: Self, reference: Reference) {
        let ended = world.people.end(reference);
        world.runner.block_on(ended);
    }
}

impl People {
    async fn gather() -> Self {
        let server = Server::start().await;
        for name in everybody() {
            server.know(name).await;
        }
        Self {
            server,
            begun: Vec::new(),
            there: BTreeMap::new(),
            cut: BTreeMap::new(),
            heads: BTreeMap::new(),
        }
    }

    /// Does what is done in one step: nothing is waited for before all of it has begun.
    async fn live(&mut self, reference: &Reference, acts: &[Act]) {
        let mut gone = Vec::new();
        let coming: Vec<Pending> = acts.iter().map(|act| self.act(act, &mut gone)).collect();
        for (outcome, expected) in join_all(coming).await.into_iter().zip(&reference.answers) {
            assert_eq!(self.answer(outcome), *expected);
        }
        for (device, mut phone) in gone {
            phone.hear_the_end().await;
            self.check_what_was_heard(reference, device, &phone);
            self.cut.extend(phone.last().map(|last| (device, last)));
        }
        self.check(reference).await;
        let heads = everybody().map(|name| (name, reference.stream(name).len()));
        self.heads = heads.collect();
    }

    /// Everybody reads their whole stream anew, and every conversation.
    async fn end(&mut self, mut reference: Reference) {
        for device in DEVICES {
            if let Some(mut phone) = self.there.remove(device) {
                phone.hang_up();
                phone.hear_the_end().await;
            }
            self.connect(device, Some(0));
            // Nobody writes any more, as far as somebody knows who has just come.
            reference.there.insert(device, reference.steps);
        }
        self.check(&reference).await;
        self.check_histories(&reference).await;
        self.server.stops().await;
    }

    /// Begins an act.
    fn act(&mut self, act: &Act, gone: &mut Vec<(Device, Phone)>) -> Pending {
        match act {
            Act::Connect(device, from) => {
                let last_seq = self.place(device, *from);
                self.connect(device, last_seq);
            }
            Act::Leave(device) => {
                if let Some(phone) = self.there.remove(device) {
                    phone.hang_up();
                    gone.push((device, phone));
                }
            }
            Act::Pause(by, number) => {
                let id = self.id(*number);
                self.server.env.chat.stop_typing(&user(by), id);
            }
            Act::Miss(person) => {
                let told = self.server.tell_of_missed_call(person);
                return Box::pin(async {
                    told.await;
                    Ok(Outcome::Done)
                });
            }
            other => return self.ask(self.server.env.chat.clone(), other.clone()),
        }
        Box::pin(async { Ok(Outcome::Done) })
    }

    fn ask(&self, chat: Chat, act: Act) -> Pending {
        match act {
            Act::Send(by, to, name, text) => {
                let sent = chat.send(&user(by), self.draft(to, name, text));
                Box::pin(async { sent.await.map(Outcome::Sent) })
            }
            Act::Read(by, number, seq) => {
                let cursor = chat.read(&user(by), self.id(number), seq);
                Box::pin(async { cursor.await.map(Outcome::At) })
            }
            Act::Begin(by, with) => begin(chat, by, ConversationRequest::Direct(user(with))),
            Act::Gather(by, others) => {
                let members = others.into_iter().map(user).collect();
                let title = None;
                begin(
                    chat,
                    by,
                    ConversationRequest::Group {
                        members,
                        title,
                        key: None,
                    },
                )
            }
            Act::Type(device, number) => {
                let (user, id) = (user(person(device)), self.id(number));
                let session = self.session(device).map(|at| at.session);
                done(async move { chat.start_typing(&user, session, id).await })
            }
            Act::Add(by, number, who) => {
                let id = self.id(number);
                done(async move { chat.add(&user(by), id, &user(who)).await })
            }
            Act::Remove(by, number, who) => {
                let id = self.id(number);
                done(async move { chat.remove(&user(by), id, &user(who)).await })
            }
            Act::Connect(..) | Act::Leave(_) | Act::Pause(..) | Act::Miss(_) => {
                unreachable!("nothing is asked for")
            }
        }
    }

    /// What somebody was answered, with numbers in the place of ids. A new id is that of the next number.
    fn answer(&mut self, outcome: Result<Outcome, ChatFault>) -> Answer {
        match outcome {
            Ok(Outcome::Done) => Answer::Done,
            Ok(Outcome::At(seq)) => Answer::At(seq),
            Ok(Outcome::Begun(id)) => Answer::Begun(self.number_or_next(id)),
            Ok(Outcome::Sent(sent)) => Answer::Sent {
                number: self.number_or_next(sent.message().conversation),
                seq: sent.message().seq,
                before: matches!(sent, Sent::Before(_)),
            },
            Err(fault) => Answer::Refused(Fault::from(fault).code),
        }
    }

    fn number_or_next(&mut self, id: ConversationId) -> Number {
        let known = self.begun.iter().position(|it| *it == id);
        known.unwrap_or_else(|| {
            self.begun.push(id);
            self.begun.len() - 1
        })
    }

    fn connect(&mut self, device: Device, last_seq: Option<u64>) {
        let topics = match device {
            ONLY_CHAT => "chat".parse().unwrap(),
            _ => Topics::ALL,
        };
        let connect = || Phone::connect(&self.server.env, person(device), topics, last_seq);
        self.there.entry(device).or_insert_with(connect);
    }

    /// The place at which a device takes up its stream.
    fn place(&self, device: Device, from: From) -> Option<u64> {
        match from {
            From::End => None,
            From::Cut => self.cut.get(device).copied(),
            From::Place(place) => {
                let head = self.heads.get(person(device)).copied();
                Some(place.index(head.unwrap_or_default() + 1) as u64)
            }
        }
    }

    fn draft(&self, to: Target, name: u8, text: &str) -> Draft {
        Draft {
            target: match to {
                Target::In(number) => message::Target::Conversation(self.id(number)),
                Target::To(person) => message::Target::User(user(person)),
            },
            client_message_id: format!("m-{name}").parse().unwrap(),
            body: text.to_owned(),
            data: None,
        }
    }

    /// A conversation's id; of one that has not begun, an id of none.
    fn id(&self, number: Number) -> ConversationId {
        let begun = self.begun.get(number).copied();
        begun.unwrap_or_else(ConversationId::new)
    }

    /// Where the session of a device is that is there.
    pub(super) fn session(&self, device: Device) -> Option<SessionRef> {
        let id = self.there.get(device)?.session()?;
        let roster = self.server.env.dispatch.roster();
        let sessions = roster.sessions(&user(person(device)));
        sessions
            .into_iter()
            .map(|it| it.at)
            .find(|at| at.session == id)
    }
}

fn begin(chat: Chat, by: Person, beginning: ConversationRequest) -> Pending {
    Box::pin(async move {
        let begun = chat.begin(&user(by), beginning).await?;
        Ok(Outcome::Begun(begun.position.conversation))
    })
}

fn done(asked: impl Future<Output = Result<(), ChatFault>> + 'static) -> Pending {
    Box::pin(async { asked.await.map(|()| Outcome::Done) })
}
