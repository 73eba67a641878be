//! A node with clients hears a letter.

use std::{
    cell::RefCell,
    future,
    rc::Rc,
    sync::{Arc, LazyLock},
    task::Waker,
    time::Duration,
};

use actix_rt::{System, SystemRunner, task::yield_now};
use bytes::Bytes;

use super::super::{Saying, Whom};
use crate::{
    backplane::{Backplane, Channel, Message, Subject},
    delivery::{
        dispatch::{Dispatch, Settings},
        filter::Filter,
        inbox::{Seq, cursor::Cursor},
        line::{Client, Line, NewLine, Signals},
        lines::{Lines, To},
        nowhere::Nowhere,
        outbox::Limits,
        rooms::Stay,
    },
    kernel::{
        identity::Role,
        ids::{NodeId, RoomId, UserId},
        metrics::Metrics,
    },
    protocol::{
        event::HeartbeatAck,
        frame::Frame,
        spec::{Topic, Topics},
    },
};

thread_local! {
    /// What the worker of the node runs on.
    static SYSTEM: SystemRunner = System::new();
}

/// Nothing here depends on what was counted.
static METRICS: LazyLock<Arc<Metrics>> = LazyLock::new(Arc::default);

/// Turns of the worker in which it comes to what follows from a letter; what is due later is not looked at.
const TURNS: usize = 8;

/// Turns in which whoever is to be closed is. Where much else was left behind in a worker by letters before, it takes longer.
const TURNS_TO_CLOSE: usize = 10_000;

/// Turns after which nothing more is to be expected.
const TURNS_MAX: usize = 1_000_000;

/// What everybody is told behind a letter.
static WORD: LazyLock<Frame> = LazyLock::new(|| {
    Frame::new(
        &HeartbeatAck {
            timestamp: 7_070_707,
        }
        .into(),
    )
});

/// Who is connected, in which room, and with which session. The kept letters speak of the first of them.
const CLIENTS: [(&str, &str, &str, &str); 2] = [
    (
        "hana",
        "phone",
        "game_1",
        "0198c0de-0000-7000-8000-000000000001",
    ),
    (
        "ken",
        "tablet",
        "game_2",
        "0198c0de-0000-7000-8000-000000000002",
    ),
];

/// Hears a letter where two people are connected. It closes the connections of those whom it says to close and nobody else's, it
/// reaches nobody but those whom it is for, and behind it everybody still hears what they are told.
pub(super) fn hear(letter: &Bytes, saying: &Saying) {
    SYSTEM.with(|system| {
        system.block_on(async {
            let node = Node::new();
            let heard = node.dispatch.hear(Message {
                from: name("n2"),
                channel: Channel::Everyone,
                subject: Subject::Delivery,
                body: letter.clone(),
            });
            assert!(heard.is_ok(), "what was read before is read again");
            for _ in 0..TURNS {
                yield_now().await;
            }
            node.everybody_is_still_told().await;
            node.whoever_is_to_be_closed_is_told_so(saying).await;
            for client in &node.clients {
                client.judge(saying);
            }
        });
    });
}

fn name(name: &str) -> NodeId {
    name.parse().expect("a name")
}

/// A node with one worker, which has no link to the others.
struct Node {
    dispatch: Dispatch,
    clients: [Connected; 2],
}

impl Node {
    fn new() -> Self {
        let dial =
            Box::new(|_| -> crate::backplane::redis::dial::Dialing { Box::pin(future::pending()) });
        let metrics = Arc::clone(&METRICS);
        let (backplane, _never_linked) =
            Backplane::over(dial, Duration::from_secs(1), name("n1"), metrics);
        let settings = Settings {
            workers: 1,
            ..Settings::default()
        };
        let dispatch = Dispatch::new(settings, backplane, Arc::clone(&METRICS));
        let lines = dispatch.start_worker().expect("a worker");
        let clients = CLIENTS.map(|client| Connected::new(&lines, client));
        Self { dispatch, clients }
    }

    /// Tells everybody a word, which comes to them behind what the letter made the worker do.
    async fn everybody_is_still_told(&self) {
        for client in &self.clients {
            let user = client.line.client().user.clone();
            self.dispatch.tell_here(To::User(user), WORD.clone());
        }
        for client in &self.clients {
            client.hears_the_word().await;
        }
    }

    /// Waits for that. Whoever is not to be closed is looked at no sooner.
    async fn whoever_is_to_be_closed_is_told_so(&self, saying: &Saying) {
        let lacks = |client: &Connected| client.is_to_be_closed(saying) && !client.is_closing();
        for _ in 0..TURNS_TO_CLOSE {
            if !self.clients.iter().any(lacks) {
                break;
            }
            yield_now().await;
        }
    }
}

/// One of the clients.
struct Connected {
    line: Rc<Line>,
    room: RoomId,
    told: Rc<RefCell<Vec<Bytes>>>,
}

