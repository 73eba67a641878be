//! Floor 7: builds everything once, and serves, reloads, drains and stops it.
//!
//! Threads: the thread that builds the app holds the actors that serialize (presence, calls, rooms) and the
//! signals; one worker per core holds its clients, their sessions and their delivery; the store has a
//! writer and a pool of readers; what nodes tell each other has a thread too, where there are several.
//!
//! - `node`: what this server is called. `place`: how it joins the other nodes.
//! - `listen`: the socket and its certificate. `term`: until when that is good.
//! - [`house`]: the rooms of a node, without what listens. `serve`: what every worker does.
//! - `openapi`: what is served, as one OpenAPI document.
//! - `drain`: stopping. `reload`: another configuration.
//! - `housekeeping`: what a server does by itself, and why it ends when a part of it has died.

mod drain;
pub mod house;
mod housekeeping;
mod listen;
mod node;
mod openapi;
mod place;
mod reload;
mod serve;
mod term;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, pin::pin, sync::Arc};

use actix_server::{Server, ServerHandle};

pub use self::{
    drain::Stopper,
    housekeeping::Vital,
    openapi::{openapi, rest_types},
    reload::{ReloadFault, Reloaded, Reloader},
    term::{Term, warnings},
};
use self::{
    house::{Ground, House},
    listen::Certificates,
};
use crate::{
    actions::{self, NameTaken},
    backplane::{self, Backplane},
    cluster::JoinFault,
    kernel::{
        config::{Config, TlsConfig},
        metrics::Metrics,
        time::Clock,
        token::{KeyFault, Verifier},
    },
    store::{
        self, StoreError,
        lock::{LockFault, ServerLock},
    },
};

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
    Store(#[source] StoreError),
    /// Something in the database cannot be read. The start reads what the server goes on with: live calls, otomo.
    #[error(
        "the database cannot be used as it is: otomo doctor says what is wrong in it, and otomo doctor --repair mends what can be \
         mended"
    )]
    Damaged(#[source] StoreError),
    /// The machine has no name that its node could have.
    #[error("cluster.node: set it; the machine's own name has no letter, digit, _ or - in it")]
    Node,
    /// There is no way to other nodes.
    #[error(transparent)]
    Backplane(#[from] backplane::redis::StartFault),
    /// The node cannot be beside the others of its database.
    #[error(transparent)]
    Join(JoinFault),
}

impl From<JoinFault> for StartFault {
    fn from(fault: JoinFault) -> Self {
        match fault {
            JoinFault::Store(fault @ StoreError::Corrupt(..)) => Self::Damaged(fault),
            other => Self::Join(other),
        }
    }
}

impl From<StoreError> for StartFault {
    fn from(fault: StoreError) -> Self {
        match fault {
            StoreError::Corrupt(..) => Self::Damaged(fault),
            other => Self::Store(other),
        }
    }
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
        Certificates::read(files)?;
    }
    actions::check(&config.actions)?;
    if !config.development() {
        Verifier::new(&config.auth.now())?;
    }
    Ok(())
}

/// Whether a certificate and its key can be used, and go together.
///
/// # Errors
/// [`StartFault::Tls`]: what is wrong with which file.
pub fn check_certificate(files: &TlsConfig) -> Result<(), StartFault> {
    Certificates::read(files).map(drop)
}

/// A server that is built and listens, but serves only once it runs.
pub struct App {
    address: SocketAddr,
    server: Server,
    handle: ServerHandle,
    reloader: Reloader,
    house: House,
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
        let certificates = certificates(&config)?;
        let verifier = Arc::new(Verifier::new(&config.auth.now())?);
        let listener = listen::bind(config.server.listen, &config.outbox)?;
        let lock = ServerLock::take(&config.database.url)?;
        let metrics = Arc::new(Metrics::default());
        let store = open_store(&config, Arc::clone(&metrics)).await?;
        let (membership, node) = place::take(&config, &store, &metrics).await?;
        let backplane = Backplane::start(&config.redis, node, Arc::clone(&metrics))?;
        let ground = Ground {
            config,
            verifier,
            clock: Clock::system(),
            metrics,
            store,
            membership: membership.clone(),
            backplane: backplane.clone(),
        };
        let house = match House::build(ground).await {
            Ok(house) => house,
            Err(fault) => {
                // Whoever is to mend the database need not wait for the lease to run out.
                membership.leave(&backplane).await;
                return Err(fault.into());
            }
        };
        let shared = Arc::clone(house.shared());
        let (address, server) = serve::serve(&shared, listener, certificates.as_ref())?;
        let handle = server.handle();
        Ok(Self {
            address,
            server,
            handle,
            reloader: Reloader::new(shared, certificates),
            house,
            lock,
        })
    }

    /// The address in use, with the port that the system chose where 0 was configured.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops it.
    pub fn stopper(&self) -> Stopper {
        Stopper::new(self.handle.clone(), Arc::clone(self.house.shared()))
    }

    /// What puts another configuration in force.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// Serves until it is stopped, or drained because an admin asked for it. When it returns, all that was
    /// accepted is committed.
    ///
    /// # Errors
    /// Why it ended, if nobody stopped it.
    pub async fn run(self) -> Result<(), RunFault> {
        let (gate, stopper) = (Arc::clone(&self.house.shared().gate), self.stopper());
        actix_rt::spawn(async move {
            gate.drain().asked().await;
            stopper.drain().await;
        });
        let stopper = self.stopper();
        let Self {
            server,
            house,
            lock,
            ..
        } = self;
        let mut server = pin!(server);
        let ended = tokio::select! {
            biased;
            served = &mut server => served.map_err(RunFault::from),
            dead = house.keep() => {
                log::error!("{dead} has died: the process ends so that it can be started again");
                let (served, ()) = tokio::join!(server, stopper.stop());
                served.map_err(RunFault::from).and(Err(RunFault::Died(dead)))
            }
        };
        house.close().await;
        drop(lock);
        ended
    }
}

fn certificates(config: &Config) -> Result<Option<Arc<Certificates>>, StartFault> {
    let read = config.server.tls.as_ref().map(Certificates::read);
    Ok(read.transpose()?.map(Arc::new))
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
