//! The calm after a storm: everything settles, and what is begun in fair weather comes to its end.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

use super::World;
use crate::{
    cast::named,
    invariants::{
        promises::{
            CLOSED_OR_CATCHES_UP, DRAIN_ENDS, LET_IN_ONLY, OFFLINE_IF_NOT_CONNECTED, READY_IN_TIME,
            SENDER_TYPES_NO_MORE, SETTLES, STATES_KNOWN, TAKEN_OUT, TYPING_ENDS, TYPING_HEARD,
            WORDS_HEARD,
        },
        stored, told,
    },
    node::Node,
    people::{device::Device, typing::Typist},
    trace::note,
};

/// In what time a world must have settled: a few times the longest wait that is configured.
const SETTLES_IN: Duration = Duration::from_secs(40);

/// How long before its time typing is over that a message ended: half of what is left of it at the least, when somebody types on
/// each second and it ends by itself after two.
const EARLY: Duration = Duration::from_millis(400);

/// How far a clock is ahead, in milliseconds: some of what others have to renew in time has run out by it.
const AHEAD_MS: std::ops::Range<u64> = 2_000..3_000;

/// For how long.
const AHEAD_FOR: Duration = Duration::from_secs(3);

/// How long after a storm whatever was typed in it is over.
const TYPED: Duration = Duration::from_secs(3);

/// Somebody who types in the calm.
struct Types {
    who: Typist,
    /// Whom they write to.
    to: String,
    device: usize,
    /// Whether they send what they type.
    sends: bool,
}

impl World {
    /// Liveness: whatever was begun comes to an end, and everybody knows it.
    pub(super) async fn calm(&mut self) {
        // What is said in a room while a node hears no others is heard there by nobody else.
        let is_whole = |it: &Self| it.nodes.iter().all(Node::hears_others) && it.is_quiet();
        self.until(SETTLES, is_whole).await;
        let words = self.host.say_all();
        self.has_said_all = true;
        let heard = |it: &Self| {
            let mut inside = it.devices.iter().filter(|it| it.hall.inside);
            it.is_quiet() && inside.all(|it| it.hall.has_heard(&words))
        };
        self.until(WORDS_HEARD, heard).await;
        self.people_type().await;
        if self.dice.one_in(6) {
            self.a_clock_is_ahead().await;
        }
        if self.dice.flip() {
            self.a_node_drains().await;
        }
    }

    /// A node's clock is ahead for a while, in which people call each other.
    async fn a_clock_is_ahead(&mut self) {
        let at = self.dice.below(self.nodes.len());
        let ahead = i64::try_from(self.dice.within(AHEAD_MS)).expect("milliseconds");
        self.nodes[at].jump(ahead);
        note!("{} is ahead by {ahead} ms", self.nodes[at].name);
        for device in &mut self.devices {
            let otomo = self.dice.pick(&device.owner.otomo).clone();
            device.call(&otomo);
        }
        let right = Instant::now() + AHEAD_FOR;
        while Instant::now() < right {
            self.step(true).await;
        }
        self.nodes[at].jump(-ahead);
        self.until(SETTLES, World::is_quiet).await;
    }

    /// Everybody types, and every other sends it: the other one hears that it begins, and that it ends.
    async fn people_type(&mut self) {
        let all_is_typed = |it: &Self| it.fair_since.elapsed() > TYPED && it.is_quiet();
        self.until(SETTLES, all_is_typed).await;
        let mut typing: Vec<Types> = Vec::new();
        let mut typists = BTreeSet::new();
        self.devices.iter_mut().for_each(|it| it.typing.begin());
        for (at, device) in self.devices.iter_mut().enumerate() {
            // Where two devices of a person type, the end of one is the end of both.
            if typists.contains(&device.owner.name) {
                continue;
            }
            let Some((conversation, to)) = device.types() else {
                continue;
            };
            typists.insert(device.owner.name.clone());
            typing.push(Types {
                who: (conversation, device.owner.name.clone()),
                to,
                device: at,
                sends: typing.len().is_multiple_of(2),
            });
        }
        let hears = |it: &Self, of: &dyn Fn(&Device, &Typist) -> bool| {
            let mut all = typing.iter();
            all.all(|types| it.of(&types.to).all(|device| of(device, &types.who)))
        };
        note!("{} type", typing.len());
        self.until(TYPING_HEARD, |it| {
            hears(it, &|device, who| device.typing.has_heard_of(who))
        })
        .await;
        for types in &typing {
            let device = &mut self.devices[types.device];
            device.types_no_more();
            if types.sends {
                device.writes_to(&types.to);
            }
        }
        self.until(TYPING_ENDS, |it| {
            hears(it, &|device, who| !device.typing.shows(who)) && it.is_quiet()
        })
        .await;
        for types in typing.iter().filter(|it| it.sends) {
            for device in self.of(&types.to) {
                let early = device.typing.ended_early_by(&types.who);
                assert!(
                    early.is_none_or(|it| it > EARLY),
                    "{SENDER_TYPES_NO_MORE}: {} hears {:?}, early by {early:?}",
                    device.name(),
                    types.who
                );
            }
        }
    }

