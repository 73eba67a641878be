//! People call and write over three nodes while nodes die and freeze, Redis loses its memory or is out of reach, and PostgreSQL
//! is restarted: afterwards everything is as the rules say.
//!
//! Callers, otomo and those who only write come to a random node, stay for a while, lose the connection in one way or another,
//! and come back to another node. Faults of all kinds come one after another in random order. Then everything is healed, calls
//! are hung up, what has no acknowledgement is sent again, and each person listens until they have what a fresh connection
//! tells of.
//!
//! - [`world`]: people, conversations, what is to be written. [`person`]: one person's run. [`phone`]: their calls.
//! - [`havoc`]: the faults. `cut`: how connections break, `outgoing` and `received`: what a person sends and gets, checked as it
//!   comes; these are those of the chat's own chaos.
//! - `checks`: everybody has what was acknowledged. [`ledger`]: what is stored. [`presence`]: who is there.
//!
//! Chance comes from a seed that is printed; `OTOMO_FAULTS_SEED` repeats it. `scripts/test long faults` has leases, freezes and
//! outages of real lengths.

#[path = "../../server/chat/chaos/checks.rs"]
mod checks;
#[path = "../../server/chat/chaos/cut.rs"]
mod cut;
mod havoc;
mod ledger;
#[path = "../../server/chat/chaos/outgoing.rs"]
#[allow(dead_code, reason = "shared with the chat's own chaos")]
mod outgoing;
mod person;
mod phone;
mod presence;
#[path = "../../server/chat/chaos/received.rs"]
mod received;
mod world;

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet, time::timeout};

use self::{
    havoc::Havoc,
    person::{Person, Run},
    world::World,
};
use crate::{
    harness::Cluster,
    support::{Dice, Transport, within},
};

/// How large a run is.
pub struct Scale {
    /// How often each kind of fault comes.
    each: usize,
    /// Messages of each person.
    messages: usize,
    /// How long a node is frozen, longer than its lease; how long Redis is out of reach.
    freeze: Duration,
    outage: Duration,
    /// A lease, as it is configured.
    lease: &'static str,
    /// In what time everything is right after the last fault.
    healing: Duration,
    /// The run fails if it takes longer.
    limit: Duration,
}

impl Scale {
    fn asked() -> Self {
        match std::env::var("OTOMO_FAULTS_LONG").is_ok() {
            false => Self {
                each: 1,
                messages: 30,
                freeze: Duration::from_secs(4),
                outage: Duration::from_secs(4),
                lease: "2s",
                healing: Duration::from_secs(15),
                limit: Duration::from_secs(240),
            },
            true => Self {
                each: 2,
                messages: 300,
                freeze: Duration::from_secs(20),
                outage: Duration::from_secs(30),
                lease: "15s",
                healing: Duration::from_secs(75),
                limit: Duration::from_secs(1_200),
            },
        }
    }
}

/// How far the run has come, shared by everybody.
pub struct Progress {
    /// Whether there are no more faults: everybody comes to an end.
    calm: watch::Sender<bool>,
    /// How many people have something to say yet.
    talking: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_everything_is_as_it_should_be_once_it_is_healed() {
    let scale = Scale::asked();
    let mut dice = Dice::new("faults", "OTOMO_FAULTS_SEED", Dice::any_seed());
    let leases = [
        ("cluster.lease", scale.lease),
        ("presence.lease", scale.lease),
    ];
    let cluster = Arc::new(Cluster::start_apart(3, &leases).await);
    let world = World::create(&cluster, &mut dice).await;
    let ended = timeout(scale.limit, run(&cluster, &world, &scale, &mut dice));
    let mut runs = ended.await.expect("the run ends in time");
    checks::everybody_got_what_was_acknowledged(&world, &runs);
    ledger::agrees(&cluster, &runs, scale.healing).await;
    presence::is_right(&cluster, &world, &mut runs, scale.healing).await;
    let sum = |of: fn(&Run) -> usize| runs.iter().map(of).sum::<usize>();
    println!(
        "{} messages, {} connections, {} calls, {} of them answered",
        sum(|run| run.outgoing.sent.len()),
        sum(|run| run.connections),
        sum(|run| run.phone.requested()),
        sum(|run| run.phone.answered()),
    );
}

async fn run(cluster: &Arc<Cluster>, world: &World, scale: &Scale, dice: &mut Dice) -> Vec<Run> {
    let progress = Arc::new(Progress {
        calm: watch::Sender::new(false),
        talking: AtomicUsize::new(world.people.len()),
    });
    let mut runs = JoinSet::new();
    for number in 0..world.people.len() {
        let transport = Transport::ALL[number % 2];
        let person = Person::new(cluster, world, number, transport, &progress, scale, dice);
        runs.spawn(async move { (number, person.run().await) });
    }
    let havoc = async {
        Havoc::new(cluster, scale, dice.fork()).run().await;
        for node in cluster.nodes() {
            within(scale.healing, "the node is ready", async || {
                node.readiness().await.0 == 200
            })
            .await;
        }
        println!("all is healed");
        progress.calm.send_replace(true);
    };
    let (runs, ()) = tokio::join!(all(&mut runs), havoc);
    runs
}

/// Waits for all tasks; the first one that fails fails the test.
async fn all(runs: &mut JoinSet<(usize, Run)>) -> Vec<Run> {
    let mut done = Vec::new();
    while let Some(next) = runs.join_next().await {
        match next {
            Ok(run) => done.push(run),
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, run)| run).collect()
}
