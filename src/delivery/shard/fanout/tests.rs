#![allow(clippy::unwrap_used)]
use std::{
    cell::{Cell, RefCell},
    io::Read as _,
    os::{fd::AsRawFd as _, unix::net::UnixStream},
    task::Waker,
};

use bytes::Bytes;

use super::*;
use crate::{
    backplane::Backplane,
    delivery::{
        broadcast::{Numbering, Poke},
        counters::Counters,
        express::{BareSocket, Seat},
        filter::Filter,
        inbox::{Seq, cursor::Cursor},
        leave::Graces,
        line::{Client, NewLine, Sink},
        nowhere::Nowhere,
        outbox::{Limits, Outbox},
        queued::Queued,
        roster::Roster,
        writes::Delays,
    },
    kernel::{identity::Role, ids::SessionId, time::Clock},
    protocol::{
        close_code::CloseCode,
        event::{Event, OtomoStatus, OtomoStatusUpdate},
        frame::{Frame, Published, WireFormat},
        spec::{Key, Kind, Priority, Topic, Topics},
    },
};

/// A worker with so many clients who listen to otomo statuses.
fn worker(clients: usize) -> (Fanout, Arc<Broadcast>, Arc<Queue>) {
    worker_with(clients, || Rc::new(Nowhere::HEARS_BROADCASTS))
}

fn worker_with(
    clients: usize,
    sink: impl Fn() -> Rc<dyn Sink>,
) -> (Fanout, Arc<Broadcast>, Arc<Queue>) {
    let roster = Roster::new(Graces::default(), Backplane::alone("n1".parse().unwrap()));
    let lines = Lines::new(
        0,
        roster,
        Clock::system(),
        Delays::NONE,
        Counters::new(Arc::default()),
    );
    let limits = Rc::new(Limits {
        soft: 1 << 20,
        hard: 1 << 20,
    });
    for number in 0..clients {
        let session = SessionId::new();
        let (_, line) = lines.insert(NewLine {
            client: Client {
                user: format!("user-{number}").parse().unwrap(),
                role: Role::User,
                device: session.into(),
                session,
            },
            filter: Filter::new(Topics::ALL),
            versioned: false,
            cursor: Cursor::new(Seq::default(), Seq::default()),
            sink: sink(),
            session: Waker::noop().clone(),
            limits: Rc::clone(&limits),
        });
        line.subscribe(Topic::Otomo);
    }
    let broadcast = Arc::new(Broadcast::new(1));
    let queue = Arc::new(Queue::default());
    let (slots, messages) = (Arc::clone(&broadcast), Arc::clone(&queue));
    let fanout = Fanout::new(lines, slots, messages, Duration::ZERO);
    (fanout, broadcast, queue)
}

fn update(version: u64) -> Frame {
    update_of("hana", version)
}

fn update_of(otomo: &str, version: u64) -> Frame {
    Frame::new(&Event::from(OtomoStatusUpdate {
        user_id: otomo.parse().unwrap(),
        status: OtomoStatus::Online,
        timestamp: 0,
        version,
    }))
}

#[actix::test]
async fn what_is_broadcast_during_a_pass_is_told_by_the_next() {
    let (mut fanout, broadcast, queue) = worker(STEP + 1);
    let mut numbering = Numbering::default();
    let mut say = |fanout: &mut Fanout, version| {
        let frame = numbering.number(update(version));
        broadcast.put(0, &[frame], queue.entered());
        fanout.poked();
    };
    say(&mut fanout, 1);
    assert_eq!(fanout.step(), Next::GoOn);
    say(&mut fanout, 2);
    let mut passes = 0;
    while passes < 2 {
        match fanout.step() {
            Next::GoOn => {}
            Next::Finished(_) => passes += 1,
            other => panic!("{other:?} before everybody has been told"),
        }
    }
    assert_eq!(fanout.step(), Next::Rest);
}

#[actix::test]
async fn what_was_addressed_before_a_broadcast_is_told_before_it() {
    let (mut fanout, broadcast, queue) = worker(1);
    let frame = Numbering::default().number(update(1));
    let line = fanout.lines.at(0).unwrap();
    // A call_end is in the mailbox when the status that it causes is left in the slot.
    queue.enter();
    broadcast.put(0, &[frame], queue.entered());
    fanout.poked();
    assert!(matches!(fanout.step(), Next::Finished(_)));
    assert_eq!(line.seat().seen(), 0);
    queue.leave();
    assert!(matches!(fanout.step(), Next::Finished(_)));
    assert_eq!(line.seat().seen(), 1);
    assert_eq!(fanout.step(), Next::Rest);
}

