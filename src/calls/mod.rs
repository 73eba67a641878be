//! Floor 4: calls, from the request to the end (source documents 001 and 000).
//!
//! ```text
//!   session, rest, app ──> Calls ──> CallCoordinator ──> store: rules decide, one transaction for each command
//!                            |            ^                  |
//!                            |            └── in the order ──┤ committed
//!                            |                of the commits v
//!                            └──> store (reads)           speaker ──> dispatch, presence, points
//! ```
//! - [`rules`]: what a call may do, as pure functions over a call and a time.
//! - [`records`]: calls in the database. [`repair`]: what may not be in it. `transactions`: read the facts, decide, write,
//!   in one piece.
//! - `coordinator`: the actor that has commands stored and told. `messages`: what it is told. `lane`, `task`: what waits
//!   for one call.
//! - `speaker`: from what is stored to what people hear. `wire`: the same in the words of the protocol. `kept`, `spoken`:
//!   what it has to remember meanwhile.
//! - [`ice`], `live`: ICE servers, who is in a call. `snapshot`, `entry`: what a session
//!   begins with, calls for lists. `queries`: calls as others ask for them.
//! - `routes`: candidates that do not take the lane. `admin`: what admins do to a call, also to one that is broken.
//! - `hints`: what nodes tell each other of calls. `heard`: how far the people of a node have heard of them.
//!
//! What a metered call costs its caller is one of the things that such a transaction writes: the points, the call that counts
//! its charges, and the event in the caller's inbox are stored together or not at all.
//!
//! Persist, then speak, then answer: nobody hears of anything that a crash could take back, and a crash between the two is
//! made good by whoever sweeps next, on this node or another.
//!
//! # Several nodes
//! Any node may change a call: the version in its row decides between two that do so at once. The node that stored a change
//! tells everybody of it through dispatch, wherever they are connected, and tells the nodes of both people that there is a new
//! version (`hints`); they read the call, so that each knows those of its own people. A device counts as gone once it is on no
//! node that can be asked. While the nodes do not hear each other, each looks at all live calls every second and tells its own
//! clients what those have come to.

mod admin;
mod coordinator;
mod entry;
mod fault;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod heard;
mod hints;
pub mod ice;
mod kept;
mod lane;
mod live;
mod messages;
mod queries;
pub mod records;
pub mod repair;
mod routes;
pub mod rules;
mod snapshot;
mod speaker;
mod spoken;
mod task;
mod transactions;
mod wire;

use std::sync::Arc;

use actix::{
    Actor, Addr, Handler, Message,
    prelude::{Request, SendError},
};

use self::{
    coordinator::CallCoordinator,
    live::LivePeople,
    messages::{Arrived, Asked, Drain, Learned, Left, Missed, Order, Stop, device},
    routes::Routes,
    rules::{
        call::Call,
        command::{Authority, Happening},
        policy::Policy,
    },
    speaker::Speaker,
    transactions::Policies,
};
use crate::{
    backplane::Link,
    cluster::{self, alive},
    delivery::{
        dispatch::Dispatch,
        leave::Leave,
        line::{Client, SessionRef},
        roster::Remaining,
    },
    kernel::{
        config::Config,
        ids::{CallId, NodeId, UserId},
        keyed_rate::KeyedRate,
        logging::chain,
        metrics::Metrics,
    },
    points::Points,
    presence::Presence,
    protocol::event::{CallSnapshot, IceServer},
    store::{Conn, Handle, StoreError},
};

pub use self::{
    entry::Entry,
    fault::CallsFault,
    messages::{Asker, ClientCommand},
    routes::{Asks, Underway},
};

/// `call_snapshot` as it was read, and the live call in it.
pub type ReadSnapshot = (CallSnapshot, Option<Call>);

/// Calls, for the rooms above. Clones share everything.
#[derive(Clone)]
pub struct Calls(Arc<Shared>);

struct Shared {
    /// One address for all senders: each clone of an actix address brings a place of its own beyond the mailbox's bound.
    coordinator: Addr<CallCoordinator>,
    live: LivePeople,
    routes: Routes,
    dispatch: Dispatch,
    store: Handle,
    presence: Presence,
    config: Arc<Config>,
}

