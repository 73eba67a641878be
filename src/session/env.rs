//! What all sessions of one worker share.

use std::{rc::Rc, sync::Arc};

use super::arrivals::Arrivals;
use crate::{
    actions::Actions,
    calls::Calls,
    chat::Chat,
    delivery::{dispatch::Dispatch, lines::Lines, outbox},
    friends::Friends,
    kernel::{config::Config, ids::NodeId, metrics::Metrics, token::Verifier},
    people::People,
    presence::Presence,
    rooms::Rooms,
    store,
};

/// Everything that a session works with. One per worker thread.
pub struct Env {
    /// The settings in force.
    pub config: Arc<Config>,
    /// This server.
    pub node: NodeId,
    /// Checks tokens.
    pub verifier: Arc<Verifier>,
    /// Durable state.
    pub store: store::Handle,
    /// What the store is asked of those who arrive.
    pub arrivals: Arrivals,
    /// The clients of this worker.
    pub lines: Rc<Lines>,
    /// The way out to all clients.
    pub dispatch: Dispatch,
    /// Who is known.
    pub people: People,
    /// The otomo's statuses.
    pub presence: Presence,
    /// The calls.
    pub calls: Calls,
    /// The chat.
    pub chat: Chat,
    /// Friends, and who is online.
    pub friends: Friends,
    /// The rooms.
    pub rooms: Rooms,
    /// The way to the app's backend.
    pub actions: Actions,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How much may wait for one client.
    pub outbox: Rc<outbox::Limits>,
}
