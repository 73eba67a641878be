//! Actions of clients for the app's backend (source document 003): `game_action` and what else `actions.types` names go to a
//! webhook, and what it answers is the acknowledgement.
//!
//! ```text
//!   session ---> Actions (one per worker, with its connections)
//!                   |-- Slots    a bound for all, and for each user
//!                   |-- Breaker  the backend is left alone when it fails
//!                   |-- POST, signed ---> the app's backend
//!                   +<-- 2xx: action_ack; 4xx with words of the app: these; else ACTION_UNAVAILABLE
//! ```
//! - [`rules`]: the circuit breaker. Pure.
//! - `request`: what is sent, and its signature. `client`: how. `answer`: what comes back means. `slots`: how many at once.
//! - [`fault`]: why there is no result.
//!
//! What may have been done is not asked for again: a POST is sent once, over a connection that is alive as far as can be known.
//! Whoever wants to try again puts a key of their own into the action, by which the backend knows it.
//!
//! Answers come as the backend gives them. Of two actions on one connection the second may be answered first; `requestId`
//! tells them apart.

mod answer;
mod client;
pub mod fault;
mod request;
pub mod rules;
mod slots;

use std::{
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_http::Uri;
use actix_rt::time::{Instant, timeout};
use serde_json::{Value, value::RawValue};

pub use self::fault::ActionFault;
use self::{
    client::Client as HttpClient,
    request::Request,
    rules::{Admission, Breaker, Outcome, Pass, Policy, State},
    slots::{Full, Slots},
};
use crate::{
    delivery::line::Client,
    kernel::{config::ActionsConfig, metrics::Metrics, secret::Secret, time::Timestamp},
    protocol::{command::Command, publishing},
};

/// The command that source document 003 names, and the only one of the protocol's own that may be an action.
const GAME_ACTION: &str = "game_action";

/// A name that cannot be that of an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("actions.types: {0} is a name that the protocol needs for itself; give the action another")]
pub struct NameTaken(String);

/// What a client wants the app to do.
#[derive(Debug)]
pub struct Action {
    /// The `type` of the command.
    pub name: Box<str>,
    /// Who wants it.
    pub client: Client,
    /// The whole command, an object.
    pub command: Box<RawValue>,
    /// When it came.
    pub at: Timestamp,
}

/// The webhook, shared by all workers.
pub struct Webhook {
    config: ActionsConfig,
    policy: Policy,
    slots: Arc<Slots>,
    breaker: Mutex<Breaker>,
    began: Instant,
    metrics: Arc<Metrics>,
}

/// The webhook with the connections of one worker. Clones share them.
#[derive(Clone)]
pub struct Actions {
    webhook: Arc<Webhook>,
    /// None: there is no webhook.
    http: Option<Rc<HttpClient>>,
}

/// Whether the names of `actions.types` are free.
///
/// # Errors
/// The first that is not.
pub fn check(config: &ActionsConfig) -> Result<(), NameTaken> {
    let taken = |name: &&String| {
        let ours = Command::NAMES.contains(&name.as_str()) && *name != GAME_ACTION;
        ours || publishing::is_reserved_by_clients(name)
    };
    match config.types.iter().find(taken) {
        Some(name) => Err(NameTaken(name.clone())),
        None => Ok(()),
    }
}

impl Webhook {
    /// The webhook of a configuration.
    pub fn new(config: &ActionsConfig, metrics: Arc<Metrics>) -> Self {
        Self {
            policy: Policy {
                failures: config.breaker_failures,
                pause: config.breaker_pause,
            },
            slots: Slots::new(config.concurrency, config.concurrency_per_user),
            breaker: Mutex::default(),
            began: Instant::now(),
            metrics,
            config: config.clone(),
        }
    }

    /// Takes no more actions: the server stops. Those that are under way get their answer.
    pub fn stop(&self) {
        self.slots.close();
    }

    /// Whether actions are under way. Each is over after `actions.timeout` at the latest.
    pub fn is_asking(&self) -> bool {
        self.slots.are_taken()
    }

    fn admit(&self) -> Result<Pass, ActionFault> {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, admission) = breaker.admit(self.began.elapsed());
        *breaker = next;
        self.metrics.actions.breaker.set(level(next.state()));
        match admission {
            Admission::Pass(pass) => Ok(pass),
            Admission::Wait(wait) => Err(ActionFault::Paused(wait)),
        }
    }

    fn settle(&self, pass: Pass, outcome: Outcome) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let before = breaker.state();
        let next = breaker.settle(pass, outcome, self.began.elapsed(), &self.policy);
        *breaker = next;
        self.metrics.actions.breaker.set(level(next.state()));
        drop(breaker);
        match (before, next.state()) {
            (State::Closed { .. } | State::HalfOpen, State::Open { .. })
                if outcome == Outcome::Failed =>
            {
                let pause = self.policy.pause.as_millis();
                log::warn!("webhook fails and is left alone pause_ms={pause}");
            }
            (State::HalfOpen, State::Closed { .. }) => log::info!("webhook answers again"),
            _ => {}
        }
    }
}

