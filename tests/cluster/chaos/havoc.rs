//! Lets happen what a plan says.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{task::spawn_blocking, time::sleep};

use super::{
    plan::{Fault, Plan, Side, Step, Trouble},
    repeat,
};
use crate::{harness::Cluster, support::Tunnel};

/// Lets everything fail, and be healed. How often each kind of fault came.
pub async fn run(cluster: &Arc<Cluster>, plan: &Plan) -> BTreeMap<String, usize> {
    join_all(plan.lanes.iter().map(async |steps| {
        for step in steps {
            sleep(Duration::from_millis(step.pause)).await;
            happen(cluster, *step).await;
        }
    }))
    .await;
    let mut count = BTreeMap::new();
    for step in plan.steps() {
        *count.entry(step.fault.kind()).or_default() += 1;
    }
    count
}

/// One fault, from its beginning until it is over.
async fn happen(cluster: &Arc<Cluster>, step: Step) {
    let (node, length) = (cluster.node(step.node), Duration::from_millis(step.length));
    match step.fault {
        Fault::Kill => {
            node.kill();
            sleep(length).await;
            node.restart().await;
        }
        Fault::Freeze => {
            node.freeze();
            sleep(length).await;
            node.thaw();
        }
        Fault::Forget => aside(cluster, |cluster| cluster.redis().restart_empty()).await,
        Fault::Repeat => repeat::for_a_while(&cluster.redis().url(), length).await,
        Fault::Restart => aside(cluster, |cluster| cluster.postgres().restart()).await,
        Fault::Way(side, trouble) => {
            let way = match side {
                Side::Clients => &node.ways().clients,
                Side::Redis => &node.ways().redis,
                Side::Postgres => &node.ways().postgres,
            };
            disturb(way, trouble);
            sleep(length).await;
            way.heal();
        }
    }
}

/// What blocks its thread, on one where it disturbs nobody.
async fn aside(cluster: &Arc<Cluster>, what: fn(&Cluster)) {
    let cluster = Arc::clone(cluster);
    let done = spawn_blocking(move || what(&cluster)).await;
    done.expect("no panic");
}

fn disturb(way: &Tunnel, trouble: Trouble) {
    match trouble {
        Trouble::Ends(end) => way.end(end),
        Trouble::Cut => way.cut(),
        Trouble::Flows(up, down) => way.set(up, down),
    }
}
