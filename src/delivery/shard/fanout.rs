//! Fan-out: every line of a worker is told what was broadcast, in passes over all of them, each in steps.

use std::{rc::Rc, sync::Arc, time::Duration};

use actix_rt::time::Instant;

use super::super::{
    broadcast::{Broadcast, Due},
    dispatch::Queue,
    line::{Accepted, Line},
    lines::Lines,
    rounds::{Audience, Round, Rounds},
};

/// Lines visited before the mailbox gets its turn: a millisecond or two of socket writes.
pub(super) const STEP: usize = 256;

/// The fan-out of one worker.
pub(super) struct Fanout {
    lines: Rc<Lines>,
    broadcast: Arc<Broadcast>,
    queue: Arc<Queue>,
    rounds: Rounds,
    stage: Stage,
    /// Messages written during this pass, counted once at its end.
    told: Told,
    /// How long updates are gathered when they come faster than this (`outbox.join_delay`).
    join_delay: Duration,
}

/// Counted here and handed on once a pass: a shared counter would be slower than the delivery that it counts.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    /// Messages, once for each client.
    messages: u64,
    /// Those of them that left together with another one.
    joined: u64,
}

/// Where the fan-out is.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Everybody knows everything; the last pass began at `since`.
    Resting { since: Instant },
    /// Something was broadcast soon after the last pass began: more is gathered until then.
    Gathering { until: Instant },
    /// Lines before `next` have seen everything up to `target`.
    Sending {
        next: usize,
        target: u64,
        began: Instant,
    },
}

/// What the worker should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: everybody knows everything.
    Rest,
    /// Come back at this time.
    Sleep(Instant),
    /// Come back as soon as the mailbox has had its turn.
    GoOn,
    /// The same; a whole pass has just ended, which took so long.
    Finished(Duration),
}

impl Fanout {
    pub(super) fn new(
        lines: Rc<Lines>,
        broadcast: Arc<Broadcast>,
        queue: Arc<Queue>,
        join_delay: Duration,
    ) -> Self {
        let now = Instant::now();
        let since = now.checked_sub(join_delay).unwrap_or(now);
        Self {
            lines,
            broadcast,
            queue,
            rounds: Rounds::default(),
            stage: Stage::Resting { since },
            told: Told::default(),
            join_delay,
        }
    }

    /// Something was broadcast. The first after a pause is told at once; what follows within
    /// `join_delay` waits that long and is told together.
    pub(super) fn poked(&mut self) {
        if let Stage::Resting { since } = self.stage {
            self.stage = Stage::Gathering {
                until: since + self.join_delay,
            };
        }
    }

    /// Brings one line up to date with what was broadcast up to `said`, so that what is addressed to it
    /// comes after what was said to all before.
    pub(super) fn catch_up(&mut self, line: &Line, said: Round) {
        self.take_broadcast(Due::UpTo(said));
        self.tell(line);
    }

    /// Notes that a line has a snapshot which contains every round up to `seen`.
    pub(super) fn caught_up_to(&mut self, line: &Line, seen: u64) {
        line.seen.set(seen.max(line.seen.get()));
    }

    /// Takes in what hubs have left for this worker, as far as it is due.
    fn take_broadcast(&mut self, due: Due) {
        let worker = usize::from(self.lines.worker());
        if self.broadcast.waits(worker) {
            self.rounds.append(self.broadcast.take(worker, due));
            self.lines.set_latest_round(self.rounds.latest());
            self.poked();
        }
    }

    fn tell(&mut self, line: &Line) {
        if line.seen.get() >= self.rounds.latest() {
            return;
        }
        let audience = Audience {
            after: line.seen.replace(self.rounds.latest()),
            topics: line.subscribed(),
            versioned: line.versioned(),
            format: line.format(),
        };
        let joined = self.rounds.joined_for(audience);
        if joined.frames == 0 {
            return;
        }
        if line.send_shared(&joined.bytes) == Accepted::Taken {
            self.told.messages += joined.frames;
            self.told.joined += joined.frames - 1;
            return;
        }
        for frame in self.rounds.frames_for(audience) {
            // A line that is too slow for it says so itself.
            let _ = line.push(frame.clone());
        }
    }

    /// Goes on for one step.
    pub(super) fn step(&mut self) -> Next {
        let now = Instant::now();
        match self.stage {
            Stage::Resting { .. } => Next::Rest,
            Stage::Gathering { until } if until > now => Next::Sleep(until),
            Stage::Gathering { .. } => {
                self.take_broadcast(Due::Behind(self.queue.left()));
                self.send_on(0, self.rounds.latest(), now)
            }
            Stage::Sending {
                next,
                target,
                began,
            } => self.send_on(next, target, began),
        }
    }

    fn send_on(&mut self, from: usize, target: u64, began: Instant) -> Next {
        let (page, next) = self.lines.page(from, STEP);
        for line in page {
            self.tell(&line);
        }
        if let Some(next) = next {
            self.stage = Stage::Sending {
                next,
                target,
                began,
            };
            return Next::GoOn;
        }
        self.stage = Stage::Resting { since: began };
        let Told { messages, joined } = std::mem::take(&mut self.told);
        self.lines.counters().broadcast(messages, joined);
        // Lines that were addressed during the pass may be ahead of those visited before them.
        let everybody_knows = target == self.rounds.latest();
        self.rounds.forget(target);
        // A poke during the pass changed nothing then: what it was about is still to be told.
        if !everybody_knows || self.broadcast.waits(usize::from(self.lines.worker())) {
            self.poked();
        }
        Next::Finished(began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use bytes::Bytes;

    use super::*;
    use crate::{
        backplane::Backplane,
        delivery::{
            broadcast::Numbering,
            counters::Counters,
            filter::Filter,
            inbox::{Seq, cursor::Cursor},
            leave::Graces,
            line::{Client, NewLine, Sink},
            outbox::{Limits, Outbox},
            queued::Queued,
            roster::Roster,
            writes::Delays,
        },
        kernel::{identity::Role, ids::SessionId, time::Clock},
        protocol::{
            close_code::CloseCode,
            event::{Event, OtomoStatus, OtomoStatusUpdate},
            frame::{Frame, WireFormat},
            spec::{Topic, Topics},
        },
    };

    /// A client that takes everything and says nothing.
    struct Nobody;

    impl Sink for Nobody {
        fn pump(&self, _: &mut Outbox<Queued>) {}
        fn send_shared(&self, _: &Bytes) -> Accepted {
            Accepted::Taken
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

    /// A worker with so many clients who listen to otomo statuses.
    fn worker(clients: usize) -> (Fanout, Arc<Broadcast>, Arc<Queue>) {
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
                sink: Rc::new(Nobody),
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
        Frame::new(&Event::from(OtomoStatusUpdate {
            user_id: "hana".parse().unwrap(),
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
        let (lines, _) = fanout.lines.page(0, 1);
        // A call_end is in the mailbox when the status that it causes is left in the slot.
        queue.enter();
        broadcast.put(0, &[frame], queue.entered());
        fanout.poked();
        assert!(matches!(fanout.step(), Next::Finished(_)));
        assert_eq!(lines[0].seen.get(), 0);
        queue.leave();
        assert!(matches!(fanout.step(), Next::Finished(_)));
        assert_eq!(lines[0].seen.get(), 1);
        assert_eq!(fanout.step(), Next::Rest);
    }
}