impl Connected {
    fn new(lines: &Lines, (user, device, room, session): (&str, &str, &str, &str)) -> Self {
        let told = Rc::<RefCell<Vec<Bytes>>>::default();
        let client = Client {
            user: user.parse().expect("an id"),
            role: Role::User,
            device: device.parse().expect("an id"),
            session: session.parse().expect("an id"),
        };
        let (at, line) = lines.insert(NewLine {
            client,
            filter: Filter::new(Topics::ALL),
            versioned: false,
            cursor: Cursor::new(Seq::default(), Seq::default()),
            sink: Rc::new(Nowhere::noting(&told)),
            session: Waker::noop().clone(),
            limits: Rc::new(Limits::NONE),
        });
        Topic::ALL
            .into_iter()
            .for_each(|topic| line.subscribe(topic));
        line.open();
        let room: RoomId = room.parse().expect("an id");
        lines.roster().rooms().expect(&room, lines.worker());
        lines.join(at, &room, Stay::Granted(None), 1);
        Self { line, room, told }
    }

    async fn hears_the_word(&self) {
        for _ in 0..TURNS_MAX {
            if self.told.borrow().contains(WORD.json()) {
                return;
            }
            yield_now().await;
        }
        panic!("{:?} is told nothing any more", self.line.client());
    }

    /// Whether its session is told to close. That is left there: nothing of what it is told is lost.
    fn is_closing(&self) -> bool {
        let mut closing = None;
        self.line.signal(|signals| closing = signals.closing());
        closing.is_some()
    }

    /// What the letter did to it, and may do.
    fn judge(&self, saying: &Saying) {
        let (signals, mut told) = (self.line.take_signals(), self.told.take());
        told.retain(|json| json != WORD.json());
        let client = self.line.client();
        match (signals.closing(), self.is_to_be_closed(saying)) {
            (Some(_), false) => panic!("{client:?} is closed by {saying:?}"),
            (None, true) => panic!("{client:?} is not closed by {saying:?}"),
            (Some(_), true) | (None, false) => {}
        }
        if let Saying::ChatOutdated { user } = saying {
            let same = signals.chat_outdated == self.is(user);
            assert!(same, "{client:?} is told {signals:?} by {saying:?}");
        }
        assert!(
            told.is_empty() || self.may_be_told(saying),
            "{client:?} is told {told:?} by {saying:?}"
        );
        assert!(
            signals == Signals::default() || self.is_named(saying),
            "{client:?} is told {signals:?} by {saying:?}"
        );
    }

    fn is_to_be_closed(&self, saying: &Saying) -> bool {
        let session = self.line.client().session;
        match saying {
            Saying::Close { to, before, .. } => {
                self.is_among(to) && before.is_none_or(|before| session < before)
            }
            Saying::CloseSession { session: named, .. } => *named == session,
            _ => false,
        }
    }

    fn may_be_told(&self, saying: &Saying) -> bool {
        match saying {
            Saying::Frame { to, .. } => self.is_among(to),
            Saying::Durable { user, .. } => self.is(user),
            Saying::Leave { to, room, .. } => self.is_among(to) && *room == self.room,
            _ => false,
        }
    }

    fn is_named(&self, saying: &Saying) -> bool {
        match saying {
            Saying::Durable { user, .. }
            | Saying::ChatOutdated { user }
            | Saying::Resend { user, .. } => self.is(user),
            closes => self.is_to_be_closed(closes),
        }
    }

    fn is_among(&self, whom: &Whom) -> bool {
        let device = &self.line.client().device;
        match whom {
            Whom::User(user) => self.is(user),
            Whom::Device(user, named) => self.is(user) && named == device,
            Whom::OtherDevices(user, named) => self.is(user) && named != device,
            Whom::Room(room) => *room == self.room,
            Whom::Everyone => true,
        }
    }

    fn is(&self, user: &UserId) -> bool {
        *user == self.line.client().user
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{delivery::nodes::letter::Letter, protocol::close_code::CloseCode};

    /// Hears one letter, and is judged as if it had been another.
    fn judged_by(heard: Saying, saying: &Saying) {
        let letter = Letter {
            ask: None,
            saying: heard,
        };
        hear(&letter.encode(&Bytes::new()), saying);
    }

    fn close(user: &str) -> Saying {
        Saying::Close {
            to: Whom::User(user.parse().unwrap()),
            code: CloseCode::Disabled.number(),
            reason: String::new(),
            before: None,
        }
    }

    #[test]
    fn whoever_is_named_is_to_be_closed() {
        judged_by(close("hana"), &close("hana"));
    }

    #[test]
    #[should_panic(expected = "is closed by")]
    fn whoever_is_closed_and_not_named_is_noticed() {
        judged_by(close("hana"), &close("ken"));
    }

    #[test]
    #[should_panic(expected = "is not closed by")]
    fn whoever_is_named_and_not_closed_is_noticed() {
        judged_by(Saying::Node, &close("hana"));
    }

    #[test]
    #[should_panic(expected = "is told")]
    fn whoever_is_told_something_and_not_named_is_noticed() {
        let user = "hana".parse().unwrap();
        judged_by(Saying::ChatOutdated { user }, &Saying::Node);
    }
}
