//! What fails, in random order.

use std::{sync::Arc, time::Duration};

use tokio::{task::block_in_place, time::sleep};

use super::Scale;
use crate::{harness::Cluster, support::Dice};

/// Between two faults, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 500..2_500;

/// Something that fails.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// `kill -9` of a node, which is started again after a while.
    Kill,
    /// A node is frozen for longer than its lease.
    Freeze,
    /// Redis is started again, empty.
    Forget,
    /// No node reaches Redis.
    Cut,
    /// PostgreSQL is restarted.
    Restart,
}

impl Fault {
    const ALL: [Self; 5] = [
        Self::Kill,
        Self::Freeze,
        Self::Forget,
        Self::Cut,
        Self::Restart,
    ];
}

/// The faults of one run.
pub struct Havoc {
    cluster: Arc<Cluster>,
    faults: Vec<Fault>,
    freeze: Duration,
    outage: Duration,
    dice: Dice,
}

impl Havoc {
    pub fn new(cluster: &Arc<Cluster>, scale: &Scale, mut dice: Dice) -> Self {
        let mut faults = Fault::ALL.repeat(scale.each);
        dice.shuffle(&mut faults);
        Self {
            cluster: Arc::clone(cluster),
            faults,
            freeze: scale.freeze,
            outage: scale.outage,
            dice,
        }
    }

    /// Lets everything fail, and be healed.
    pub async fn run(mut self) {
        for fault in std::mem::take(&mut self.faults) {
            self.pause().await;
            let node = self.cluster.node(self.dice.below(3));
            println!("{fault:?} ({})", node.name());
            match fault {
                Fault::Kill => {
                    node.kill();
                    let away = self.freeze.mul_f64(0.25 * self.dice.below(7) as f64);
                    sleep(away).await;
                    node.restart().await;
                }
                Fault::Freeze => {
                    node.freeze();
                    sleep(self.freeze).await;
                    node.thaw();
                }
                Fault::Forget => block_in_place(|| self.cluster.redis().restart_empty()),
                Fault::Cut => {
                    self.cluster.redis().cut();
                    sleep(self.outage).await;
                    self.cluster.redis().heal();
                }
                Fault::Restart => block_in_place(|| self.cluster.postgres().restart()),
            }
        }
        self.pause().await;
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.dice.within(PAUSE_MS))).await;
    }
}
