//! Floor 7: builds everything once and hands back `{address, run, stop}`.
//!
//! Threads: the thread that builds the app holds the actors that serialize (presence, calls) and the
//! signals; one worker per core holds its clients, their sessions and their delivery; the store has a
//! writer and a pool of readers; what nodes tell each other has a thread too, where there are several.
//!
//! - `place`: among the other nodes. `node`: what this server is called. `listen`: the socket and its certificate.
//!   `drain`: stopping. `housekeeping`: what a server does by itself, and why it ends when a part of it has died.

mod drain;
mod housekeeping;
mod listen;
mod node;
mod place;
#[cfg(test)]
mod tests;

use std::{
    net::{SocketAddr, TcpListener},
    pin::pin,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix_http::{Extensions, HttpService, TlsAcceptorConfig};
use actix_rt::net::TcpStream;
use actix_server::{Server, ServerHandle};
use actix_service::map_config;
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{dev::AppConfig, web::ServiceConfig};
use rustls::ServerConfig;

pub use self::{drain::Stopper, housekeeping::Vital};
use crate::{
    actions::{self, Actions, NameTaken, Webhook},
    backplane::{self, Backplane},
    calls::Calls,
    chat::Chat,
    cluster::JoinFault,
    delivery::{
        dispatch::{self, Dispatch},
        lines::Lines,
        outbox,
    },
    friends::Friends,
    kernel::{
        config::Config,
        metrics::Metrics,
        time::Clock,
        token::{KeyFault, Verifier},
    },
    people::People,
    points::Points,
    presence::{self, Presence},
    rest::{self, Shared},
    rooms::Rooms,
    session::{env::Env, gate::Gate},
    store::{
        self, StoreError,
        lock::{LockFault, ServerLock},
    },
    transport::{
        peers::{Addresses, Courier, Peers},
        socketio::{self, Sids},
        sse::{self, connection},
        upgrade,
    },
};

/// Quiet time after which an HTTP connection that serves no request is closed.
const HTTP_KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The fewest HTTP connections that a worker may have at a time. Each session begins as one, and operators come by HTTP.
const HTTP_CONNECTIONS_MIN: usize = 64;

/// How long a node that stops waits for HTTP requests that are being answered, in seconds.
const HTTP_SHUTDOWN: u64 = 5;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The address cannot be listened on.
    #[error("server.listen: {address} cannot be used")]
    Listen {
        /// What was configured.
        address: SocketAddr,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("server.tls_cert, server.tls_key: {0}")]
    Tls(String),
    /// The keys for tokens cannot be used.
    #[error(transparent)]
    Verifier(#[from] KeyFault),
    /// An action has a name that it cannot have.
    #[error(transparent)]
    Actions(#[from] NameTaken),
    /// The database is served already.
    #[error(transparent)]
    Lock(#[from] LockFault),
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
    /// The machine has no name that its node could have.
    #[error("cluster.node: set it; the machine's own name has no letter, digit, _ or - in it")]
    Node,
    /// There is no way to other nodes.
    #[error(transparent)]
    Backplane(#[from] backplane::redis::StartFault),
    /// The node cannot be beside the others of its database.
    #[error(transparent)]
    Join(#[from] JoinFault),
}

/// Why a server ended that nobody stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunFault {
    /// The system does not let it go on.
    #[error("connections cannot be served any more")]
    Server(#[from] std::io::Error),
    /// A part has died, most likely of a panic. What was stored is there at the next start.
    #[error("{0} has died; start the server again")]
    Died(Vital),
}

/// Whether the files that a configuration names can be used: what a server finds out before it does anything. In
/// development mode there are no keys to look at, and none is made.
///
/// # Errors
/// The first that cannot, with the key of the configuration to look at.
pub fn check_files(config: &Config) -> Result<(), StartFault> {
    if let Some(files) = &config.server.tls {
        listen::tls(files)?;
    }
    actions::check(&config.actions)?;
    if !config.development() {
        Verifier::new(&config.auth)?;
    }
    Ok(())
}

/// A server that is built and listens, but serves only once it runs.
pub struct App {
    address: SocketAddr,
    server: Server,
    handle: ServerHandle,
    shared: Arc<Shared>,
    lock: ServerLock,
}

impl App {
    /// Builds the whole server: opens the database and brings its schema up to date, starts the actors
    /// on the calling thread (which must run an actix system) and takes the address.
    ///
    /// # Errors
    /// What keeps it from starting, with the key of the configuration to look at.
    pub async fn build(config: Config) -> Result<Self, StartFault> {
        let config = Arc::new(config);
        listen::install_crypto();
        actions::check(&config.actions)?;
        // Before the database is touched: a wrong file is no reason to change it.
        let tls = config.server.tls.as_ref().map(listen::tls).transpose()?;
        let verifier = Arc::new(Verifier::new(&config.auth)?);
        let listener = listen::bind(config.server.listen, &config.outbox)?;
        let lock = ServerLock::take(&config.database.url)?;
        let metrics = Arc::new(Metrics::default());
        let store = open_store(&config, Arc::clone(&metrics)).await?;
        let (membership, node) = place::take(&config, &store, &metrics).await?;
        let settings =
            presence::settings::Settings::new(node.clone(), &config.presence, &config.calls);
        let delivery = dispatch::Settings {
            workers: config.server.workers,
            join_delay: config.outbox.join_delay,
            low_window: config.outbox.low_window,
            graces: settings.policy.graces,
            clock: Clock::system(),
            standing: membership.standing(),
        };
        let backplane = Backplane::start(&config.redis, node.clone(), Arc::clone(&metrics))?;
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
        let webhook = Webhook::new(&config.actions, Arc::clone(&metrics));
        let shared = Arc::new(Shared {
            webhook: Arc::new(webhook),
            verifier,
            gate: Arc::new(Gate::new(&config.limits, Arc::clone(&metrics))),
            config,
            metrics,
            store,
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
        });
        let (address, server) = serve(&shared, listener, tls)?;
        let handle = server.handle();
        Ok(Self {
            address,
            server,
            handle,
            shared,
            lock,
        })
    }

    /// The address in use, with the port that the system chose where 0 was configured.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops it.
    pub fn stopper(&self) -> Stopper {
        Stopper::new(self.handle.clone(), Arc::clone(&self.shared))
    }

    /// Serves until it is stopped, or drained because an admin asked for it. When it returns, all that was
    /// accepted is committed.
    ///
    /// # Errors
    /// Why it ended, if nobody stopped it.
    pub async fn run(self) -> Result<(), RunFault> {
        let (gate, stopper) = (Arc::clone(&self.shared.gate), self.stopper());
        actix_rt::spawn(async move {
            gate.drain_asked().await;
            stopper.drain().await;
        });
        let stopper = self.stopper();
        let Self {
            server,
            shared,
            lock,
            ..
        } = self;
        let mut server = pin!(server);
        let ended = tokio::select! {
            served = &mut server => served.map_err(RunFault::from),
            dead = housekeeping::keep(&shared) => {
                log::error!("{dead} has died: the process ends so that it can be started again");
                let (served, ()) = tokio::join!(server, stopper.stop());
                served.map_err(RunFault::from).and(Err(RunFault::Died(dead)))
            }
        };
        shared.rooms.stop().await;
        shared.calls.stop().await;
        shared.presence.stop().await;
        shared.membership.leave(shared.dispatch.backplane()).await;
        shared.dispatch.backplane().close().await;
        shared.store.close().await;
        drop(lock);
        ended
    }
}

async fn open_store(config: &Config, metrics: Arc<Metrics>) -> Result<store::Handle, StartFault> {
    let url = config.database.url.clone();
    let migrating = actix_rt::task::spawn_blocking(move || store::migrations::migrate(&url));
    let applied = migrating
        .await
        .map_err(|panicked| StoreError::Panicked(panicked.to_string()))??;
    for migration in applied {
        log::info!("database changed migration={migration}");
    }
    Ok(store::Handle::open(
        &config.database,
        Clock::system(),
        metrics,
    )?)
}

/// HTTP on the calling worker thread; WebSockets are taken out of it at the upgrade. A macro, because the stream
/// under it (TCP, TLS) is in the type of every part of it, and a function would have to name them all.
macro_rules! http {
    ($shared:ident, $sids:ident, $peers:ident, $remember:expr) => {{
        let (env, gate) = (worker(&$shared), Arc::clone(&$shared.gate));
        let streams = sse::routes(Rc::clone(&env), Arc::clone(&gate));
        let courier = $peers.as_ref().map(|peers| Rc::new(Courier::new(peers)));
        let sids = Arc::clone(&$sids);
        let polls = socketio::routes(Rc::clone(&env), Arc::clone(&gate), sids, courier);
        let transports = |routes: &mut ServiceConfig| {
            streams(routes);
            polls(routes);
        };
        HttpService::build()
            .on_connect_ext($remember)
            .keep_alive(HTTP_KEEP_ALIVE)
            .client_request_timeout($shared.config.server.handshake_timeout)
            .h1_allow_half_closed(false)
            .upgrade(upgrade::service(env, gate, Arc::clone(&$sids)))
            .finish(map_config(rest::app(&$shared, transports), |()| {
                AppConfig::default()
            }))
    }};
}

/// Makes the service of every worker.
fn serve(
    shared: &Arc<Shared>,
    listener: TcpListener,
    tls: Option<ServerConfig>,
) -> Result<(SocketAddr, Server), StartFault> {
    let config = &shared.config.server;
    let address = listener.local_addr().map_err(|cause| StartFault::Listen {
        address: config.listen,
        cause,
    })?;
    let builder = Server::build()
        .workers(config.workers)
        // Taken-over connections are not its own: it would stop a worker that looks idle.
        .disable_signals()
        .max_concurrent_connections(http_connections(&shared.config))
        .shutdown_timeout(HTTP_SHUTDOWN);
    let shared = Arc::clone(shared);
    let sids = Arc::<Sids>::default();
    let peers = peers(&shared);
    let listening = match tls {
        None => builder.listen("otomo", listener, move || {
            let remember = |tcp: &TcpStream, data: &mut Extensions| connection::remember(tcp, data);
            http!(shared, sids, peers, remember).tcp()
        }),
        Some(tls) => builder.listen("otomo", listener, move || {
            let timeout = shared.config.server.handshake_timeout;
            let patience = TlsAcceptorConfig::default().handshake_timeout(timeout);
            let remember = |tls: &TlsStream<TcpStream>, data: &mut Extensions| {
                connection::remember(tls.get_ref().0, data);
            };
            http!(shared, sids, peers, remember).rustls_0_23_with_config(tls.clone(), patience)
        }),
    };
    let server = listening
        .map_err(|cause| StartFault::Listen { address, cause })?
        .run();
    Ok((address, server))
}

/// The other nodes, as far as their clients' requests come here.
fn peers(shared: &Shared) -> Option<Arc<Peers>> {
    let alone: Addresses = Arc::new(|_| None);
    let (config, now) = (&shared.config.cluster, shared.store.now());
    let (node, metrics) = (shared.node.clone(), Arc::clone(&shared.metrics));
    Peers::new(node, config, alone, metrics, now)
}

/// The HTTP connections of one worker: all of them together may be as many as there may be sessions. Further ones
/// wait to be accepted until one has ended.
fn http_connections(config: &Config) -> usize {
    let most = config.limits.connections.map_or(usize::MAX, |most| {
        (most.get() as usize).div_ceil(config.server.workers)
    });
    most.max(HTTP_CONNECTIONS_MIN)
}

/// Starts delivery on the calling worker thread, and what its sessions share.
fn worker(shared: &Shared) -> Rc<Env> {
    let config = &shared.config;
    let limits = outbox::Limits {
        soft: config.outbox.soft_limit,
        hard: config.outbox.hard_limit,
    };
    Rc::new(Env {
        config: Arc::clone(config),
        node: shared.node.clone(),
        verifier: Arc::clone(&shared.verifier),
        store: shared.store.clone(),
        lines: lines(shared),
        dispatch: shared.dispatch.clone(),
        people: shared.people.clone(),
        presence: shared.presence.clone(),
        calls: shared.calls.clone(),
        chat: shared.chat.clone(),
        friends: shared.friends.clone(),
        rooms: shared.rooms.clone(),
        actions: Actions::new(&shared.webhook),
        metrics: Arc::clone(&shared.metrics),
        outbox: Rc::new(limits),
    })
}

fn lines(shared: &Shared) -> Rc<Lines> {
    shared.dispatch.start_worker().unwrap_or_else(|| {
        // A worker thread has died and is to be replaced, before `housekeeping` has seen it: a service that serves nobody
        // must not take its place.
        log::error!("a worker thread has died: the process ends so that it can be started again");
        std::process::abort()
    })
}
