//! Floor 7: builds everything once and hands back `{address, run, stop}`.
//!
//! Threads: the thread that builds the app holds the actors that serialize (presence, calls) and the
//! signals; one worker per core holds its clients, their sessions and their delivery; the store has a
//! writer and a pool of readers.

mod drain;
mod listen;

use std::{net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use actix_http::HttpService;
use actix_server::{Server, ServerHandle};
use actix_service::map_config;
use actix_web::dev::AppConfig;

pub use self::drain::Stopper;
use crate::{
    calls::Calls,
    delivery::{dispatch::Dispatch, lines::Lines, outbox},
    kernel::{
        config::Config,
        ids::NodeId,
        metrics::Metrics,
        time::Clock,
        token::{KeyFault, Verifier},
    },
    people::People,
    presence::{self, Presence},
    rest::{self, Shared},
    session::{env::Env, gate::Gate},
    store::{self, StoreError},
    transport::ws,
};

/// Quiet time after which an HTTP connection that serves no request is closed.
const HTTP_KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a node that stops waits for HTTP requests that are being answered, in seconds.
const HTTP_SHUTDOWN: u64 = 5;

/// The name of a node that is alone.
const ONLY_NODE: &str = "otomo-1";

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
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
    /// A name in the configuration is none.
    #[error("the node has no usable name")]
    Node,
}

/// A server that is built and listens, but serves only once it runs.
pub struct App {
    address: SocketAddr,
    server: Server,
    handle: ServerHandle,
    shared: Arc<Shared>,
}

impl App {
    /// Builds the whole server: opens the database and brings its schema up to date, starts the actors
    /// on the calling thread (which must run an actix system) and takes the address.
    ///
    /// # Errors
    /// What keeps it from starting, with the key of the configuration to look at.
    pub async fn build(config: Config) -> Result<Self, StartFault> {
        // The only provider there is; a second call finds it installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let config = Arc::new(config);
        let metrics = Arc::new(Metrics::default());
        let store = open_store(&config, Arc::clone(&metrics)).await?;
        let node: NodeId = ONLY_NODE.parse().map_err(|_unfit| StartFault::Node)?;
        let settings =
            presence::settings::Settings::new(node.clone(), &config.presence, &config.calls);
        let dispatch = Dispatch::new(
            config.server.workers,
            config.outbox.join_delay,
            settings.policy.graces,
            Arc::clone(&metrics),
        );
        let people = People::new(store.clone(), config.users.auto_provision);
        let presence = Presence::start(
            store.clone(),
            dispatch.clone(),
            Arc::clone(&metrics),
            settings,
        )
        .await?;
        let calls = Calls::start(&config, &node, &store, &dispatch, &presence, &metrics).await?;
        let shared = Arc::new(Shared {
            verifier: Arc::new(Verifier::new(&config.auth)?),
            gate: Arc::new(Gate::new(&config.limits, Arc::clone(&metrics))),
            config,
            metrics,
            store,
            node,
            dispatch,
            people,
            presence,
            calls,
        });
        let (address, server) = serve(&shared)?;
        let handle = server.handle();
        Ok(Self {
            address,
            server,
            handle,
            shared,
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

    /// Serves until it is stopped, or drained because an admin asked for it.
    ///
    /// # Errors
    /// What the system says if a worker cannot go on.
    pub async fn run(self) -> std::io::Result<()> {
        let (gate, stopper) = (Arc::clone(&self.shared.gate), self.stopper());
        actix_rt::spawn(async move {
            gate.drain_asked().await;
            stopper.drain().await;
        });
        self.server.await
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

/// Takes the address and makes the service of every worker.
fn serve(shared: &Arc<Shared>) -> Result<(SocketAddr, Server), StartFault> {
    let config = &shared.config.server;
    let listener = listen::bind(config.listen, &shared.config.outbox)?;
    let address = listener.local_addr().map_err(|cause| StartFault::Listen {
        address: config.listen,
        cause,
    })?;
    let builder = Server::build()
        .workers(config.workers)
        // Taken-over connections are not its own: it would stop a worker that looks idle.
        .disable_signals()
        .max_concurrent_connections(usize::MAX)
        .shutdown_timeout(HTTP_SHUTDOWN);
    let shared = Arc::clone(shared);
    let listening = match &config.tls {
        None => builder.listen("otomo", listener, move || {
            let env = worker(&shared);
            HttpService::build()
                .keep_alive(HTTP_KEEP_ALIVE)
                .client_request_timeout(shared.config.server.handshake_timeout)
                .h1_allow_half_closed(false)
                .upgrade(ws::upgrade::service(env, Arc::clone(&shared.gate)))
                .finish(map_config(rest::app(&shared), |()| AppConfig::default()))
                .tcp()
        }),
        Some(tls) => {
            let tls = listen::tls(tls)?;
            builder.listen("otomo", listener, move || {
                let env = worker(&shared);
                HttpService::build()
                    .keep_alive(HTTP_KEEP_ALIVE)
                    .client_request_timeout(shared.config.server.handshake_timeout)
                    .h1_allow_half_closed(false)
                    .upgrade(ws::upgrade::service(env, Arc::clone(&shared.gate)))
                    .finish(map_config(rest::app(&shared), |()| AppConfig::default()))
                    .rustls_0_23(tls.clone())
            })
        }
    };
    let server = listening
        .map_err(|cause| StartFault::Listen { address, cause })?
        .run();
    Ok((address, server))
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
        metrics: Arc::clone(&shared.metrics),
        outbox: Rc::new(limits),
    })
}

fn lines(shared: &Shared) -> Rc<Lines> {
    shared.dispatch.start_worker().unwrap_or_else(|| {
        // A worker thread has died and was replaced: its clients' state went with it.
        log::error!("a worker thread died, the process ends so that it can be started again");
        std::process::abort()
    })
}
