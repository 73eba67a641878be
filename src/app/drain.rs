//! Stopping without cutting anybody off.
//!
//! ```text
//!   readiness says 503, the gate lets in only participants of live calls
//!   -> no new rings, no new actions -> actions under way are answered
//!   -> everybody without a call is closed (4200, come back now)
//!   -> live calls that have people here end, or are ended at `server.drain_limit`
//!   -> the rest is closed, HTTP finishes, the store commits what it took
//! ```

use std::{sync::Arc, time::Duration};

use actix_rt::time::{Instant, sleep};
use actix_server::ServerHandle;

use crate::{protocol::close_code::CloseCode, rest::Shared};

/// How often a draining node looks whether its calls have ended.
const LOOK: Duration = Duration::from_millis(50);

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

    /// Stops as soon as nobody is cut off by it, at the latest after `server.drain_limit`.
    pub async fn drain(&self) {
        let Shared {
            gate,
            calls,
            dispatch,
            config,
            webhook,
            ..
        } = &*self.shared;
        let limit = config.server.drain_limit;
        log::info!(
            "drain begins connections={} limit_ms={}",
            gate.connections(),
            limit.as_millis()
        );
        webhook.stop();
        gate.drain();
        calls.stop_ringing().await;
        let end = Instant::now() + limit;
        // An action is never sent twice: whoever asked for one that is under way must hear what came of it.
        while webhook.is_asking() && Instant::now() < end {
            sleep(LOOK).await;
        }
        self.close_those_without_a_call();
        while calls.live_here() > 0 && Instant::now() < end {
            sleep(LOOK).await;
        }
        calls.end_all().await;
        dispatch.close_all(CloseCode::Drain, REASON);
        let end = Instant::now() + GOODBYE;
        while gate.connections() > 0 && Instant::now() < end {
            sleep(LOOK).await;
        }
        log::info!("drain ends connections={}", gate.connections());
        self.server.stop(true).await;
    }

    /// Stops at once: clients find a closed connection and come back.
    pub async fn stop(&self) {
        self.shared.gate.drain();
        self.shared.dispatch.close_all(CloseCode::GoingAway, REASON);
        self.server.stop(false).await;
    }

    fn close_those_without_a_call(&self) {
        let Shared {
            calls, dispatch, ..
        } = &*self.shared;
        for (user, present) in dispatch.roster().everybody() {
            if !calls.is_live(&user) {
                let to = crate::delivery::lines::To::Session(present.at);
                drop(dispatch.close(to, CloseCode::Drain, REASON));
            }
        }
    }
}
