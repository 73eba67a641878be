//! What other rooms of the house say to Redis.

use std::{sync::Arc, time::Instant};

use ::redis::{FromRedisValue, Pipeline, RedisError, ScriptInvocation};

use super::Shared;

/// Sends commands to Redis. Clones share the connection, which is the backplane's: commands take their turn among what is
/// published, and are answered within a second and a half or not at all.
#[derive(Clone)]
pub struct Commands(pub(in crate::backplane) Arc<Shared>);

/// Which Redis it is, and since when it is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// What it calls itself since its last start. One with another id knows nothing of what this one was told, unless that was
    /// kept on disk.
    pub run_id: Arc<str>,
    /// When this node found it there, the last time.
    pub up_since: Instant,
}

/// Why Redis did not do something.
#[derive(Debug, thiserror::Error)]
pub enum RedisFault {
    /// The link is down: it was not asked.
    #[error("Redis is away")]
    Down,
    /// It was asked, and may have done it.
    #[error("Redis did not answer")]
    Unanswered(#[source] RedisError),
    /// It was asked and refused; of a pipeline at least one command.
    #[error("Redis refused")]
    Refused(#[source] RedisError),
    /// It answered something else.
    #[error("Redis answered what was not expected")]
    Unexpected(#[source] RedisError),
}

impl RedisFault {
    /// Whether a key holds something else than what was to be done with it needs. Anything else that Redis refuses, it refuses
    /// for all of them: there is no memory, no disk, or it may not be written to.
    pub fn is_of_a_key(&self) -> bool {
        // An older Redis says it somewhere in what a script failed of.
        matches!(self, Self::Refused(cause) if cause.to_string().contains("WRONGTYPE"))
    }
}

impl Commands {
    /// Sends commands in one round trip, and returns all their answers.
    ///
    /// # Errors
    /// What kept Redis from it.
    pub async fn run<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, RedisFault> {
        let mut connection = self.connection()?;
        self.0.metrics.backplane.round_trips.inc();
        commands.query_async(&mut connection).await.map_err(fault)
    }

    /// Calls a script: in one round trip if Redis knows it already, else in three, because it has to be loaded first.
    ///
    /// # Errors
    /// What kept Redis from it.
    pub async fn call<T: FromRedisValue>(
        &self,
        call: &ScriptInvocation<'_>,
    ) -> Result<T, RedisFault> {
        let mut connection = self.connection()?;
        self.0.metrics.backplane.round_trips.inc();
        call.invoke_async(&mut connection).await.map_err(fault)
    }

    /// The Redis that is asked; none while the link is down.
    pub fn server(&self) -> Option<Server> {
        let current = self.0.current();
        current.as_ref().map(|(_, server)| server.clone())
    }

    fn connection(&self) -> Result<::redis::aio::MultiplexedConnection, RedisFault> {
        let current = self.0.current();
        let connection = current.as_ref().map(|(connection, _)| connection.clone());
        connection.ok_or(RedisFault::Down)
    }
}

fn fault(cause: RedisError) -> RedisFault {
    use ::redis::ErrorKind;
    match cause.kind() {
        _ if cause.is_timeout() || cause.is_connection_dropped() => RedisFault::Unanswered(cause),
        ErrorKind::UnexpectedReturnType | ErrorKind::Parse => RedisFault::Unexpected(cause),
        _ => RedisFault::Refused(cause),
    }
}