/// A client whose socket is there to be written to.
struct Bare {
    socket: UnixStream,
    /// How often it was told the long way.
    told: Cell<usize>,
    /// What was left of bare writes.
    left: RefCell<Vec<u8>>,
    /// Whether the transport holds bytes of its own.
    holds: Cell<bool>,
}

impl Bare {
    fn new() -> (Rc<Self>, UnixStream) {
        let (socket, far_end) = UnixStream::pair().unwrap();
        far_end.set_nonblocking(true).unwrap();
        let bare = Self {
            socket,
            told: Cell::new(0),
            left: RefCell::default(),
            holds: Cell::new(false),
        };
        (Rc::new(bare), far_end)
    }
}

impl Sink for Bare {
    fn pump(&self, _: &mut Outbox<Queued>) {}
    fn send_shared(&self, _: &Bytes) -> Accepted {
        self.told.set(self.told.get() + 1);
        Accepted::Taken
    }
    fn bare(&self, _: &Seat) -> Option<BareSocket> {
        (!self.holds.get()).then(|| BareSocket::new(self.socket.as_raw_fd()))
    }
    fn finish_shared(&self, bytes: &Bytes, written: usize) {
        self.left.borrow_mut().extend_from_slice(&bytes[written..]);
    }
    fn format(&self) -> WireFormat {
        WireFormat::WebSocket
    }
    fn ping(&self) {}
    fn stalled(&self) -> Option<Duration> {
        None
    }
    fn finish(&self, _: &mut Outbox<Queued>, _: CloseCode, _: &str) {}
    fn abort(&self) {}
}

fn heard(far_end: &mut UnixStream) -> Vec<u8> {
    let mut heard = Vec::new();
    // Ends where nothing more is there, which is an error of its own.
    let _ = far_end.read_to_end(&mut heard);
    heard
}

/// Broadcasts frames one after the other, each in a pass of its own.
fn say_all(
    fanout: &mut Fanout,
    broadcast: &Broadcast,
    numbered: crate::delivery::rounds::Numbered,
) {
    broadcast.put(0, &[numbered], 0);
    fanout.poked();
    assert!(matches!(fanout.step(), Next::Finished(_)));
}

#[actix::test]
async fn who_keeps_up_is_written_to_right_away_until_something_waits() {
    let (bare, mut far_end) = Bare::new();
    let (mut fanout, broadcast, _) = worker_with(1, || bare.clone());
    let line = fanout.lines.at(0).unwrap();
    line.open();
    let mut numbering = Numbering::default();
    let mut say = |fanout: &mut Fanout, version| {
        let frame = update(version);
        say_all(fanout, &broadcast, numbering.number(frame.clone()));
        frame.shared(WireFormat::WebSocket)
    };
    say(&mut fanout, 1);
    assert_eq!(bare.told.get(), 1, "the first time somebody has to look");
    assert!(heard(&mut far_end).is_empty());
    let bytes = say(&mut fanout, 2);
    assert_eq!(heard(&mut far_end), bytes, "by a bare write");
    // Something is queued: a bare write would overtake it.
    let _ = line.push_always(update(9));
    say(&mut fanout, 3);
    assert!(heard(&mut far_end).is_empty());
    assert_eq!(bare.told.get(), 1, "it went behind what waits");
}

#[actix::test]
async fn who_ends_or_has_gone_is_not_written_to() {
    let (bare, mut far_end) = Bare::new();
    let (mut fanout, broadcast, _) = worker_with(2, || bare.clone());
    let (line, other) = (fanout.lines.at(0).unwrap(), fanout.lines.at(1).unwrap());
    line.open();
    other.open();
    let mut numbering = Numbering::default();
    say_all(&mut fanout, &broadcast, numbering.number(update(1)));
    line.finish(update(9), CloseCode::Drain, "");
    let at = fanout.lines.report()[1].at;
    fanout.lines.remove(at);
    say_all(&mut fanout, &broadcast, numbering.number(update(2)));
    assert!(heard(&mut far_end).is_empty());
}

