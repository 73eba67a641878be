//! The reference model: what the rules say, in plain lists.

use std::collections::{BTreeMap, BTreeSet};

use otomo::protocol::error_code::ErrorCode;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::{Act, Device, Number, Person, Target, person, step};

/// One event in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// A message.
    Message {
        number: Number,
        seq: u64,
        sender: Person,
        name: u8,
        text: &'static str,
    },
    /// Somebody has read up to here.
    Read {
        number: Number,
        seq: u64,
        reader: Person,
    },
    /// Something that is not chat.
    Missed,
}

/// What somebody is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing to say.
    Done,
    /// This conversation has begun, now or before.
    Begun(Number),
    /// The message has this place, now or since an earlier attempt.
    Sent {
        number: Number,
        seq: u64,
        before: bool,
    },
    /// The cursor is here.
    At(u64),
    /// It was refused.
    Refused(ErrorCode),
}

/// A conversation.
#[derive(Debug, Clone)]
pub(super) struct Conversation {
    /// Whether it is of two people, for good.
    direct: bool,
    creator: Person,
    /// Who is in it, and how far they have read.
    pub(super) members: BTreeMap<Person, u64>,
    /// Who wrote what, under which name.
    pub(super) messages: Vec<(Person, u8, &'static str)>,
}

impl Conversation {
    fn last(&self) -> u64 {
        self.messages.len() as u64
    }
}

/// Somebody who writes.
#[derive(Debug, Clone)]
pub(super) struct Typing {
    /// The device that is there, and whose end is the end of it.
    device: Option<Device>,
    /// The step in which they began.
    pub(super) since: usize,
    /// Who was told that they had.
    pub(super) audience: BTreeSet<Person>,
}

/// The whole state.
#[derive(Debug, Clone, Default)]
pub(super) struct Reference {
    pub(super) conversations: Vec<Conversation>,
    pub(super) streams: BTreeMap<Person, Vec<Stored>>,
    pub(super) typing: BTreeMap<(Person, Number), Typing>,
    /// Which devices are there, and since which step.
    pub(super) there: BTreeMap<Device, usize>,
    /// Steps so far.
    pub(super) steps: usize,
    /// The answers of the last step.
    pub(super) answers: Vec<Answer>,
}

/// What somebody sees of one conversation: its last message, the last one they have read, how many others' are after it.
pub(super) type Unread = (u64, u64, u64);

impl Reference {
    /// What a stream holds.
    pub(super) fn stream(&self, of: Person) -> &[Stored] {
        self.streams.get(of).map_or(&[], Vec::as_slice)
    }

    /// What somebody has yet to read.
    pub(super) fn unread(&self, of: Person) -> BTreeMap<Number, Unread> {
        let theirs = self.conversations.iter().enumerate();
        let theirs = theirs.filter_map(|(number, it)| Some((number, it, *it.members.get(of)?)));
        theirs
            .map(|(number, it, read)| {
                let later = it.messages.iter().skip(read as usize);
                let unread = later.filter(|(sender, ..)| *sender != of).count() as u64;
                (number, (it.last(), read, unread))
            })
            .collect()
    }

    /// Who writes, as far as a device can know: those who began after it came.
    pub(super) fn typing_since(&self, device: Device) -> BTreeSet<(Person, Number)> {
        let there = self.there.get(device);
        let seen = self.typing.iter().filter(|(_, typing)| {
            typing.audience.contains(person(device)) && there.is_some_and(|it| *it < typing.since)
        });
        seen.map(|(typist, _)| *typist).collect()
    }

    fn perform(&mut self, act: &Act, begun: usize) -> Answer {
        let done = match act {
            Act::Connect(device, _) => {
                self.there.entry(device).or_insert(self.steps);
                Ok(Answer::Done)
            }
            Act::Leave(device) => {
                if self.there.remove(device).is_some() {
                    self.typing
                        .retain(|_, typing| typing.device != Some(*device));
                }
                Ok(Answer::Done)
            }
            Act::Send(by, to, name, text) => self.send(by, *to, *name, text, begun),
            Act::Read(by, number, seq) => self.read(by, *number, *seq, begun),
            Act::Type(device, number) => self.write(device, *number),
            Act::Pause(by, number) => {
                self.typing.remove(&(*by, *number));
                Ok(Answer::Done)
            }
            Act::Begin(by, with) => self.begin(by, with).map(Answer::Begun),
            Act::Gather(by, others) => {
                let members = others.iter().chain([by]).copied();
                Ok(Answer::Begun(self.insert(false, by, members)))
            }
            Act::Add(by, number, who) => self.add(by, *number, who),
            Act::Remove(by, number, who) => self.remove(by, *number, who),
            Act::Miss(person) => {
                self.streams.entry(person).or_default().push(Stored::Missed);
                Ok(Answer::Done)
            }
        };
        done.unwrap_or_else(Answer::Refused)
    }

