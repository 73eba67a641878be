//! People write and read while their connections break and the server dies: what was acknowledged is with everybody,
//! once, in order, and unread counts are right.
//!
//! 20 writers and 200 readers in 40 conversations, half on WebSockets, half on event streams. Every connection is cut
//! again and again: reset, reset in the middle of a command, or left in a dead spot. The server is killed and started
//! again on the same file and port. Writers send again what has no answer, with the same `clientMessageId`. When
//! everything is acknowledged the cuts end, and each person listens until they have what a fresh connection tells of.
//!
//! - [`world`]: people, conversations, what is to be written. [`person`]: one person's run. [`cut`]: how connections break.
//! - [`outgoing`]: what a person sends. [`received`]: what they receive, checked as it comes. [`checks`]: at the end.
//! - [`progress`]: how large the run is, and how far it has come.
//!
//! Chance comes from a seed that is printed; `OTOMO_CHAT_SEED` repeats it.

mod checks;
mod cut;
mod outgoing;
mod person;
mod progress;
mod received;
mod world;

use std::sync::Arc;

use otomo::kernel::identity::Role;
use tokio::{task::JoinSet, time::timeout};

use self::{
    outgoing::Outgoing,
    person::{Person, Run},
    progress::{Progress, Scale},
    world::World,
};
use crate::{
    api::WITH_KEY,
    support::{Dial, Dice, Process, Transport, steady_port},
};

/// People who are cut off in the middle of a command send many; streams end by themselves, too.
const SETTINGS: [(&str, &str); 7] = [
    WITH_KEY,
    ("limits.commands_per_second", "none"),
    ("limits.messages_per_minute", "none"),
    ("limits.protocol_errors", "none"),
    ("limits.connections_per_user", "none"),
    ("sse.max_age", "2s"),
    ("server.workers", "2"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_with_everybody_once_and_in_order() {
    let scale = Scale::asked();
    let mut dice = Dice::new("chaos", "OTOMO_CHAT_SEED", Dice::any_seed());
    let listen = format!("127.0.0.1:{}", steady_port());
    let settings = [&SETTINGS[..], &[("server.listen", &listen)]].concat();
    let server = Process::start_with(&settings).await;
    let world = World::create(&server, &scale, &mut dice).await;
    let ended = timeout(scale.limit, chaos(server, &world, &scale, &mut dice));
    let (_server, runs) = ended.await.expect("the run ends in time");
    checks::everybody_got_what_was_acknowledged(&world, &runs);
    let sum = |of: fn(&Run) -> usize| runs.iter().map(of).sum::<usize>();
    println!(
        "{} messages, {} connections, {} snapshots compared",
        world.messages,
        sum(|run| run.connections),
        sum(|run| run.received.agreed)
    );
}

async fn chaos(
    mut server: Process,
    world: &World,
    scale: &Scale,
    dice: &mut Dice,
) -> (Process, Vec<Run>) {
    let progress = Arc::new(Progress::new());
    let mut runs = JoinSet::new();
    for (number, name) in world.people.iter().enumerate() {
        let transport = Transport::ALL[number % 2];
        let mut dial = Dial::new(server.way_in(), name, Role::User, transport);
        dial.path = "/api/chat/sse";
        let person = Person {
            progress: Arc::clone(&progress),
            dial,
            outgoing: Outgoing::new(world.drafts(number, scale, dice)),
            dice: dice.fork(),
            reads: dice.one_in(3),
        };
        runs.spawn(async move { (number, person.run().await) });
    }
    let kills = async {
        for kill in 1..=scale.kills {
            let count = world.messages * kill / (scale.kills + 1);
            progress.acknowledged(count).await;
            server = server.kill_and_restart().await;
        }
        progress.acknowledged(world.messages).await;
        progress.calm.send_replace(true);
        server
    };
    let (server, mut runs) = tokio::join!(kills, all(runs));
    runs.sort_by_key(|(number, _)| *number);
    (server, runs.into_iter().map(|(_, run)| run).collect())
}

/// Waits for all tasks; the first one that fails fails the test.
async fn all<T: 'static>(mut tasks: JoinSet<T>) -> Vec<T> {
    let mut done = Vec::new();
    while let Some(next) = tasks.join_next().await {
        match next {
            Ok(it) => done.push(it),
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
    done
}
