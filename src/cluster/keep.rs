//! What a node does to stay one, and for those that did not.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use actix_rt::time::{Instant, sleep, sleep_until};

use super::{
    Membership, Shared, join,
    records::{self, Node},
    rules::Renewal,
};
use crate::{
    delivery::{dispatch::Dispatch, farewell::Farewell},
    kernel::logging::chain,
    protocol::close_code::CloseCode,
    store::{StoreError, Writer},
};

/// What clients of a node are told that has to join again.
const REASON: &str = "the server was away for too long; connect again";

/// How long a node that has to join again waits for its sessions to be gone.
const GOODBYE: Duration = Duration::from_secs(2);

/// How often it looks whether they are.
const LOOK: Duration = Duration::from_millis(20);

/// Attempts in one term of the lease to reach a store that is away.
const ATTEMPTS: u32 = 15;

impl Membership {
    pub(super) async fn renew_for_ever(&self, dispatch: &Dispatch) -> Infallible {
        let lease = self.0.settings.lease;
        loop {
            if !self.is_current() {
                self.join_again(dispatch).await;
            }
            let asked = Instant::now();
            let pause = match self.renew(dispatch).await {
                Renewal::Held => {
                    self.0.renewed.notify_one();
                    lease / 3
                }
                Renewal::Away => lease / ATTEMPTS,
                Renewal::Taken => continue,
            };
            sleep_until(asked + pause).await;
        }
    }

    /// Looks after each renewal who there is, beside it: what that takes must not hold up the next.
    pub(super) async fn look_for_ever(&self) -> Infallible {
        loop {
            self.0.renewed.notified().await;
            self.look_around().await;
        }
    }

    /// A sign of life.
    async fn renew(&self, dispatch: &Dispatch) -> Renewal {
        let Shared {
            settings,
            standing,
            store,
            ..
        } = &*self.0;
        let (name, epoch, lease) = (settings.name.clone(), self.epoch(), settings.lease);
        if !settings.shared && dispatch.roster().users() == 0 {
            // While nobody is online nobody can be left behind, and nobody else asks.
            return Renewal::Held;
        }
        let asked = standing.elapsed();
        let mut renewal =
            pin!(store.write_apart(move |tx| records::renew(tx, &name, epoch, lease)));
        let answer = loop {
            tokio::select! {
                biased;
                answer = &mut renewal => break answer,
                () = sleep(lease / 3) => self.answered(asked, Renewal::Away),
            }
        };
        let answer = match answer {
            Ok(true) => Renewal::Held,
            Ok(false) => Renewal::Taken,
            Err(fault) => {
                let fault: StoreError = fault;
                log::warn!("sign of life not stored cause={}", chain(&fault));
                Renewal::Away
            }
        };
        self.answered(asked, answer);
        answer
    }

    fn answered(&self, asked: Duration, renewal: Renewal) {
        let standing = &self.0.standing;
        let tenure = &mut self.life().tenure;
        tenure.answered(asked, standing.elapsed(), renewal);
        standing.set(tenure.until());
    }

    /// Looks who there is, and settles the affairs of those that have died.
    async fn look_around(&self) {
        let Some(nodes) = self.refresh().await else {
            return;
        };
        let (shared, now) = (&*self.0, self.0.store.now());
        let may_settle = self.life().tenure.may_settle(shared.standing.elapsed());
        if !shared.settings.shared || !may_settle {
            return;
        }
        for dead in nodes.iter().filter(|it| it.row.is_left_behind(now)) {
            self.settle(dead).await;
        }
    }

    async fn settle(&self, dead: &Node) {
        let (settings, name, epoch) = (
            self.0.settings.clone(),
            dead.row.name.clone(),
            dead.row.epoch,
        );
        let settled = self.0.store.write_apart(move |tx| {
            if !records::claim(tx, &name, epoch)? {
                return Ok(None);
            }
            join::settle(tx, &settings, &name).map(Some)
        });
        match settled.await {
            Ok(None) => {}
            Ok(Some(users)) => {
                self.0.metrics.nodes.settled.inc();
                log::warn!(
                    "node has died node={} epoch={epoch} users={users}",
                    dead.row.name
                );
                self.0.settled.send_modify(|count| *count += 1);
            }
            Err(fault) => {
                let fault: StoreError = fault;
                let (node, cause) = (&dead.row.name, chain(&fault));
                log::warn!("what a dead node left is not settled yet node={node} cause={cause}");
            }
        }
    }

    pub(super) async fn refresh(&self) -> Option<Arc<[Node]>> {
        let nodes = match self.0.nodes.refresh().await {
            Ok(nodes) => nodes,
            Err(fault) => {
                log::warn!("nodes not read cause={}", chain(&fault));
                return None;
            }
        };
        let now = self.0.store.now();
        let alive = nodes.iter().filter(|it| it.row.is_alive(now)).count();
        let settings = &self.0.settings;
        self.0
            .metrics
            .nodes
            .alive
            .set(i64::try_from(alive).unwrap_or(i64::MAX));
        if alive > 1 && settings.shared && !settings.linked {
            log::error!(
                "other nodes serve this database and are not heard: set redis.url nodes={alive}"
            );
        }
        Some(nodes)
    }

    /// The lease was over: nothing that this node believes counts any more.
    async fn join_again(&self, dispatch: &Dispatch) {
        let Shared {
            store,
            settings,
            standing,
            metrics,
            ..
        } = &*self.0;
        let before = self.epoch();
        log::error!(
            "node was away for longer than its lease and joins again node={} epoch={before} users={}",
            settings.name,
            dispatch.roster().users()
        );
        metrics.nodes.expired.inc();
        store.write_as(Writer::Nobody);
        standing.set(Duration::ZERO);
        dispatch.close_all(Farewell::new(CloseCode::Drain, REASON));
        let end = Instant::now() + GOODBYE;
        while dispatch.roster().users() > 0 && Instant::now() < end {
            sleep(LOOK).await;
        }
        loop {
            match join::join(store, settings, standing, Some(before)).await {
                Ok(joined) => {
                    self.begin_life(&joined);
                    break self.announce(dispatch.backplane());
                }
                Err(fault) => log::error!("node could not join again cause={}", chain(&fault)),
            }
            sleep(settings.lease / ATTEMPTS).await;
        }
    }
}
