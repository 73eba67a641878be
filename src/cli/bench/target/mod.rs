//! The server that is measured: one that runs already, or a child of our own.
//!
//! - [`endpoint`]: where it is and how clients get in; [`sources`]: where they come from; [`tls`]: whom they trust.
//! - [`child`]: one that is started for the purpose; [`signals`]: how it ends with the tool. [`cores`]: which core runs what.
//! - [`backend`]: the app's backend, that says things over the server's API.
//! - [`process`]: what a process costs. [`commits`]: what it stores. [`http`]: requests to it beside the load.

pub(crate) mod backend;
mod child;
pub(crate) mod commits;
pub(crate) mod cores;
mod endpoint;
mod errors;
pub(crate) mod http;
pub(crate) mod process;
mod signals;
mod sources;
mod tls;

use std::path::{Path, PathBuf};

use uuid::Uuid;

pub(crate) use self::endpoint::Endpoint;
use self::{child::Running, cores::Cores, process::Process};
use super::{
    Bench,
    fault::BenchFault,
    options::{Speaks, Transport},
    transport::Ticket,
    user,
};
use crate::kernel::{
    config::{AuthConfig, DatabaseUrl},
    identity::{Identity, Role},
    ids::UserId,
    secret::Secret,
    time::Clock,
    token::Issuer,
};

/// How long tokens are good: longer than any run.
const TTL: std::time::Duration = std::time::Duration::from_hours(24);

/// The server that is measured.
pub(crate) struct Target {
    endpoint: Endpoint,
    /// Of a server elsewhere nothing is known.
    process: Option<Process>,
    issuer: Issuer,
    database: DatabaseUrl,
    /// Ends with us.
    child: Option<Running>,
}

impl Target {
    /// The server that is asked for. A child runs with the same configuration as the tool (file and
    /// environment) but with a secret of its own, an SQLite database of its own (of PostgreSQL it fills the one that is
    /// configured), and without the limits that would keep one user who connects ten thousand times, or one who never stops
    /// asking, from doing so.
    pub(crate) fn find(bench: &Bench<'_>) -> Result<Self, BenchFault> {
        let asked = &bench.options.server;
        let way = &bench.options.way;
        if asked.speaks == Speaks::Plain && way.transport == Transport::Sse {
            let odd = "--speaks plain: messages go both ways, so --transport is ws or socketio";
            return Err(BenchFault::Options(odd.to_owned()));
        }
        let cores = asked.pin.then(Cores::choose).transpose()?;
        let target = match &asked.url {
            Some(url) => {
                let endpoint = Endpoint::parse(url, asked.speaks, way)?;
                if let (Some(cores), Some(pid)) = (cores, asked.pid) {
                    cores.keep_server(pid)?;
                }
                Self {
                    endpoint,
                    process: asked.pid.map(Process::new),
                    issuer: Issuer::new(&bench.config.auth.now())?,
                    database: bench.config.database.url.clone(),
                    child: None,
                }
            }
            None if asked.speaks == Speaks::Plain || asked.pid.is_some() => {
                let odd = "--pid and --speaks are about the server at --url";
                return Err(BenchFault::Options(odd.to_owned()));
            }
            None => {
                if let Some(cores) = cores {
                    cores.as_server()?;
                }
                Self::start(bench)?
            }
        };
        if let Some(cores) = cores {
            cores.as_tool()?;
        }
        Ok(target)
    }

