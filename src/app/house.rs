//! Everything of a server but what listens: the rooms, one above the other, on a store and beside other nodes.
//!
//! A server builds it once and serves it over sockets ([`App`](super::App)). A simulation builds one for each of its nodes, on
//! a store, a clock and a backplane of its own, and serves it over links of its own.

use std::{rc::Rc, sync::Arc};

use super::{
    drain,
    housekeeping::{self, Vital},
    serve,
};
use crate::{
    actions::Webhook,
    backplane::Backplane,
    calls::Calls,
    chat::Chat,
    cluster::Membership,
    delivery::dispatch::{self, Dispatch},
    friends::Friends,
    kernel::{config::Config, metrics::Metrics, time::Clock, token::Verifier},
    people::People,
    points::Points,
    presence::{Presence, settings::Settings},
    rest::{Shared, StoreCheck},
    rooms::Rooms,
    session::{env::Env, gate::Gate},
    store::{Handle, StoreError},
};

/// What a house is built on.
pub struct Ground {
    /// The settings in force.
    pub config: Arc<Config>,
    /// Checks tokens.
    pub verifier: Arc<Verifier>,
    /// The node's own clock.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Durable state.
    pub store: Handle,
    /// The node's place among those of its database.
    pub membership: Membership,
    /// The way to them.
    pub backplane: Backplane,
}

/// The rooms of one node.
pub struct House(Arc<Shared>);

impl House {
    /// Builds them, the lower before the upper. Their actors start on the calling thread, whose tasks must be able to spawn
    /// local ones.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn build(ground: Ground) -> Result<Self, StoreError> {
        let Ground {
            config,
            verifier,
            clock,
            metrics,
            store,
            membership,
            backplane,
        } = ground;
        let node = membership.node().clone();
        let settings = Settings::new(node.clone(), &config.presence, &config.calls);
        let delivery = dispatch::Settings {
            workers: config.server.workers,
            join_delay: config.outbox.join_delay,
            low_window: config.outbox.low_window,
            graces: settings.policy.graces,
            clock,
            standing: membership.standing(),
        };
        let dispatch = Dispatch::new(delivery, backplane, Arc::clone(&metrics));
        let points = Points::new(store.clone(), dispatch.clone(), Arc::clone(&metrics));
        let people = People::new(store.clone(), config.users.auto_provision);
        let presence = Presence::start(
            store.clone(),
            dispatch.clone(),
            Arc::clone(&metrics),
            settings,
        )
        .await?;
        let calls = Calls::start(
            &config, &node, &store, &dispatch, &presence, &points, &metrics,
        )
        .await?;
        let chat = Chat::new(store.clone(), dispatch.clone(), &config);
        let friends = Friends::start(store.clone(), dispatch.clone(), &config, &node).await?;
        let rooms = Rooms::start(store.clone(), dispatch.clone(), &config);
        // Actors begin with their first turn. One that is dropped before it would begin then, without a runtime,
        // and panic over whatever its owner has to say.
        actix_rt::task::yield_now().await;
        Ok(Self(Arc::new(Shared {
            webhook: Arc::new(Webhook::new(&config.actions, Arc::clone(&metrics))),
            verifier,
            gate: Arc::new(Gate::new(&config.limits, Arc::clone(&metrics))),
            config,
            metrics,
            store,
            store_check: StoreCheck::default(),
            node,
            membership,
            dispatch,
            people,
            presence,
            calls,
            chat,
            friends,
            rooms,
            points,
        })))
    }

    /// The rooms, for whoever serves them.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// Starts delivery on the calling thread, one of the `server.workers`, and what its sessions share.
    pub fn worker(&self) -> Rc<Env> {
        serve::worker(&self.0)
    }

    /// Keeps them in order until something vital has died.
    pub async fn keep(&self) -> Vital {
        housekeeping::keep(&self.0).await
    }

    /// Resolves once somebody has asked for a drain, and everybody is sent away. For whoever serves them without sockets.
    pub async fn drained(&self) {
        self.0.gate.drain().asked().await;
        let _ = drain::send_everybody_away(&self.0).await;
    }

    /// Closes them, the upper before the lower. When it returns, all that was accepted is committed.
    pub async fn close(&self) {
        let shared = &self.0;
        shared.rooms.stop().await;
        shared.calls.stop().await;
        shared.friends.flush().await;
        shared.presence.stop().await;
        shared.membership.leave(shared.dispatch.backplane()).await;
        shared.dispatch.backplane().close().await;
        shared.store.close().await;
    }
}