#[actix::test]
async fn what_a_bare_write_leaves_is_the_transports_to_finish() {
    let (bare, mut far_end) = Bare::new();
    let (mut fanout, broadcast, _) = worker_with(1, || bare.clone());
    fanout.lines.at(0).unwrap().open();
    let mut numbering = Numbering::default();
    say_all(&mut fanout, &broadcast, numbering.number(update(1)));
    let published = Published {
        name: "otomo_status_update",
        topic: Topic::Otomo,
        kind: Kind::State,
        priority: Priority::Normal,
        key: Some(Key {
            state: "otomo",
            id: "large".into(),
        }),
    };
    let text = "x".repeat(4 << 20);
    let large = Frame::published(
        &published,
        format!(r#"{{"type":"otomo_status_update","x":"{text}"}}"#),
    );
    say_all(&mut fanout, &broadcast, numbering.number(large.clone()));
    let mut got = heard(&mut far_end);
    let left = bare.left.take();
    assert!(
        !got.is_empty() && !left.is_empty(),
        "more than a socket takes"
    );
    got.extend(left);
    assert_eq!(got, large.shared(WireFormat::WebSocket));
    // What waits in the transport must not be overtaken either.
    say_all(&mut fanout, &broadcast, numbering.number(update(2)));
    assert!(heard(&mut far_end).is_empty());
    assert_eq!(bare.told.get(), 2);
}

/// A boarded line is told the long way where something is addressed to it, and its transport takes a part only.
#[actix::test]
async fn what_the_long_way_leaves_is_not_overtaken_by_a_bare_write() {
    let (bare, mut far_end) = Bare::new();
    let (mut fanout, broadcast, _) = worker_with(1, || bare.clone());
    let line = fanout.lines.at(0).unwrap();
    line.open();
    let mut numbering = Numbering::default();
    say_all(&mut fanout, &broadcast, numbering.number(update(1)));
    broadcast.put(0, &[numbering.number(update(2))], 0);
    bare.holds.set(true);
    fanout.catch_up(&line, numbering.latest());
    say_all(&mut fanout, &broadcast, numbering.number(update(3)));
    assert!(heard(&mut far_end).is_empty());
    assert_eq!(bare.told.get(), 3);
}

/// Goal: those who change again each time they have heard of the last change do not wait for the clock once all have come.
/// Method: two are told by one pass; so two are all, and the second of the next two has the worker poked, however long updates
/// may be held back.
#[actix::test]
async fn nobody_waits_for_the_time_to_pass_once_all_have_come() {
    let (mut fanout, broadcast, _) = worker(1);
    let mut numbering = Numbering::default();
    let mut say = |fanout: &mut Fanout, otomo| {
        let poke = broadcast.put(0, &[numbering.number(update_of(otomo, 1))], 0);
        if poke == Poke::Needed {
            fanout.poked();
        }
        poke
    };
    say(&mut fanout, "a");
    say(&mut fanout, "b");
    assert!(matches!(fanout.step(), Next::Finished(_)));
    fanout.join_delay = Duration::from_secs(60);
    say(&mut fanout, "a");
    assert!(matches!(fanout.step(), Next::Sleep(_)));
    assert_eq!(say(&mut fanout, "b"), Poke::Needed);
    assert!(matches!(fanout.step(), Next::Finished(_)));
}

/// Goal: a round is complete also if some of it have changed again while the last pass was still under way.
#[actix::test]
async fn who_comes_again_during_a_pass_is_expected_once() {
    let (mut fanout, broadcast, _) = worker(STEP + 1);
    let mut numbering = Numbering::default();
    let mut say = |otomo| broadcast.put(0, &[numbering.number(update_of(otomo, 1))], 0);
    for otomo in ["a", "b", "c"] {
        say(otomo);
    }
    fanout.poked();
    assert_eq!(fanout.step(), Next::GoOn);
    fanout.join_delay = Duration::from_secs(60);
    for otomo in ["a", "b"] {
        say(otomo);
    }
    assert!(matches!(fanout.step(), Next::Finished(_)));
    assert_eq!(fanout.company.all(), Some(3));
}

/// A pass that is over at once, because all was told to each line by itself, says nothing of what comes together.
#[actix::test]
async fn a_pass_that_tells_nothing_teaches_nothing() {
    let (mut fanout, broadcast, _) = worker(1);
    let mut numbering = Numbering::default();
    for otomo in ["a", "b"] {
        broadcast.put(0, &[numbering.number(update_of(otomo, 1))], 0);
    }
    fanout.poked();
    assert!(matches!(fanout.step(), Next::Finished(_)));
    fanout.join_delay = Duration::from_secs(60);
    fanout.stage = Stage::Gathering {
        until: Instant::now(),
    };
    assert!(matches!(fanout.step(), Next::Finished(_)));
    assert_eq!(fanout.company.all(), Some(2));
}
