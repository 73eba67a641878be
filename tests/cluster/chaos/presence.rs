//! Who is there at the end: the same on every node, and right.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use otomo::kernel::identity::Role;
use tokio::time::{sleep, timeout};

use super::{person::Run, world::World};
use crate::{
    api::Api,
    harness::{Cluster, Node},
    support::{Json, Line, field, within},
};

/// Between two looks at a node.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What a newcomer to a node is told of the otomo of the run.
async fn listed(node: &Node, due: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut watcher = node.connecting("passer-by", Role::User).open().await;
    let snapshot = watcher.expect("otomo_status_snapshot").await;
    let entries = snapshot["otomos"].as_array().expect("a list").iter();
    let entry = |it: &Json| {
        (
            field(it, "userId").to_owned(),
            field(it, "status").to_owned(),
        )
    };
    let all = entries.map(entry);
    all.filter(|(otomo, _)| due.contains_key(otomo)).collect()
}

/// What admins are told of an otomo's status.
async fn why(node: &Node, otomo: &str) -> String {
    let admin = Api::of(node, "admin", Role::Admin);
    let reply = admin.get(&format!("/admin/api/otomo/{otomo}/why")).await;
    reply.text
}

/// What a newcomer to a node is told of those with whom somebody writes.
async fn partners(node: &Node, who: &str, role: Role) -> Json {
    let mut device = node.connecting(who, role).open().await;
    device.expect("friend_status_snapshot").await["statuses"].clone()
}

/// Everybody is still there. Half of them leave; everybody else is right about all of them, on every node.
pub async fn is_right(cluster: &Cluster, world: &World, runs: &mut [Run], healing: Duration) {
    let everybody: BTreeSet<String> = world.people.iter().cloned().collect();
    agreed(cluster, world, runs, &everybody, healing).await;
    let mut left = everybody;
    let leaving: BTreeSet<String> = left.iter().step_by(2).cloned().collect();
    for run in runs.iter_mut().filter(|run| leaving.contains(&run.name)) {
        left.remove(&run.name);
        match run.line.take().expect("they are there") {
            Line::Socket(client) => client.log_out().await,
            Line::Stream(stream, _) => stream.leave(),
        }
    }
    agreed(cluster, world, runs, &left, healing).await;
}

async fn agreed(
    cluster: &Cluster,
    world: &World,
    runs: &[Run],
    there: &BTreeSet<String>,
    healing: Duration,
) {
    let due: BTreeMap<String, String> = world
        .otomo()
        .into_iter()
        .map(|otomo| {
            let status = match there.contains(&otomo) {
                true => "online",
                false => "offline",
            };
            (otomo, status.to_owned())
        })
        .collect();
    for node in cluster.nodes() {
        let mut seen = BTreeMap::new();
        let looking = async {
            loop {
                seen = listed(node, &due).await;
                if seen == due {
                    return;
                }
                sleep(LOOK_AGAIN).await;
            }
        };
        if timeout(healing, looking).await.is_err() {
            let wrong = seen
                .iter()
                .filter(|(otomo, status)| due[*otomo] != **status);
            for (otomo, status) in wrong {
                println!("  {otomo} is {status}: {}", why(node, otomo).await);
            }
            panic!("{} says {seen:?}, not {due:?}", node.name());
        }
        // Somebody who stays, with whom others write.
        let Some(run) = runs
            .iter()
            .find(|run| there.contains(&run.name) && run.name.contains("other"))
        else {
            continue;
        };
        within(
            healing,
            &format!("{} knows of {}'s partners", node.name(), run.name),
            async || {
                let statuses = partners(node, &run.name, Role::User).await;
                let mut statuses = statuses.as_object().expect("an object").iter();
                statuses.all(|(who, online)| *online == there.contains(who))
            },
        )
        .await;
    }
}