impl Calls {
    /// Starts calls on the calling thread's arbiter. Those that were live when the last node stopped go on: what is overdue
    /// ends, and the people of the others have the loss grace to return. While another node is alive calls went on there, and
    /// nothing is done with them at this node's start.
    ///
    /// # Errors
    /// Those of the store; nothing is started then.
    pub async fn start(
        config: &Arc<Config>,
        node: &NodeId,
        store: &Handle,
        dispatch: &Dispatch,
        presence: &Presence,
        points: &Points,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        store.keep_time_while(records::any_is_charged);
        let alone = dispatch.backplane().link() == Link::Alone;
        let (this, now) = (node.clone(), store.now());
        let found = store.read(move |conn| {
            let alive_at = alive::last(conn, &this, now)?;
            let others = !alone && cluster::records::others_alive(conn, &this, now)? > 0;
            // Where others live the calls have gone on with them.
            let left_behind = if others {
                Vec::new()
            } else {
                records::live(conn)?
            };
            Ok::<_, StoreError>((left_behind, alive_at))
        });
        let (left_behind, alive_at) = found.await?;
        if !left_behind.is_empty() {
            log::info!("calls restored node={node} calls={}", left_behind.len());
        }
        let (live, routes) = (LivePeople::default(), Routes::default());
        let speaker = Speaker {
            dispatch: dispatch.clone(),
            presence: presence.clone(),
            points: points.clone(),
            store: store.clone(),
            config: config.calls.clone(),
            live: live.clone(),
            routes: routes.clone(),
            kept: kept::KeptCandidates::default(),
            metrics: Arc::clone(metrics),
        };
        let policies = Policies {
            calls: Policy::from(&config.calls),
            presence: presence.policy(),
        };
        let request_rate = KeyedRate::per_minute(&config.limits, |limits| limits.calls_per_minute);
        let coordinator =
            CallCoordinator::new(speaker, policies, request_rate, &left_behind, alive_at);
        Ok(Self(Arc::new(Shared {
            coordinator: coordinator.start(),
            live,
            routes,
            dispatch: dispatch.clone(),
            store: store.clone(),
            presence: presence.clone(),
            config: Arc::clone(config),
        })))
    }

    /// Takes what a client asks. Its answer, or the error, goes out through delivery.
    ///
    /// # Errors
    /// Gives the asker back if more is waiting than is let in: nothing will be done.
    pub fn ask(&self, asker: Asker, command: ClientCommand) -> Result<(), Asker> {
        let asked = self.0.coordinator.try_send(Asked { asker, command });
        asked.map_err(|(SendError::Full(asked) | SendError::Closed(asked))| asked.asker)
    }

