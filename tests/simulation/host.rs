//! The app's own server as the host of a room: lets people in, takes that back, and says things there. It asks again until it
//! is answered, but only once it knows that nothing comes of the last time any more.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use otomo::{
    kernel::ids::{RoomId, UserId},
    protocol::spec::Priority,
    rooms::{
        RoomsFault,
        publication::{Draft, RepeatKey, Target},
        rules::{Grant, Kind},
    },
};
use serde_json::{json, value::to_raw_value};
use tokio::time::Instant;

use crate::{node::Node, people::hall::HALL, support::Dice, trace::note};

/// The states that there may be in the room.
const KEYS: [&str; 3] = ["door", "light", "song"];

/// What it asks for.
#[derive(Debug, Clone)]
enum Wish {
    LetIn(UserId),
    TakeBack(UserId),
    Say(Word),
}

/// Something that is said in the room.
#[derive(Debug, Clone)]
pub struct Word {
    pub number: u64,
    pub kind: Kind,
    priority: Priority,
    key: &'static str,
}

/// When something was asked for and answered, in the order of all that was.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    asked: u64,
    answered: u64,
}

/// Somebody was let in, or that was taken back.
#[derive(Debug, Clone, Copy)]
struct Door {
    span: Span,
    answered_at: Instant,
    opens: bool,
}

/// What it waits for, of one person or of one kind of words: one thing at a time.
#[derive(Debug)]
struct Asked {
    wish: Wish,
    since: u64,
    /// Whether a node has it right now.
    is_out: bool,
}

/// What became of asking a node; `None`: it died.
type Outcome = Option<Result<(), RoomsFault>>;

/// Tells what came of asking, whatever comes.
struct Answer {
    lane: String,
    outcome: Outcome,
    to: Rc<RefCell<Vec<(String, Outcome)>>>,
}

impl Answer {
    fn give(mut self, outcome: Result<(), RoomsFault>) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let outcome = (self.lane.clone(), self.outcome.take());
        self.to.borrow_mut().push(outcome);
    }
}

/// The host.
pub struct Host {
    dice: Dice,
    guests: Vec<UserId>,
    /// Counts what was asked and answered.
    moments: u64,
    words: u64,
    asked: BTreeMap<String, Asked>,
    answers: Rc<RefCell<Vec<(String, Outcome)>>>,
    /// When people were let in, and when that was taken back.
    doors: BTreeMap<UserId, Vec<Door>>,
    /// When everybody was where they may be, and knew it.
    settled: u64,
    /// What was said.
    pub said: Vec<(Word, Span)>,
}

impl Host {
    /// Whoever is no guest is never let in.
    pub fn new(guests: Vec<UserId>, dice: Dice) -> Self {
        Self {
            dice,
            guests,
            moments: 0,
            words: 0,
            asked: BTreeMap::new(),
            answers: Rc::default(),
            doors: BTreeMap::new(),
            settled: u64::MAX,
            said: Vec::new(),
        }
    }

    /// Whether all that it has asked for is answered.
    pub fn is_quiet(&self) -> bool {
        self.asked.is_empty()
    }

    /// Whether somebody may be in the room, as far as it knows.
    pub fn has_let_in(&self, user: &str) -> bool {
        let of = self.doors.iter().find(|it| it.0.as_str() == user);
        of.and_then(|it| it.1.last()).is_some_and(|it| it.opens)
    }

    /// Whether somebody is let in at times.
    pub fn is_guest(&self, user: &UserId) -> bool {
        self.guests.contains(user)
    }

    /// Whether somebody may have come who asked for it at a moment and is there by now: not after that was taken back, if nobody
    /// has begun to let them in again.
    pub fn may_have_come(&self, user: &UserId, asked: Instant) -> bool {
        let doors = self.doors.get(user).map_or(&[][..], Vec::as_slice);
        let (before, since) = doors.split_at(doors.partition_point(|it| it.answered_at < asked));
        let lets_in = |it: &Asked| matches!(it.wish, Wish::LetIn(_));
        before.last().is_some_and(|it| it.opens)
            || since.iter().any(|it| it.opens)
            || self.asked.get(user.as_str()).is_some_and(lets_in)
    }

    /// Its turn.
    pub fn act(&mut self, nodes: &[Node], calm: bool) {
        for (lane, outcome) in self.answers.take() {
            self.answered(lane, outcome);
        }
        if !calm && self.dice.one_in(16) {
            let guest = self.dice.pick(&self.guests).clone();
            self.open_or_close(guest);
        }
        if !calm && self.dice.one_in(8) {
            let kind = *self.dice.pick(Kind::ALL);
            let priority = *self.dice.pick(&Priority::ALL);
            let key = KEYS[self.dice.below(KEYS.len())];
            self.say(kind, priority, key);
        }
        let waiting: Vec<String> = self
            .asked
            .iter()
            .filter(|it| !it.1.is_out)
            .map(|it| it.0.clone())
            .collect();
        for lane in waiting {
            self.ask(&lane, nodes);
        }
    }

