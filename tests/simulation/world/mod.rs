//! One seed's course: a storm, in which people live on as they can, and the calm after it, in which everything must settle.
//!
//! - `calm`: what is done in it, and how long everything may take.

mod calm;

use std::{path::Path, rc::Rc, sync::Arc, time::Duration};

use otomo::{
    kernel::{
        identity::Role,
        time::{Clock, Timestamp},
        token::Verifier,
    },
    people::Person,
    presence::{self, rules::Policy},
    store::{Conn, Fate, Handle, Outcome, StoreError},
};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    time::{Instant, sleep},
};

use crate::{
    backend::Backend,
    cast::{self, GUESTS, PEOPLE, PRICED, named, people},
    host::Host,
    invariants::{memory::Memory, promises::SETTLES, stored, told},
    link::Heard,
    node::{self, Node, Site},
    people::{device::Device, stories::Stories},
    redis::Redis,
    sky::Sky,
    storm::Storm,
    support::Dice,
    trace::{self, note},
};

const NODES: usize = 3;

/// A step: how often the world is looked at, and somebody acts.
const STEP_MS: std::ops::Range<u64> = 30..100;

/// How long the storm lasts.
const STORM: Duration = Duration::from_millis(5_500);

/// How long after it nodes may be on their way back.
const RETURN: Duration = Duration::from_secs(6);

/// Where the clocks begin: a time of day, as good as any.
const BEGINNING: Timestamp = Timestamp::from_millis(1_795_000_000_000);

/// Everything of one seed.
struct World {
    dice: Dice,
    sky: Sky,
    redis: Redis,
    nodes: Vec<Node>,
    devices: Vec<Device>,
    backend: Backend,
    host: Host,
    /// Whether the host has said in fair weather whatever holds in the room.
    has_said_all: bool,
    /// Whether a node drains while nothing fails.
    drains: bool,
    stories: Stories,
    hears: UnboundedSender<Heard>,
    heard: UnboundedReceiver<Heard>,
    connections: u64,
    /// Looks at the database, beside everybody.
    observer: Handle,
    /// What an otomo's status follows from, as configured.
    policy: Policy,
    memory: Memory,
    clock: Clock,
    /// Since when nothing fails.
    fair_since: Instant,
}

/// Runs a seed on a database that has its tables and nothing else.
///
/// # Panics
/// If something does not hold, with its sentence.
pub async fn run(seed: u64, database: &Path) {
    let mut world = World::new(seed, database);
    world.begin().await;
    world.storm().await;
    world.calm().await;
    world.is_as_it_should_be().await;
}

impl World {
    fn new(seed: u64, database: &Path) -> Self {
        let mut dice = Dice::of(seed);
        let config = cast::config();
        let sky = Sky::fair(NODES);
        let redis = Redis::start(&sky, dice.fork());
        let site = Rc::new(Site {
            verifier: Arc::new(Verifier::new(&config.auth.now()).expect("keys")),
            database: database.to_owned(),
            redis: redis.clone(),
            sky: sky.clone(),
            config: Arc::clone(&config),
        });
        let clock = Clock::running(BEGINNING);
        let node = |number| {
            let off = dice.within(0..100);
            let own = Clock::running(BEGINNING + Duration::from_millis(off));
            Node::new(number, &site, own, dice.fork())
        };
        let nodes = (0..NODES).map(node).collect();
        let stories = Stories::default();
        let devices = cast::devices(&stories, &mut dice);
        let at_once = Arc::new(|_| Fate {
            begins_in: Duration::ZERO,
            outcome: Outcome::Done,
            answers_in: Duration::ZERO,
        });
        let place = node::at(database, &config.database);
        let observer = Handle::stepped(&place, clock.clone(), Arc::default(), at_once);
        let (observer, _) = observer.expect("the database is there");
        let (hears, heard) = mpsc::unbounded_channel();
        Self {
            backend: Backend::new(people(), dice.fork()),
            has_said_all: false,
            drains: false,
            host: Host::new(GUESTS.map(named).to_vec(), dice.fork()),
            sky,
            redis,
            nodes,
            devices,
            stories,
            hears,
            heard,
            connections: 0,
            observer,
            policy: presence::settings::policy(&config.presence, &config.calls),
            memory: Memory::default(),
            clock,
            fair_since: Instant::now(),
            dice,
        }
    }

    /// Nodes start, and people become known.
    async fn begin(&mut self) {
        self.nodes.iter_mut().for_each(Node::start);
        self.until(SETTLES, |it| it.nodes.iter().all(Node::serves))
            .await;
        let house = self.nodes[0].house().expect("it serves");
        for (name, role, _) in PEOPLE {
            let person = Person {
                user: name.parse().expect("a name"),
                role,
                name: name.to_owned(),
                avatar: None,
                price_per_minute: (name == PRICED.0).then_some(PRICED.1),
                disabled: false,
            };
            house.shared().people.put(person).await.expect("it is fair");
        }
        self.backend.grant_all();
        self.host.open();
    }