    fn send(
        &mut self,
        by: Person,
        to: Target,
        name: u8,
        text: &'static str,
        begun: usize,
    ) -> Result<Answer, ErrorCode> {
        let known = match to {
            Target::In(number) => {
                self.of_member(by, number, begun)?;
                Some(number)
            }
            Target::To(partner) if partner == by => return Err(ErrorCode::BadRequest),
            Target::To(partner) => self.direct(by, partner),
        };
        if let Some((number, seq, said)) = self.sent(by, name) {
            let same = said == text && Some(number) == known;
            let before = true;
            return same
                .then_some(Answer::Sent {
                    number,
                    seq,
                    before,
                })
                .ok_or(ErrorCode::Conflict);
        }
        let number = match (known, to) {
            (Some(number), _) => number,
            (None, Target::To(partner)) => self.begin(by, partner)?,
            (None, Target::In(_)) => unreachable!("it was found"),
        };
        let conversation = &mut self.conversations[number];
        conversation.messages.push((by, name, text));
        let seq = conversation.last();
        conversation.members.insert(by, seq);
        self.typing.remove(&(by, number));
        self.tell(
            number,
            Stored::Message {
                number,
                seq,
                sender: by,
                name,
                text,
            },
        );
        let before = false;
        Ok(Answer::Sent {
            number,
            seq,
            before,
        })
    }

    fn read(
        &mut self,
        by: Person,
        number: Number,
        seq: u64,
        begun: usize,
    ) -> Result<Answer, ErrorCode> {
        let conversation = self.of_member(by, number, begun)?;
        if seq > conversation.last() {
            return Err(ErrorCode::BadRequest);
        }
        let cursor = conversation.members.get_mut(by).expect("a member");
        if seq <= *cursor {
            return Ok(Answer::At(*cursor));
        }
        *cursor = seq;
        let reader = by;
        self.tell(
            number,
            Stored::Read {
                number,
                seq,
                reader,
            },
        );
        Ok(Answer::At(seq))
    }

    fn write(&mut self, device: Device, number: Number) -> Result<Answer, ErrorCode> {
        let by = person(device);
        let conversation = self.of_member(by, number, usize::MAX)?;
        let others = conversation.members.keys().copied();
        let audience = others.filter(|it| *it != by).collect();
        let since = self.steps;
        let device = self.there.contains_key(device).then_some(device);
        let typing = self.typing.entry((by, number)).or_insert(Typing {
            device,
            since,
            audience,
        });
        typing.device = device;
        Ok(Answer::Done)
    }

    fn begin(&mut self, by: Person, with: Person) -> Result<Number, ErrorCode> {
        if by == with {
            return Err(ErrorCode::BadRequest);
        }
        let known = self.direct(by, with);
        Ok(known.unwrap_or_else(|| self.insert(true, by, [by, with])))
    }

    fn add(&mut self, by: Person, number: Number, who: Person) -> Result<Answer, ErrorCode> {
        let group = self.of_group(by, number)?;
        let last = group.last();
        // What was written before they came counts as read.
        group.members.entry(who).or_insert(last);
        Ok(Answer::Done)
    }

    fn remove(&mut self, by: Person, number: Number, who: Person) -> Result<Answer, ErrorCode> {
        let group = self.of_group(by, number)?;
        if by != who && group.creator != by {
            return Err(ErrorCode::Forbidden);
        }
        group.members.remove(who).ok_or(ErrorCode::NotFound)?;
        self.typing.remove(&(who, number));
        Ok(Answer::Done)
    }

    fn insert(
        &mut self,
        direct: bool,
        creator: Person,
        members: impl IntoIterator<Item = Person>,
    ) -> Number {
        self.conversations.push(Conversation {
            direct,
            creator,
            members: members.into_iter().map(|member| (member, 0)).collect(),
            messages: Vec::new(),
        });
        self.conversations.len() - 1
    }

    /// The conversation of two people.
    fn direct(&self, one: Person, other: Person) -> Option<Number> {
        let of_both = |it: &Conversation| {
            it.direct && it.members.contains_key(one) && it.members.contains_key(other)
        };
        self.conversations.iter().position(of_both)
    }

    /// What somebody has sent under a name: where it is, and what it says.
    fn sent(&self, by: Person, name: u8) -> Option<(Number, u64, &'static str)> {
        let all = self.conversations.iter().enumerate();
        let mut all = all.flat_map(|(number, it)| {
            let places = it.messages.iter().zip(1_u64..);
            places.map(move |((sender, name, text), seq)| (number, seq, *sender, *name, *text))
        });
        let (number, seq, _, _, text) = all.find(|it| (it.2, it.3) == (by, name))?;
        Some((number, seq, text))
    }

    /// A conversation that had begun before this step, if somebody is in it.
    fn of_member(
        &mut self,
        by: Person,
        number: Number,
        begun: usize,
    ) -> Result<&mut Conversation, ErrorCode> {
        let conversation = self.conversations.get_mut(number);
        conversation
            .filter(|it| number < begun && it.members.contains_key(by))
            .ok_or(ErrorCode::ConversationNotFound)
    }

    fn of_group(&mut self, by: Person, number: Number) -> Result<&mut Conversation, ErrorCode> {
        let conversation = self.of_member(by, number, usize::MAX)?;
        if conversation.direct {
            return Err(ErrorCode::Conflict);
        }
        Ok(conversation)
    }

    fn tell(&mut self, number: Number, told: Stored) {
        for member in self.conversations[number].members.keys() {
            self.streams.entry(member).or_default().push(told);
        }
    }
}

impl ReferenceStateMachine for Reference {
    type State = Self;
    type Transition = Vec<Act>;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(reference: &Self) -> BoxedStrategy<Vec<Act>> {
        step(reference.conversations.len())
    }

    fn apply(mut reference: Self, acts: &Vec<Act>) -> Self {
        reference.steps += 1;
        let begun = reference.conversations.len();
        let answers = acts.iter().map(|act| reference.perform(act, begun));
        let answers = answers.collect();
        reference.answers = answers;
        reference
    }
}
