//! Stopping without cutting anybody off.
//!
//! ```text
//!   readiness says 503, the gate lets in only participants of live calls
//!   -> no new rings, no new actions -> actions under way are answered
//!   -> live calls that have people here end, or are ended at `server.drain_limit`
//!      (where other nodes serve, everybody without a call is closed meanwhile: 4200, come back)
//!   -> the rest is closed, HTTP finishes, the store commits what it took
//! ```
//! A node that is alone keeps everybody until its calls are over: there is nowhere else to go, and whoever is away for longer
//! than their grace is shown as offline. Each client is told a time of its own to come back, over `server.drain_spread`, and
//! counts as there for that much longer.
//!
//! What is waited for, and for how many, is in the log: every [`TELL_EVERY`] and when a phase ends. The same can be asked
//! for ([`crate::session::drain`]).

use std::{collections::HashSet, sync::Arc, time::Duration};

use actix_rt::time::{Instant, sleep};
use actix_server::ServerHandle;

use crate::{
    delivery::farewell::Farewell,
    kernel::ids::SessionId,
    protocol::close_code::CloseCode,
    rest::Shared,
    session::drain::{Begun, Phase, Progress},
};

/// How often a draining node looks whether its calls have ended.
const LOOK: Duration = Duration::from_millis(50);

/// How often it says what it still waits for.
const TELL_EVERY: Duration = Duration::from_secs(3);

/// How long sessions have to take their goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// What clients are told.
const REASON: &str = "the server restarts; connect again";

/// Makes a server's [`App::run`](super::App::run) return, which does what is left to do.
#[derive(Clone)]
pub struct Stopper {
    server: ServerHandle,
    shared: Arc<Shared>,
}

impl Stopper {
    pub(super) fn new(server: ServerHandle, shared: Arc<Shared>) -> Self {
        Self { server, shared }
    }

    /// Stops as soon as nobody is cut off by it, at the latest after `server.drain_limit`. Asked again, it goes on with what
    /// it has begun.
    pub async fn drain(&self) {
        let Shared {
            gate,
            calls,
            dispatch,
            config,
            webhook,
            ..
        } = &*self.shared;
        if gate.drain().begin() == Begun::Before {
            return log::info!("drain goes on: it was asked for before");
        }
        let limit = config.server.drain_limit;
        let course = Course::begin(&self.shared, limit);
        webhook.stop();
        calls.stop_ringing().await;
        // An action is never sent twice: whoever asked for one that is under way must hear what came of it.
        let end = course.end;
        let nothing = || ();
        course
            .wait(Phase::Actions, end, || webhook.is_asking(), nothing)
            .await;
        let others_serve = self.others_serve().await;
        let mut sent_away = HashSet::new();
        let send_away = || {
            if others_serve {
                self.send_away_those_without_a_call(&mut sent_away);
            }
        };
        course
            .wait(Phase::Calls, end, || calls.live_here() > 0, send_away)
            .await;
        calls.end_all().await;
        dispatch.close_all(self.farewell(CloseCode::Drain));
        let end = Instant::now() + GOODBYE;
        course
            .wait(Phase::Goodbyes, end, || gate.connections() > 0, nothing)
            .await;
        course.report(Phase::End);
        self.server.stop(true).await;
    }

    /// Stops at once: clients find a closed connection and come back.
    pub async fn stop(&self) {
        self.shared.gate.drain().begin();
        let farewell = self.farewell(CloseCode::GoingAway);
        self.shared.dispatch.close_all(farewell);
        self.server.stop(false).await;
    }

    fn farewell(&self, code: CloseCode) -> Farewell {
        Farewell::new(code, REASON).spread_over(self.shared.config.server.drain_spread)
    }

    /// Whether there is another node to which clients can go. One that cannot tell sends nobody away before it must.
    async fn others_serve(&self) -> bool {
        let Shared {
            membership, store, ..
        } = &*self.shared;
        match membership.nodes().refresh().await {
            Ok(nodes) => {
                let now = store.now();
                let mut others = nodes.iter().filter(|it| it.row.name != *membership.node());
                others.any(|other| other.row.is_alive(now))
            }
            Err(_) => false,
        }
    }

    /// Tells each of them once. Who comes out of a call is told after it.
    fn send_away_those_without_a_call(&self, told: &mut HashSet<SessionId>) {
        let Shared {
            calls, dispatch, ..
        } = &*self.shared;
        let farewell = self.farewell(CloseCode::Drain);
        for (user, present) in dispatch.roster().everybody() {
            if !calls.is_live(&user) && told.insert(present.at.session) {
                dispatch.send_away(present.at, farewell);
            }
        }
    }
}

/// The course of one drain.
struct Course<'a> {
    shared: &'a Shared,
    /// When calls that go on are ended.
    end: Instant,
    progress: Progress,
}

impl<'a> Course<'a> {
    fn begin(shared: &'a Shared, limit: Duration) -> Self {
        let started_at = shared.store.now();
        let progress = Progress {
            phase: Phase::Actions,
            started_at,
            limit_at: started_at + limit,
        };
        let course = Self {
            shared,
            end: Instant::now() + limit,
            progress,
        };
        course.report(Phase::Actions);
        let (connections, calls) = course.left();
        let (limit, spread) = (
            limit.as_millis(),
            shared.config.server.drain_spread.as_millis(),
        );
        log::info!(
            "drain begins connections={connections} calls={calls} limit_ms={limit} spread_ms={spread}"
        );
        course
    }

    fn report(&self, phase: Phase) {
        let progress = Progress {
            phase,
            ..self.progress
        };
        self.shared.gate.drain().report(progress);
    }

    /// Waits while there is something to wait for, until `end`, and says how it goes.
    async fn wait(
        &self,
        phase: Phase,
        end: Instant,
        is_open: impl Fn() -> bool,
        mut at_each_look: impl FnMut(),
    ) {
        self.report(phase);
        let begun = Instant::now();
        let mut told = begun;
        loop {
            at_each_look();
            if !is_open() || Instant::now() >= end {
                break;
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                let (connections, calls) = self.left();
                let left = end.saturating_duration_since(told).as_millis();
                log::info!(
                    "drain waits phase={phase} connections={connections} calls={calls} left_ms={left}"
                );
            }
            sleep(LOOK).await;
        }
        let (connections, calls) = self.left();
        let took = begun.elapsed().as_millis();
        let left = end.saturating_duration_since(Instant::now()).as_millis();
        log::info!(
            "drain has waited phase={phase} connections={connections} calls={calls} took_ms={took} left_ms={left}"
        );
    }

    /// How many connections and calls there are still.
    fn left(&self) -> (usize, usize) {
        (
            self.shared.gate.connections(),
            self.shared.calls.live_here(),
        )
    }
}