    fn start(bench: &Bench<'_>) -> Result<Self, BenchFault> {
        let secret = Uuid::new_v4().to_string();
        let shared = match &bench.config.database.url {
            DatabaseUrl::Postgres(url) => Some(url.clone()),
            DatabaseUrl::Sqlite(_) => None,
        };
        let mut child = Running::start(&secret, bench.config_files, shared.as_ref())?;
        let auth = AuthConfig {
            hs256_secret: Some(Secret::new(secret)),
            ..AuthConfig::clone(&bench.config.auth.now())
        };
        let encrypted = bench.config.server.tls.is_some();
        let port = child.await_port()?;
        Ok(Self {
            endpoint: Endpoint::local(port, encrypted, &bench.options.way)?,
            process: Some(Process::new(child.pid())),
            issuer: Issuer::new(&auth)?,
            database: shared.map_or_else(
                || DatabaseUrl::Sqlite(child.database_file()),
                DatabaseUrl::Postgres,
            ),
            child: Some(child),
        })
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) fn speaks(&self) -> Speaks {
        self.endpoint.speaks
    }

    /// Its process, where that is known.
    pub(crate) fn process(&self) -> Option<Process> {
        self.process
    }

    /// Refuses a server that does not speak Otomo's protocol, for scenarios that need more than the letters of plain ones.
    pub(crate) fn must_be_otomo(&self) -> Result<(), BenchFault> {
        match self.speaks() {
            Speaks::Otomo => Ok(()),
            Speaks::Plain => Err(BenchFault::Options(
                "--speaks plain: plain servers are measured by connect, idle, fanout, echo and direct".to_owned(),
            )),
        }
    }

    /// The folder on whose disk it stores what it is told: of a server of our own. Where PostgreSQL does is unknown; it is
    /// compared with the working directory's. Of a server that runs already nothing is known: it has its own configuration.
    pub(crate) fn database_folder(&self) -> Option<PathBuf> {
        self.child.as_ref()?;
        let folder = match &self.database {
            DatabaseUrl::Sqlite(file) => file.parent(),
            DatabaseUrl::Postgres(_) => None,
        };
        let folder = folder.unwrap_or(Path::new(""));
        Some(Path::new(".").join(folder))
    }

    /// The size of its database, with what waits to be put in order there, if that is a file here.
    pub(crate) fn database_bytes(&self) -> Option<u64> {
        let DatabaseUrl::Sqlite(file) = &self.database else {
            return None;
        };
        let size = file.metadata().ok()?.len();
        Some(size + self.log_bytes().unwrap_or_default())
    }

    /// The size of what waits there to be put in order.
    pub(crate) fn log_bytes(&self) -> Option<u64> {
        let DatabaseUrl::Sqlite(file) = &self.database else {
            return None;
        };
        let log = format!("{}-wal", file.display());
        Path::new(&log).metadata().ok().map(|it| it.len())
    }

    /// How many errors it has logged, if it is a server of our own.
    pub(crate) fn errors(&self) -> Option<u64> {
        self.child.as_ref().map(Running::errors)
    }

    /// Its database, if it is a server of our own.
    pub(crate) fn own_database(&self) -> Option<&DatabaseUrl> {
        self.child.as_ref().map(|_| &self.database)
    }

    /// A ticket for a user of this name.
    pub(crate) fn ticket(
        &self,
        user: UserId,
        role: Role,
        topics: &'static str,
    ) -> Result<Ticket, BenchFault> {
        let token = self.token(user, role)?;
        Ok(Ticket::new(token, topics))
    }

    /// Tickets for so many users, `bench-<kind>-0` and up.
    pub(crate) fn tickets(
        &self,
        kind: &str,
        count: u32,
        role: Role,
        topics: &'static str,
    ) -> Result<Vec<Ticket>, BenchFault> {
        let ticket = |number| self.ticket(user(kind, number)?, role, topics);
        (0..count as usize).map(ticket).collect()
    }

    /// A token that it believes.
    pub(crate) fn token(&self, user: UserId, role: Role) -> Result<String, BenchFault> {
        // Plain servers ask nobody who they are.
        if self.speaks() == Speaks::Plain {
            return Ok(String::new());
        }
        let identity = Identity {
            user,
            role,
            name: None,
            avatar: None,
            rooms: Vec::new(),
            expires_at: Clock::system().now() + TTL,
        };
        Ok(self.issuer.sign(&identity)?)
    }
}
