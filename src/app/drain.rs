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
use tokio::time::timeout_at;

use crate::{
    delivery::{farewell::Farewell, line::SessionRef},
    kernel::ids::SessionId,
    protocol::close_code::CloseCode,
    rest::Shared,
    session::drain::{Begun, Phase, Progress},
};

/// How often a draining node looks whether its calls have ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often it says what it still waits for.
const TELL_EVERY: Duration = Duration::from_secs(3);

/// How often a draining node asks whether others serve.
const ASK_EVERY: Duration = Duration::from_secs(3);

/// How long the store may take for the end of calls, beyond the limit.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// How long sessions have to take their goodbye.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(2);

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
        match send_everybody_away(&self.shared).await {
            Ended::Here => self.server.stop(true).await,
            Ended::Elsewhere => {}
        }
    }

    /// Stops at once: clients find a closed connection and come back.
    pub async fn stop(&self) {
        let Shared { gate, dispatch, .. } = &*self.shared;
        gate.drain().begin();
        gate.drain().end();
        dispatch.close_all(farewell(&self.shared, CloseCode::GoingAway));
        self.server.stop(false).await;
    }
}

/// Who ends a server that has sent everybody away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Whoever has asked for this drain.
    Here,
    /// Whoever asked before, or has stopped it since.
    Elsewhere,
}

/// Waits until nobody is cut off by the end of a server, at the latest for `server.drain_limit`, and says goodbye to all.
pub(super) async fn send_everybody_away(shared: &Shared) -> Ended {
    let Shared {
        gate,
        calls,
        dispatch,
        config,
        webhook,
        ..
    } = shared;
    if gate.drain().begin() == Begun::Before {
        log::info!("drain goes on: it was asked for before");
        return Ended::Elsewhere;
    }
    let course = Course::begin(shared, config.server.drain_limit);
    webhook.stop();
    dispatch.set_draining();
    course.bound("no new rings", calls.stop_ringing()).await;
    // An action is never sent twice: whoever asked for one that is under way must hear what came of it.
    let mut wait = course.wait(Phase::Actions, course.end);
    while wait.goes_on(webhook.is_asking()).await {}
    wait_for_calls(&course).await;
    if gate.drain().is_ending() {
        // A second signal has stopped the server.
        return Ended::Elsewhere;
    }
    course.bound("calls ended", calls.end_all()).await;
    dispatch.close_all(farewell(shared, CloseCode::Drain));
    let mut wait = course.wait(Phase::Goodbyes, Instant::now() + GOODBYE_PATIENCE);
    while wait.goes_on(gate.connections() > 0).await {}
    gate.drain().end();
    Ended::Here
}

/// Where other nodes serve, whoever has no call is sent to them meanwhile.
async fn wait_for_calls(course: &Course<'_>) {
    let mut told = HashSet::new();
    let mut others = Others::new(course.shared);
    let mut wait = course.wait(Phase::Calls, course.end);
    loop {
        if others.serve().await {
            send_away_those_without_a_call(course.shared, &mut told);
        }
        if !wait.goes_on(course.shared.calls.live_here() > 0).await {
            return;
        }
    }
}

/// Tells each of them once. Who comes out of a call is told after it.
fn send_away_those_without_a_call(shared: &Shared, told: &mut HashSet<SessionId>) {
    let Shared {
        calls, dispatch, ..
    } = shared;
    let farewell = farewell(shared, CloseCode::Drain);
    let everybody = dispatch.roster().everybody().into_iter();
    let free = everybody.filter(|(user, _)| !calls.is_live(user));
    let mut untold: Vec<SessionRef> = free
        .map(|(_, present)| present.at)
        .filter(|at| told.insert(at.session))
        .collect();
    // The roster has no order, and what happens in a simulation has the same one each time.
    untold.sort_unstable_by_key(|at| at.session);
    for at in untold {
        dispatch.send_away(at, farewell);
    }
}

fn farewell(shared: &Shared, code: CloseCode) -> Farewell {
    Farewell::new(code, REASON).spread_over(shared.config.server.drain_spread)
}

/// The other nodes, as somewhere to go.
struct Others<'a> {
    shared: &'a Shared,
    asked: Option<Instant>,
    serve: bool,
}

impl<'a> Others<'a> {
    fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            asked: None,
            serve: false,
        }
    }

    /// Whether one of them answers and stays, as it was when they were asked last: they come and go meanwhile, too.
    async fn serve(&mut self) -> bool {
        if self.asked.is_none_or(|then| then.elapsed() >= ASK_EVERY) {
            let own = self.shared.membership.node();
            let reports = self.shared.dispatch.node_reports().await;
            self.serve = reports.iter().any(|it| it.node != *own && !it.draining);
            self.asked = Some(Instant::now());
        }
        self.serve
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
        let course = Self {
            shared,
            end: Instant::now() + limit,
            progress: Progress {
                phase: Phase::Actions,
                started_at,
                limit_at: started_at + limit,
            },
        };
        shared.gate.drain().report(course.progress);
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

    /// Does something that may wait for the store, and goes on without it where that does not answer.
    async fn bound(&self, what: &str, done: impl Future<Output = ()>) {
        let end = self.end.max(Instant::now()) + STORE_PATIENCE;
        if timeout_at(end, done).await.is_err() {
            log::error!("drain goes on without an answer of the store outcome={what:?}");
        }
    }

    fn wait(&self, phase: Phase, end: Instant) -> Wait<'_> {
        let progress = Progress {
            phase,
            ..self.progress
        };
        self.shared.gate.drain().report(progress);
        let begun = Instant::now();
        Wait {
            course: self,
            phase,
            end,
            begun,
            told: begun,
        }
    }

    /// How many connections and calls there are still.
    fn left(&self) -> (usize, usize) {
        (
            self.shared.gate.connections(),
            self.shared.calls.live_here(),
        )
    }
}

/// One of the waits of a drain, and what the log hears of it.
struct Wait<'a> {
    course: &'a Course<'a>,
    phase: Phase,
    end: Instant,
    begun: Instant,
    told: Instant,
}

impl Wait<'_> {
    /// Lets a moment pass. Returns whether it is to go on: there was something to wait for, and there is time for it.
    async fn goes_on(&mut self, is_open: bool) -> bool {
        let now = Instant::now();
        let Self { phase, begun, .. } = self;
        let (connections, calls) = self.course.left();
        let left = self.end.saturating_duration_since(now).as_millis();
        let is_stopped = self.course.shared.gate.drain().is_ending();
        if !is_open || is_stopped || now >= self.end {
            let took = begun.elapsed().as_millis();
            log::info!(
                "drain has waited phase={phase} connections={connections} calls={calls} took_ms={took} left_ms={left}"
            );
            return false;
        }
        if now - self.told >= TELL_EVERY {
            self.told = now;
            log::info!(
                "drain waits phase={phase} connections={connections} calls={calls} left_ms={left}"
            );
        }
        sleep(LOOK_EVERY).await;
        true
    }
}