    async fn storm(&mut self) {
        let mut storm = Storm::new(self.dice.fork());
        let end = Instant::now() + STORM;
        while Instant::now() < end {
            storm.blow(&mut self.nodes, &self.redis, &self.sky);
            self.step(false).await;
        }
        storm.end(&mut self.nodes, &self.sky);
        self.fair_since = Instant::now();
        note!("the storm is over");
    }

    /// A moment passes, somebody acts, and what always holds is looked at.
    async fn step(&mut self, calm: bool) {
        let pause = Duration::from_millis(self.dice.within(STEP_MS));
        let mut pause = std::pin::pin!(sleep(pause));
        loop {
            tokio::select! {
                biased;
                Some((number, down)) = self.heard.recv() => {
                    let mut devices = self.devices.iter_mut();
                    if let Some(device) = devices.find(|it| it.number == number) {
                        device.hear(down);
                        told::nobody_comes_who_is_not_let_in(device, &self.host);
                    }
                }
                () = &mut pause => break,
            }
        }
        self.bury_nodes().await;
        let back = self.devices.iter().enumerate();
        let back = back.filter(|it| it.1.is_due_back());
        let mut turns: Vec<usize> = back.map(|it| it.0).collect();
        turns.extend([(); 2].map(|()| self.dice.below(self.devices.len())));
        for at in turns {
            let (next, hears) = (&mut self.connections, &self.hears);
            self.devices[at].act(&self.nodes, &self.sky, hears, next, calm);
        }
        if !calm && self.dice.one_in(8) {
            self.two_call_each_other();
        }
        self.backend.act(&self.nodes, calm);
        self.host.act(&self.nodes, calm);
        assert!(!trace::has_panicked(), "nothing panics");
        if self.sky.take_stored() {
            let mut memory = std::mem::take(&mut self.memory);
            let look = move |conn: &mut Conn, now| {
                stored::always_holds(conn, &mut memory, now)?;
                Ok(memory)
            };
            self.memory = self.looks(look).await;
        }
        if calm && self.fair_since.elapsed() > RETURN {
            self.looks(stored::holds_in_fair_weather).await;
        }
        if self.drains {
            self.looks(stored::nobody_is_offline).await;
        }
    }

    /// Takes away the nodes that have ended by themselves.
    async fn bury_nodes(&mut self) {
        let mut ended = Vec::new();
        for node in &mut self.nodes {
            if node.bury() {
                ended.push(node.name.to_string());
            }
        }
        if self.drains && !ended.is_empty() {
            self.looks(move |conn, _| {
                stored::have_given_up_their_places(conn, &ended);
                Ok(())
            })
            .await;
        }
    }

    /// Two otomo think of each other at the same moment.
    fn two_call_each_other(&mut self) {
        let otomo = |it: &&mut Device| it.owner.role == Role::Otomo;
        let mut otomo: Vec<&mut Device> = self.devices.iter_mut().filter(otomo).collect();
        let one = otomo.swap_remove(self.dice.below(otomo.len()));
        otomo.retain(|it| it.owner.name != one.owner.name);
        let other = otomo.swap_remove(self.dice.below(otomo.len()));
        one.call(&other.owner.name);
        other.call(&one.owner.name);
    }

    /// Looks into the database.
    async fn looks<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Conn, Timestamp) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let now = self.clock.now();
        let read = self.observer.read(move |conn| look(conn, now));
        read.await.expect("the database is there")
    }

    async fn facts(&self) -> stored::Facts {
        let policy = self.policy;
        self.looks(move |conn, now| stored::Facts::read(conn, now, &policy))
            .await
    }

    async fn has_settled(&mut self) {
        let (policy, mut memory) = (self.policy, std::mem::take(&mut self.memory));
        let look = move |conn: &mut Conn, now| {
            stored::has_settled(conn, &mut memory, now, &policy)?;
            Ok(memory)
        };
        self.memory = self.looks(look).await;
    }

    /// What must hold at the end.
    async fn is_as_it_should_be(&mut self) {
        self.has_settled().await;
        told::messages_are_with_everybody(&self.devices);
        told::messages_are_in_order(&self.devices);
        told::words_are_in_order(&self.devices, &self.host);
        let old = self.devices.len();
        let fresh: Vec<Device> = (0..old).map(|at| self.devices[at].fresh(at)).collect();
        self.devices.extend(fresh);
        self.until(SETTLES, World::is_quiet).await;
        let fresh = self.devices.split_off(old);
        for (device, fresh) in self.devices.iter().zip(&fresh) {
            device.agrees_with(fresh);
            device.received.reads_stand();
        }
        let (stories, devices) = (self.stories.clone(), std::mem::take(&mut self.devices));
        // Compared on this thread, with what only this thread has.
        let stored = self.looks(|conn, _| Ok(told::Stored::read(conn))).await;
        stored.calls_are_as_told(&stories);
        stored.messages_are_as_acknowledged(&devices);
        stored.orders_are_as_answered(&self.backend);
        stored.words_are_with_those_let_in(&self.host, &people());
    }
}