    /// A node is drained, if there is another one to go to, and perhaps comes back.
    async fn a_node_drains(&mut self) {
        let ready = |it: &&mut Node| it.is_ready();
        let mut ready: Vec<_> = self.nodes.iter_mut().filter(ready).collect();
        if ready.len() < 2 {
            note!("no node can be spared");
            return;
        }
        let at = self.dice.below(ready.len());
        let drained = ready.swap_remove(at);
        let number = drained.number;
        drained.drain();
        self.drains = true;
        self.until(DRAIN_ENDS, |it| !it.nodes[number].is_up() && it.is_quiet())
            .await;
        self.drains = false;
        if self.dice.flip() {
            self.nodes[number].start();
            self.until(SETTLES, |it| it.nodes[number].serves() && it.is_quiet())
                .await;
        }
    }

    /// The devices of somebody.
    fn of(&self, name: &str) -> impl Iterator<Item = &Device> {
        let devices = self.devices.iter();
        devices.filter(move |it| it.owner.name == name)
    }

    pub(super) fn is_quiet(&self) -> bool {
        let in_its_place = |it: &Device| it.hall.inside == self.host.has_let_in(&it.owner.name);
        self.backend.is_quiet()
            && self.host.is_quiet()
            && self.stories.are_answered()
            && self
                .devices
                .iter()
                .all(|it| it.is_quiet() && in_its_place(it))
    }

    /// Waits for what keeps a promise, stepping, as long as a world may take.
    ///
    /// # Panics
    /// If it does not come, with the sentence of what is missing or else with that of the promise.
    pub(super) async fn until(&mut self, promise: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + SETTLES_IN;
        loop {
            if is_so(self) {
                let facts = self.facts().await;
                let knows = |it: &Device| it.knows(&facts) && self.knows_the_room(it, &facts);
                if facts.is_quiet && self.devices.iter().all(knows) {
                    return;
                }
            }
            if Instant::now() > end {
                let facts = self.facts().await;
                note!("not settled: {facts:?}");
                self.has_settled().await;
                told::every_request_is_answered(&self.stories);
                self.everybody_knows_the_room(&facts);
                self.who_is_connected_is_shown(&facts);
                self.who_is_connected_is_ready();
                self.who_reads_slowly_catches_up(&facts);
                let waits = self.devices.iter();
                let waits = waits.filter(|it| !it.is_quiet() || !it.knows(&facts));
                let waits: Vec<String> = waits.map(Device::waits_for).collect();
                panic!("{promise}: {waits:#?} of {facts:?}");
            }
            self.step(true).await;
        }
    }

    /// That whoever has no lease is offline is not enough: whoever is connected has one.
    fn who_is_connected_is_shown(&self, facts: &stored::Facts) {
        let hidden = self.devices.iter().filter(|it| !it.is_shown(facts));
        let hidden: Vec<String> = hidden.map(Device::name).collect();
        assert!(hidden.is_empty(), "{OFFLINE_IF_NOT_CONNECTED}: {hidden:?}");
    }

    fn who_is_connected_is_ready(&self) {
        let late = self.devices.iter();
        let late = late.filter(|it| it.begins_late() && !it.is_slow());
        let late: Vec<String> = late.map(Device::waits_for).collect();
        assert!(late.is_empty(), "{READY_IN_TIME}: {late:#?}");
    }

    fn who_reads_slowly_catches_up(&self, facts: &stored::Facts) {
        let slow = self.devices.iter().filter(|it| it.is_slow());
        let behind = slow.filter(|it| !it.is_quiet() || !it.knows(facts));
        let behind: Vec<String> = behind.map(Device::waits_for).collect();
        assert!(behind.is_empty(), "{CLOSED_OR_CATCHES_UP}: {behind:#?}");
    }

    /// Who is in the room, and what holds there.
    fn everybody_knows_the_room(&self, facts: &stored::Facts) {
        let inside = self.devices.iter().filter(|it| it.hall.inside);
        let is_guest = |it: &Device| self.host.is_guest(&named(&it.owner.name));
        let strangers = inside.clone().filter(|it| !is_guest(it)).map(Device::name);
        let strangers: Vec<String> = strangers.collect();
        assert!(strangers.is_empty(), "{LET_IN_ONLY}: {strangers:?}");
        for device in inside {
            let name = device.name();
            assert!(
                self.host.has_let_in(&device.owner.name),
                "{TAKEN_OUT}: {name}"
            );
            assert!(
                self.knows_the_room(device, facts),
                "{STATES_KNOWN}: {name} {:?} {:?}",
                device.hall,
                facts.hall
            );
        }
    }

    /// A state that was said in a storm may be lost until the next of its key: nobody counts them.
    fn knows_the_room(&self, device: &Device, facts: &stored::Facts) -> bool {
        !self.has_said_all || device.hall.knows(&facts.hall)
    }
}