    /// What a session of this device is told of calls when it begins.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn snapshot(&self, client: &Client) -> Result<CallSnapshot, StoreError> {
        let (config, client) = (Arc::clone(&self.0.config), client.clone());
        let now = self.0.store.now();
        let read = move |conn: &mut _| snapshot::read(conn, &client, &config.calls, now);
        let read = self.0.store.read(read).await?;
        Ok(self.told(read).await)
    }

    /// What sessions of these devices are to be told, each in its place: for [`Calls::told`].
    ///
    /// # Errors
    /// Those of the store.
    pub fn read_snapshots(
        &self,
        conn: &mut Conn,
        clients: &[&Client],
    ) -> Result<Vec<ReadSnapshot>, StoreError> {
        snapshot::read_many(conn, clients, &self.0.config.calls, self.0.store.now())
    }

    /// A snapshot that was read is about to be told.
    pub async fn told(&self, (snapshot, live): ReadSnapshot) -> CallSnapshot {
        // It may be a call that this node has not heard of: from here on it knows whom the device is in a call with.
        if let Some(live) = live.filter(|_| !self.is_alone()) {
            // Refused only if it has stopped.
            let _ = self.0.coordinator.send(Learned(live)).await;
        }
        snapshot
    }

    /// A session that listens to calls has begun and has its snapshot: its device may be one that a call waits for, or one
    /// to ring. Must be called on an arbiter.
    pub fn arrived(&self, client: &Client, at: SessionRef) {
        if let Some(call) = self.0.live.call_of(&client.user) {
            let device = device(client);
            self.tell(self.0.coordinator.send(Arrived { call, device, at }));
        }
    }

    /// A session has ended. What counts is the last of its device. Must be called on an arbiter.
    pub fn left(&self, client: &Client, leave: Leave, remaining: Remaining) {
        let call = self.0.live.call_of(&client.user);
        if let Some(call) = call.filter(|_| remaining.of_device == 0) {
            let device = device(client);
            log::info!(
                "device left a call call={call} user={} device={} leave={}",
                device.user,
                device.id,
                leave.as_str()
            );
            self.tell(self.0.coordinator.send(Left { call, device }));
        }
    }

    /// Whether a person is in a live call, as far as this node knows.
    pub fn is_live(&self, user: &UserId) -> bool {
        self.0.live.call_of(user).is_some()
    }

    /// How many live calls this node knows.
    pub fn live(&self) -> usize {
        self.0.live.count()
    }

    /// Lets no new call begin: requests are rejected with `system_error`. What rings goes on, as every live call does.
    pub async fn stop_ringing(&self) {
        // Refused only if it has stopped already.
        let _ = self.0.coordinator.send(Drain).await;
    }

    /// How many live calls have people on this node.
    pub fn live_here(&self) -> usize {
        self.here().len()
    }

    /// A node has died: each live call is looked at for devices that were there.
    pub async fn look(&self) {
        if !self.is_alone() {
            // Refused only if it has stopped.
            let _ = self.0.coordinator.send(Missed::Death).await;
        }
    }

    fn is_alone(&self) -> bool {
        self.0.dispatch.backplane().link() == Link::Alone
    }

    /// The live calls that end with this node: where there are others, those with somebody here.
    fn here(&self) -> Vec<CallId> {
        let roster = self.0.dispatch.roster();
        let is_here = |user: &UserId| self.is_alone() || !roster.sessions(user).is_empty();
        self.0.live.calls_of(is_here)
    }

    /// Ends the live calls of this node, because it stops; those of others go on. Returns when that is stored and said, or
    /// was tried in vain.
    pub async fn end_all(&self) {
        let stopped = Happening::Stopped(Authority::System);
        let order = |call| self.order(call, stopped.clone());
        // Asked all at once, so that they share their commits.
        let orders: Vec<_> = self.here().into_iter().map(order).collect();
        for order in orders {
            if let Err(fault) = order.await {
                log::warn!("call not ended cause={}", chain(&fault));
            }
        }
    }

    /// Whether there is a coordinator that does what it is asked.
    pub fn is_alive(&self) -> bool {
        self.0.coordinator.connected()
    }

    /// Ends the sweeps, once all that came is stored and said. For the end of the server, before the store is closed.
    pub async fn stop(&self) {
        // Refused only if it has stopped already.
        let _ = self.0.coordinator.send(Stop).await;
    }

    /// The media server sees media in a call, or no more of it.
    ///
    /// # Errors
    /// [`CallsFault::Unknown`]; [`CallsFault::Refused`] for a call that is not accepted, or over; those of the store.
    pub async fn media(&self, call: CallId, alive: bool) -> Result<(), CallsFault> {
        let happening = match alive {
            true => Happening::MediaAlive,
            false => Happening::MediaLost,
        };
        self.order(call, happening).await
    }

    /// The servers for a user's peer connections, with credentials that are good from now on.
    pub fn ice_servers(&self, user: &UserId) -> Vec<IceServer> {
        ice::servers(&self.0.config.calls, user, self.0.store.now())
    }

    fn order(
        &self,
        call: CallId,
        happening: Happening,
    ) -> impl Future<Output = Result<(), CallsFault>> + use<> {
        let answer = self.0.coordinator.send(Order { call, happening });
        async { answer.await.unwrap_or(Err(CallsFault::Stopped)) }
    }

    /// Waits for room, if there is none: what has happened must not be lost.
    fn tell<M>(&self, told: Request<CallCoordinator, M>)
    where
        M: Message<Result = ()> + Send + Unpin + 'static,
        CallCoordinator: Handler<M>,
    {
        actix_rt::spawn(async move {
            if told.await.is_err() {
                // The server is stopping: its next start, or another node, finds out who is gone.
                log::debug!("a coming or going was not taken");
            }
        });
    }
}
