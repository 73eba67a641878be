//! The ledger under fire: 32 who grant and 32 who consume, on 8 accounts, over HTTP, while the server is killed and started
//! again on the same file. Afterwards no balance was ever negative, every balance is the sum of its transactions, every
//! acknowledged order was carried out exactly once and every refused one not at all, and each account's owner was told
//! every change, once and in its order.
//!
//! Whoever has no answer sends the same order again, with the same key, until there is one. Some orders are sent twice at
//! once, and some that are done are sent again: those have the first answer. The owners listen on WebSockets that break with
//! the server, and now and then by themselves, and resume with `lastSeq`.
//!
//! - [`backend`]: one who orders. [`owner`]: one who listens. [`books`]: what must hold at the end.
//!
//! Chance comes from a seed that is printed; `OTOMO_LEDGER_SEED` repeats it.

mod backend;
mod books;
mod owner;

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet, time::timeout};

use self::{
    backend::{Answer, Backend},
    owner::Owner,
};
use crate::{
    api::WITH_KEY,
    support::{Dice, Process, steady_port},
};

const ACCOUNTS: usize = 8;
const BACKENDS: usize = 64;

const SETTINGS: [(&str, &str); 3] = [
    WITH_KEY,
    ("server.workers", "2"),
    // A listener that falls behind is to find everything.
    ("inbox.max_events", "none"),
];

fn account(number: usize) -> String {
    format!("account-{number}")
}

fn asked(variable: &str, otherwise: usize) -> usize {
    let asked = std::env::var(variable).ok();
    asked.map_or(otherwise, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_holds_under_fire() {
    let operations = asked("OTOMO_LEDGER_OPERATIONS", 4_000);
    let kills = asked("OTOMO_LEDGER_KILLS", 3);
    let limit = Duration::from_secs(asked("OTOMO_LEDGER_SECONDS", 240) as u64);
    let mut dice = Dice::new("ledger", "OTOMO_LEDGER_SEED", Dice::any_seed());
    let listen = format!("127.0.0.1:{}", steady_port());
    let settings = [&SETTINGS[..], &[("server.listen", &listen)]].concat();
    let server = Process::start_with(&settings).await;
    let burning = burn(server, operations, kills, &mut dice);
    let (server, answers, owners) = timeout(limit, burning).await.expect("it ends in time");
    books::balance(&server, &answers, &owners);
}

/// Runs it all to its end.
async fn burn(
    mut server: Process,
    operations: usize,
    kills: usize,
    dice: &mut Dice,
) -> (Process, Vec<Answer>, Vec<Owner>) {
    let answered = Arc::new(watch::Sender::new(0));
    let mut backends = JoinSet::new();
    for number in 0..BACKENDS {
        let backend = Backend::new(server.way_in(), number, dice.fork());
        backends.spawn(backend.run(operations.div_ceil(BACKENDS), Arc::clone(&answered)));
    }
    let (expected, _) = watch::channel(None);
    let mut owners = JoinSet::new();
    for number in 0..ACCOUNTS {
        let owner = Owner::new(server.way_in(), account(number), dice.fork());
        owners.spawn(owner.listen(expected.subscribe()));
    }
    let kills = async {
        for kill in 1..=kills {
            let mut answered = answered.subscribe();
            let count = operations * kill / (kills + 1);
            let enough = answered.wait_for(|it| *it >= count);
            enough.await.expect("the run goes on");
            server = server.kill_and_restart().await;
        }
        server
    };
    let (server, answers) = tokio::join!(kills, all(backends));
    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    // Now it is known how much each owner is to hear.
    expected.send_replace(Some(Arc::new(books::changes(&answers))));
    let owners = all(owners).await;
    (server, answers, owners)
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
