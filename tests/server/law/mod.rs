//! The law of all snapshots: an old one and the events since are a fresh one.
//!
//! People log in and out, set their status, call each other, write, read, become friends and cease to be, and change who is in a group: one act after
//! another, chosen by chance. Each of them keeps a mirror of what they were told since they came. Now and then it is held
//! against what a fresh connection of theirs is told. Half of them are on WebSockets, half on event streams.

mod person;
mod script;

use futures_util::future::join_all;

use self::{person::Person, script::Script};
use crate::{
    api::WITH_KEY,
    support::{Dice, Redis, TestServer},
};

/// Acts between two comparisons.
const ACTS: usize = 12;

/// Comparisons.
const ROUNDS: usize = 40;

/// Who leaves is gone at once, whichever way they left.
const SETTINGS: [(&str, &str); 8] = [
    WITH_KEY,
    ("limits.commands_per_second", "none"),
    ("limits.messages_per_minute", "none"),
    ("limits.calls_per_minute", "none"),
    ("limits.friend_requests_per_minute", "none"),
    ("presence.reload_grace", "1ms"),
    ("presence.leave_grace", "1ms"),
    ("calls.missed_limit", "none"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_old_snapshot_and_the_events_since_are_a_fresh_one() {
    holds(&TestServer::start_with(&SETTINGS).await).await;
}

/// Who is online is then what Redis says, and told by way of it.
#[tokio::test(flavor = "multi_thread")]
async fn and_so_they_are_where_nodes_share_a_redis() {
    let redis = Redis::start();
    // All nodes have come to it long ago.
    redis.say("SET otomo:since 1");
    let url = redis.url();
    let settings = [&SETTINGS[..], &[("redis.url", url.as_str())]].concat();
    holds(&TestServer::start_with(&settings).await).await;
}

async fn holds(server: &TestServer) {
    let dice = Dice::new("law", "OTOMO_SEED", Dice::any_seed());
    let mut script = Script::begin(server, dice).await;
    for _ in 0..ROUNDS {
        for _ in 0..ACTS {
            script.act().await;
        }
        let present = script.people.iter_mut().filter(|it| it.is_there());
        join_all(present.map(Person::is_up_to_date)).await;
    }
    println!("acts: {:?}", script.acts);
}