    /// Lets all of its guests in.
    pub fn open(&mut self) {
        for guest in self.guests.clone() {
            self.open_or_close(guest);
        }
    }

    /// Says one word of each kind and priority, and something new of each state. Returns the numbers of those that are not kept.
    pub fn say_all(&mut self) -> BTreeSet<u64> {
        self.settled = self.moments;
        for kind in Kind::ALL {
            for (priority, key) in Priority::ALL.into_iter().zip(KEYS) {
                self.say(*kind, priority, key);
            }
        }
        let said = self.asked.values().filter_map(|it| match &it.wish {
            Wish::Say(word) if word.kind == Kind::Ephemeral => Some(word.number),
            _ => None,
        });
        said.collect()
    }

    fn open_or_close(&mut self, guest: UserId) {
        let wish = match self.has_let_in(guest.as_str()) {
            true => Wish::TakeBack(guest.clone()),
            false => Wish::LetIn(guest.clone()),
        };
        self.wish(guest.to_string(), wish);
    }

    fn say(&mut self, kind: Kind, priority: Priority, key: &'static str) {
        self.words += 1;
        let word = Word {
            number: self.words,
            kind,
            priority,
            key,
        };
        self.wish(word.lane(), Wish::Say(word));
    }

    /// Asks for something, unless it waits for the last of the same.
    fn wish(&mut self, lane: String, wish: Wish) {
        self.moments += 1;
        let since = self.moments;
        self.asked.entry(lane).or_insert(Asked {
            wish,
            since,
            is_out: false,
        });
    }

    fn ask(&mut self, lane: &str, nodes: &[Node]) {
        let node = self.dice.pick(nodes);
        let Some(house) = node.house() else { return };
        let asked = self.asked.get_mut(lane).expect("it is asked for");
        asked.is_out = true;
        note!("the host asks {} for {:?}", node.name, asked.wish);
        let answer = Answer {
            lane: lane.to_owned(),
            outcome: None,
            to: Rc::clone(&self.answers),
        };
        let wish = asked.wish.clone();
        node.spawn(async move {
            let (rooms, hall) = (&house.shared().rooms, hall());
            let grant = Grant { expires_at: None };
            let outcome = match wish {
                Wish::LetIn(user) => rooms.grant(&hall, &user, grant).await.map(drop),
                Wish::TakeBack(user) => rooms.revoke(&hall, &user).await,
                Wish::Say(word) => rooms.publish(vec![word.draft()]).await.map(drop),
            };
            answer.give(outcome);
        });
    }

    fn answered(&mut self, lane: String, outcome: Outcome) {
        self.moments += 1;
        let asked = self.asked.get_mut(&lane).expect("it is asked for");
        asked.is_out = false;
        note!("the host hears of {:?}: {outcome:?}", asked.wish);
        match outcome {
            Some(Ok(())) => {}
            None | Some(Err(RoomsFault::Store(_) | RoomsFault::Stopped | RoomsFault::Busy)) => {
                return;
            }
            Some(Err(other)) => panic!("no wish of a backend may be refused so: {other}"),
        }
        let span = Span {
            asked: asked.since,
            answered: self.moments,
        };
        let door = |opens| Door {
            span,
            answered_at: Instant::now(),
            opens,
        };
        match self.asked.remove(&lane).expect("it is asked for").wish {
            Wish::LetIn(user) => self.doors.entry(user).or_default().push(door(true)),
            Wish::TakeBack(user) => self.doors.entry(user).or_default().push(door(false)),
            Wish::Say(word) => self.said.push((word, span)),
        }
    }

    /// Whether somebody could be in the room all the time (`true`) or never (`false`) while something was asked for. Nothing if
    /// that changed, or was about to; and of somebody who was in it, as long as their node may not have heard of the end.
    pub fn was_let_in(&self, user: &UserId, during: Span) -> Option<bool> {
        let doors = self.doors.get(user).map_or(&[][..], Vec::as_slice);
        let before = doors
            .iter()
            .take_while(|it| it.span.asked < during.answered);
        match before.last() {
            None => Some(false),
            Some(door) if door.span.answered > during.asked => None,
            Some(door) if door.opens => Some(true),
            Some(_) => (during.asked >= self.settled).then_some(false),
        }
    }
}

impl Word {
    /// Those of one kind and priority are said one after the other.
    fn lane(&self) -> String {
        format!("{} {:?}", self.kind, self.priority)
    }

    fn draft(&self) -> Draft {
        let key = format!("word-{}", self.number);
        let data = json!({"n": self.number, "lane": self.lane(), "key": self.key});
        Draft {
            target: Target::Room(hall()),
            name: "word".to_owned(),
            data: to_raw_value(&data).expect("JSON"),
            kind: Some(self.kind),
            priority: self.priority,
            key: (self.kind == Kind::State).then(|| self.key.to_owned()),
            ttl: None,
            repeat: Some(RepeatKey {
                key: key.parse().expect("a key"),
                digest: key,
            }),
        }
    }
}

fn hall() -> RoomId {
    HALL.parse().expect("a name")
}
