//! All lines of one worker thread: its table, its timers, and which of them have something to write (`writing`).

mod writing;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    task::Waker,
    time::Duration,
};

use actix_rt::time::Instant;
use slab::Slab;
use smallvec::SmallVec;

use super::{
    counters::Counters,
    express::Express,
    line::{Client, Line, NewLine, SessionRef},
    messages::LineReport,
    rooms::{JoinOutcome, Renewed, Rooms, Stay},
    roster::Roster,
    wheel::Wheel,
    writes::{Delays, Writes},
};
use crate::kernel::{
    ids::{DeviceId, RoomId, UserId},
    time::{Clock, Timestamp, millis},
};

/// How exact timers are. A hundredth of the shortest pause that a person notices in a heartbeat.
pub const TICK: Duration = Duration::from_millis(20);

/// Where a frame goes.
#[derive(Debug, Clone)]
pub enum To {
    /// One connection.
    Session(SessionRef),
    /// All connections of a user.
    User(UserId),
    /// All connections of one device of a user.
    Device(UserId, DeviceId),
    /// All connections of a user but those of one device.
    OtherDevices(UserId, DeviceId),
    /// All connections in a room.
    Room(RoomId),
    /// All connections.
    Everyone,
}

/// The lines of one worker.
pub struct Lines {
    worker: u16,
    table: RefCell<Slab<Rc<Line>>>,
    express: Rc<Express>,
    by_user: RefCell<HashMap<UserId, SmallVec<[u32; 2]>>>,
    rooms: RefCell<Rooms>,
    clock: Clock,
    timers: RefCell<Wheel>,
    started: Instant,
    writes: RefCell<Writes>,
    /// Wakes the worker, which writes what is due.
    writer: RefCell<Waker>,
    latest_round: Cell<u64>,
    roster: Roster,
    counters: Rc<Counters>,
}

