//! People write and read while their connections break and the server dies: what was acknowledged is with everybody,
//! once, in order, and unread counts are right.
//!
//! 20 writers and 200 readers in 40 conversations, half on WebSockets, half on event streams. Every connection is cut
//! again and again: reset, reset in the middle of a command, or left in a dead spot. The server is killed and started
//! again on the same file and port. Writers send again what has no answer, with the same `clientMessageId`. When
//! everything is acknowledged the cuts end, and each person listens until they have what a fresh connection tells of.
//!
//! What is checked while it runs is in [`diary`], what at the end in [`verdict`]. Whom chance meets comes from a seed that
//! is printed; `OTOMO_CHAOS_SEED` repeats it, [`story::Scale`] has what makes it longer.

mod cut;
mod desk;
mod diary;
mod person;
mod story;
mod town;
mod verdict;

use std::sync::Arc;

use otomo::kernel::identity::Role;
use tokio::{task::JoinSet, time::timeout};

use self::{
    desk::Desk,
    person::{Life, Person},
    story::{Scale, Story},
    town::Town,
};
use crate::{
    api::WITH_KEY,
    support::{Dial, Dice, Process, Way, steady_port},
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
    let mut dice = Dice::new("chaos", "OTOMO_CHAOS_SEED", Dice::any_seed());
    let listen = format!("127.0.0.1:{}", steady_port());
    let settings = [&SETTINGS[..], &[("server.listen", &listen)]].concat();
    let server = Process::start_with(&settings).await;
    let town = Town::found(&server, &scale, &mut dice).await;
    let told = timeout(scale.limit, chaos(server, &town, &scale, &mut dice));
    let (_server, lives) = told.await.expect("the story comes to its end in time");
    verdict::everybody_got_what_was_acknowledged(&town, &lives);
    let sum = |of: fn(&Life) -> usize| lives.iter().map(of).sum::<usize>();
    println!(
        "{} messages, {} connections, {} snapshots compared",
        town.messages,
        sum(|life| life.connections),
        sum(|life| life.diary.agreed)
    );
}

async fn chaos(
    mut server: Process,
    town: &Town,
    scale: &Scale,
    dice: &mut Dice,
) -> (Process, Vec<Life>) {
    let story = Arc::new(Story::new());
    let mut lives = JoinSet::new();
    for (number, name) in town.people.iter().enumerate() {
        let way = Way::ALL[number % 2];
        let mut dial = Dial::new(server.way_in(), name, Role::User, way);
        dial.path = "/api/chat/sse";
        let person = Person {
            story: Arc::clone(&story),
            dial,
            desk: Desk::with(town.drafts(number, scale, dice)),
            dice: dice.fork(),
            reads: dice.one_in(3),
        };
        lives.spawn(async move { (number, person.live().await) });
    }
    let story_of_the_server = async {
        for kill in 1..=scale.kills {
            let count = town.messages * kill / (scale.kills + 1);
            story.acknowledged(count).await;
            server = server.kill_and_restart().await;
        }
        story.acknowledged(town.messages).await;
        story.calm.send_replace(true);
        server
    };
    let (server, mut lives) = tokio::join!(story_of_the_server, all(lives));
    lives.sort_by_key(|(number, _)| *number);
    (server, lives.into_iter().map(|(_, life)| life).collect())
}

/// Waits for all; the first one that fails fails the story.
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