/// What the gauge shows.
const fn level(state: State) -> i64 {
    match state {
        State::Closed { .. } => 0,
        State::HalfOpen => 1,
        State::Open { .. } => 2,
    }
}

/// A question under way: whatever becomes of it, its pass comes back.
struct Attempt<'a> {
    webhook: &'a Webhook,
    pass: Pass,
    outcome: Outcome,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.webhook.settle(self.pass, self.outcome);
    }
}

impl Actions {
    /// The calling worker's way to the webhook. A crypto provider must be installed.
    pub fn new(webhook: &Arc<Webhook>) -> Self {
        let configured = webhook.config.webhook.is_some();
        Self {
            webhook: Arc::clone(webhook),
            http: configured.then(|| Rc::new(HttpClient::new(&webhook.config))),
        }
    }

    /// Asks the app's backend. Takes `actions.timeout` at most.
    ///
    /// # Errors
    /// Why there is no result; the action may have been done all the same.
    pub async fn ask(&self, action: Action) -> Result<Value, ActionFault> {
        let began = Instant::now();
        let answered = self.try_ask(&action).await;
        let (outcome, took) = match &answered {
            Ok(_) => ("answered", began.elapsed()),
            Err(fault) => (fault.reason(), began.elapsed()),
        };
        self.webhook.metrics.actions.asked.of(outcome).inc();
        if let Err(fault) = &answered
            && !matches!(fault, ActionFault::Refused(_))
            && fault.outcome() != Outcome::Abandoned
        {
            log::warn!(
                "action failed action={} user={} reason={outcome} took_ms={} cause={:?}",
                action.name,
                action.client.user,
                took.as_millis(),
                fault.detail(),
            );
        }
        answered
    }

    async fn try_ask(&self, action: &Action) -> Result<Value, ActionFault> {
        let webhook = &*self.webhook;
        let config = &webhook.config;
        let (Some(target), Some(http)) = (&config.webhook, &self.http) else {
            return Err(ActionFault::NoWebhook);
        };
        if !config.types.iter().any(|name| **name == *action.name) {
            return Err(ActionFault::NotServed);
        }
        let slot = webhook.slots.take(&action.client.user);
        let _slot = slot.map_err(|full| match full {
            Full::ForAll => ActionFault::Busy,
            Full::ForUser => ActionFault::UserBusy,
            Full::Closed => ActionFault::Stopping,
        })?;
        let mut attempt = Attempt {
            pass: webhook.admit()?,
            outcome: Outcome::Abandoned,
            webhook,
        };
        let began = Instant::now();
        let answered = post(http, &target.url, &target.secret, action, config.timeout).await;
        webhook.metrics.actions.took.took(began.elapsed());
        attempt.outcome = match &answered {
            Ok(_) => Outcome::Worked,
            Err(fault) => fault.outcome(),
        };
        answered
    }
}

async fn post(
    http: &HttpClient,
    url: &Uri,
    secret: &Secret,
    action: &Action,
    limit: Duration,
) -> Result<Value, ActionFault> {
    let request = Request::new(action, secret).map_err(|error| {
        // It was an object when it was decoded.
        ActionFault::Unreachable(error.to_string())
    })?;
    match timeout(limit, http.post(url, request)).await {
        Ok(answer) => answer::read(&answer?),
        Err(_elapsed) => Err(ActionFault::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::config::{Sources, load};

    #[test]
    fn an_action_has_a_name_that_means_nothing_else() {
        let types = |names: &str| {
            let sources = Sources::default().with("actions.types", names);
            check(&load(&sources).unwrap().actions)
        };
        assert_eq!(types("game_action,use_item,shop:buy"), Ok(()));
        assert_eq!(types(""), Ok(()));
        for taken in [
            "heartbeat",
            "message-read",
            "join_game",
            "connect",
            "disconnect",
        ] {
            let refused = types(&format!("game_action,{taken}"));
            assert_eq!(refused, Err(NameTaken(taken.to_owned())));
        }
    }
}