impl Lines {
    /// An empty table.
    pub(super) fn new(
        worker: u16,
        roster: Roster,
        clock: Clock,
        delays: Delays,
        counters: Counters,
    ) -> Rc<Self> {
        Rc::new(Self {
            worker,
            table: RefCell::default(),
            express: Rc::default(),
            by_user: RefCell::default(),
            rooms: RefCell::default(),
            clock,
            timers: RefCell::new(Wheel::new(TICK)),
            started: Instant::now(),
            writes: RefCell::new(Writes::new(delays)),
            writer: RefCell::new(Waker::noop().clone()),
            latest_round: Cell::new(0),
            roster,
            counters: Rc::new(counters),
        })
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Counts a command of a client.
    pub fn heard(&self, command: &'static str) {
        self.counters.heard(command);
    }

    /// This worker's number.
    pub fn worker(&self) -> u16 {
        self.worker
    }

    /// Who is connected, on all workers.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Takes a client in: from now on frames reach it.
    pub fn insert(&self, new: NewLine) -> (SessionRef, Rc<Line>) {
        let mut table = self.table.borrow_mut();
        let entry = table.vacant_entry();
        // A worker has fewer lines than descriptors, and those are counted in 32 bits.
        let slot = u32::try_from(entry.key()).unwrap_or(u32::MAX);
        let seat = self.express.seat(slot, self.latest_round.get());
        let line = Rc::new(Line::new(new, seat, Rc::clone(&self.counters)));
        entry.insert(Rc::clone(&line));
        drop(table);
        let client = line.client().clone();
        self.by_user
            .borrow_mut()
            .entry(client.user.clone())
            .or_default()
            .push(slot);
        let at = SessionRef {
            worker: self.worker,
            slot,
            session: client.session,
        };
        self.roster.arrive(&client, at);
        (at, line)
    }

    /// Lets a client go, out of all its rooms. Frames for it find nobody from now on.
    pub fn remove(&self, at: SessionRef) {
        let Some(line) = self.get(at) else { return };
        self.express.vacate(at.slot);
        self.table.borrow_mut().remove(at.slot as usize);
        let mut by_user = self.by_user.borrow_mut();
        let user = &line.client().user;
        if let Some(slots) = by_user.get_mut(user) {
            slots.retain(|slot| *slot != at.slot);
            if slots.is_empty() {
                by_user.remove(user);
            }
        }
        for room in self.rooms.borrow_mut().leave_all(at.slot) {
            self.roster.rooms().left(&room, self.worker, user);
        }
    }

    /// Takes a line into a room, if that makes no more than `at_most`. The room must expect it
    /// ([`Occupancy::expect`](super::rooms::occupancy::Occupancy::expect)).
    pub(super) fn join(
        &self,
        at: SessionRef,
        room: &RoomId,
        stay: Stay,
        at_most: usize,
    ) -> JoinOutcome {
        let line = self.get(at);
        let outcome = line.as_ref().map_or(JoinOutcome::Gone, |_| {
            let mut rooms = self.rooms.borrow_mut();
            rooms.join(at.slot, room, stay, at_most)
        });
        match (outcome, line) {
            (JoinOutcome::Joined, Some(line)) => {
                let user = &line.client().user;
                self.roster.rooms().entered(room, user);
            }
            _ => self.roster.rooms().stayed_out(room, self.worker),
        }
        outcome
    }

    /// Changes until when a line may be in a room. Returns whether that applied to it.
    pub(super) fn renew(
        &self,
        line: &Line,
        room: &RoomId,
        until: Option<Timestamp>,
        whose: Renewed,
    ) -> bool {
        let mut rooms = self.rooms.borrow_mut();
        rooms.renew(line.slot(), room, until, whose)
    }

    /// Whether a line is in a room and its time there is over.
    pub(super) fn is_over(&self, line: &Line, room: &RoomId, now: Timestamp) -> bool {
        self.rooms.borrow_mut().is_over(line.slot(), room, now)
    }

    /// Takes a line out of a room. Returns whether it was in it.
    pub(super) fn leave(&self, line: &Line, room: &RoomId) -> bool {
        let was_in = self.rooms.borrow_mut().leave(line.slot(), room);
        if was_in {
            let user = &line.client().user;
            self.roster.rooms().left(room, self.worker, user);
        }
        was_in
    }

    /// The rooms that a session is in.
    pub fn rooms_of(&self, at: SessionRef) -> Vec<RoomId> {
        let rooms = self.rooms.borrow();
        self.get(at)
            .map(|_| rooms.of(at.slot).to_vec())
            .unwrap_or_default()
    }

    /// The line of a session, if the session is still there.
    pub fn get(&self, at: SessionRef) -> Option<Rc<Line>> {
        let table = self.table.borrow();
        let line = table.get(at.slot as usize)?;
        (line.client().session == at.session).then(|| Rc::clone(line))
    }

    /// The line in a place, if there is one.
    pub(super) fn at(&self, slot: usize) -> Option<Rc<Line>> {
        self.table.borrow().get(slot).map(Rc::clone)
    }

    /// What the fan-out knows of the lines, by their places.
    pub(super) fn express(&self) -> &Express {
        &self.express
    }

    /// Everybody to whom a frame goes.
    pub(super) fn find(&self, to: &To) -> SmallVec<[Rc<Line>; 4]> {
        match to {
            To::Session(at) => self.get(*at).into_iter().collect(),
            To::User(user) => self.of_user(user, |_| true),
            To::Device(user, device) => self.of_user(user, |client| client.device == *device),
            To::OtherDevices(user, device) => self.of_user(user, |client| client.device != *device),
            To::Room(room) => self.in_room(room, self.clock.now()),
            To::Everyone => self.all().into(),
        }
    }

    /// The same, with those whose time in a room is over and whom nobody has taken out yet.
    pub(super) fn find_all(&self, to: &To) -> SmallVec<[Rc<Line>; 4]> {
        match to {
            To::Room(room) => self.in_room(room, Timestamp::default()),
            to => self.find(to),
        }
    }

    fn in_room(&self, room: &RoomId, now: Timestamp) -> SmallVec<[Rc<Line>; 4]> {
        let (table, rooms) = (self.table.borrow(), self.rooms.borrow());
        let slots = rooms.listeners(room, now);
        slots
            .filter_map(|slot| table.get(slot as usize).map(Rc::clone))
            .collect()
    }

    fn of_user(&self, user: &UserId, fits: impl Fn(&Client) -> bool) -> SmallVec<[Rc<Line>; 4]> {
        let (table, by_user) = (self.table.borrow(), self.by_user.borrow());
        let slots = by_user
            .get(user)
            .map(SmallVec::as_slice)
            .unwrap_or_default();
        let lines = slots.iter().filter_map(|slot| table.get(*slot as usize));
        lines
            .filter(|line| fits(line.client()))
            .map(Rc::clone)
            .collect()
    }

    /// Every line.
    pub(super) fn all(&self) -> Vec<Rc<Line>> {
        let table = self.table.borrow();
        table.iter().map(|(_, line)| Rc::clone(line)).collect()
    }

    /// How many clients there are.
    pub fn len(&self) -> usize {
        self.table.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.borrow().is_empty()
    }

    pub(super) fn set_latest_round(&self, round: u64) {
        self.latest_round.set(round);
    }

    /// How every line is.
    pub(super) fn report(&self) -> Vec<LineReport> {
        let report = |(slot, line): (usize, &Rc<Line>)| LineReport {
            at: SessionRef {
                worker: self.worker,
                slot: u32::try_from(slot).unwrap_or(u32::MAX),
                session: line.client().session,
            },
            client: line.client().clone(),
            backlog: line.backlog(),
            stalled: line.sink().stalled(),
        };
        self.table.borrow().iter().map(report).collect()
    }

    /// Wakes a session (`Signals::alarm`) at this time or at most two ticks later, never earlier: who is
    /// woken early has nothing to do yet, and nobody would wake it again.
    pub fn alarm(&self, at: SessionRef, when: Instant) {
        self.timers
            .borrow_mut()
            .schedule(at.slot, at.session.short(), self.due(when));
    }

    /// The first whole millisecond that is not before `when`, as the wheel counts them.
    fn due(&self, when: Instant) -> u64 {
        let after = when.saturating_duration_since(self.started);
        u64::try_from(after.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// Wakes the sessions whose time has come.
    pub(super) fn ring_alarms(&self) {
        let due = self.timers.borrow_mut().advance(self.millis());
        for timer in due {
            let line = self.table.borrow().get(timer.token as usize).map(Rc::clone);
            if let Some(line) = line.filter(|it| it.client().session.short() == timer.generation) {
                line.signal(|signals| signals.alarm = true);
            }
        }
    }

    fn millis(&self) -> u64 {
        millis(self.started.elapsed())
    }
}

#[cfg(test)]
mod tests;
