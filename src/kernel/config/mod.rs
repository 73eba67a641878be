//! Configuration, in two levels: what is written (`raw`, where only names are understood) and what holds
//! ([`Config`]: types, ranges, relations). Later sources win: defaults, files, environment, flags.
//!
//! `config/default.toml` is the defaults, the documentation and the list of keys in one; it is compiled in.
//! A new key is a line there and a line in its section's `read`; one without the other is a failing test. That line, or for
//! the whole of a section the one in [`load`], also says whether it can change while the server runs.
//!
//! Why not a struct per section that serde fills: an error must name the key, say where its value came from
//! (which variable, which file) and what would be allowed, and must not repeat a secret. Serde knows none of this
//! once sources are merged, and every key would be written twice.

mod actions;
mod auth;
mod calls;
mod changeable;
mod chat;
mod cluster;
mod database;
mod fault;
mod friends;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod hosts;
mod inbox;
mod limits;
mod origins;
mod outbox;
mod points;
mod presence;
mod raw;
mod reader;
mod redis;
mod rooms;
mod server;
mod settings;
mod socketio;
mod sse;
#[cfg(test)]
mod tests;
mod units;
mod users;
mod warnings;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

pub use self::{
    actions::{ActionsConfig, WebhookConfig},
    auth::{AuthConfig, PublicKey},
    calls::{CallsConfig, ConnectedBy, PartialMinute, TurnConfig},
    changeable::Changeable,
    chat::ChatConfig,
    cluster::ClusterConfig,
    database::{DatabaseConfig, DatabaseUrl, PostgresUrl, UrlFault},
    fault::ConfigFault,
    friends::FriendsConfig,
    hosts::FOREIGN_HOST,
    inbox::InboxConfig,
    limits::{ConnectionPolicy, LimitsConfig},
    origins::Origins,
    outbox::OutboxConfig,
    points::PointsConfig,
    presence::PresenceConfig,
    redis::RedisConfig,
    rooms::RoomsConfig,
    server::{ServerConfig, TlsConfig},
    settings::{Setting, Settings},
    socketio::SocketIoConfig,
    sse::SseConfig,
    units::{format_duration, format_size, parse_duration, parse_size},
    users::UsersConfig,
};
use self::{
    raw::{Entry, File},
    reader::Reader,
};
use super::secret::Secret;

/// The shortest secret that may guard a server others can reach, in bytes: as long as the hash (RFC 7518, 3.2).
const SECRET_MIN_BYTES: usize = 32;

/// Where settings come from, beside the defaults. Later ones win.
#[derive(Default)]
pub struct Sources {
    /// TOML files; later ones win.
    pub files: Vec<PathBuf>,
    /// Variables; those that are not ours are passed over.
    pub environment: Vec<(String, String)>,
    /// Full names of keys (`server.listen`) and their values.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// The environment of this process.
    pub fn from_environment() -> Self {
        let text = |part: std::ffi::OsString| part.to_string_lossy().into_owned();
        Self {
            environment: std::env::vars_os()
                .map(|(variable, value)| (text(variable), text(value)))
                .collect(),
            ..Self::default()
        }
    }

    /// The same with one key set as by a flag.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.flags.push((key.to_owned(), value.into()));
        self
    }
}

/// A checked configuration: what its types say holds.
pub struct Config {
    /// Where and how clients are served.
    pub server: ServerConfig,
    /// Where state is kept.
    pub database: DatabaseConfig,
    /// What nodes tell each other through.
    pub redis: RedisConfig,
    /// This node among others.
    pub cluster: ClusterConfig,
    /// Whose tokens and keys are believed.
    pub auth: Changeable<AuthConfig>,
    /// Who is known.
    pub users: UsersConfig,
    /// When somebody counts as there.
    pub presence: PresenceConfig,
    /// How calls go.
    pub calls: CallsConfig,
    /// What people may write to each other.
    pub chat: ChatConfig,
    /// How many friends one may have.
    pub friends: FriendsConfig,
    /// What is kept of what backends publish.
    pub rooms: RoomsConfig,
    /// The points that come by themselves each day.
    pub points: PointsConfig,
    /// How long durable events wait for those who are away.
    pub inbox: InboxConfig,
    /// What may wait for one client.
    pub outbox: OutboxConfig,
    /// How event streams are served.
    pub sse: SseConfig,
    /// How clients of Socket.IO are served.
    pub socketio: SocketIoConfig,
    /// The webhook that clients' actions go to.
    pub actions: ActionsConfig,
    /// How much one may ask.
    pub limits: Changeable<LimitsConfig>,
    settings: Settings,
}

impl Config {
    /// Whether no credentials are configured: loopback only, with a secret of the server's own making.
    pub fn development(&self) -> bool {
        self.auth.now().development()
    }

    /// Whether a client may ask for this host (the header of that name, or the authority of its URI). Without credentials
    /// it must be this machine, or pages of others could be anybody (see `hosts`).
    pub fn admits_host(&self, host: &str) -> bool {
        !self.development() || hosts::is_this_machine(host)
    }

    /// What is in force, for people.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The relations between sections; those inside of one are checked there.
    fn check_together(&self) -> Result<(), ConfigFault> {
        let public = !self.server.listen.ip().is_loopback();
        let listen = self.server.listen;
        if public && self.development() {
            return Err(ConfigFault::Conflict {
                keys: &["server.listen", "auth.hs256_secret"],
                problem: format!(
                    "{listen} can be reached by others, and without credentials anybody could be anybody; set \
                     auth.hs256_secret, auth.public_key or auth.jwks_file, or listen on 127.0.0.1"
                ),
            });
        }
        self.check_secrets(listen)?;
        let message_size = self.limits.now().message_size;
        if message_size >= self.outbox.hard_limit {
            return Err(ConfigFault::Conflict {
                keys: &["limits.message_size", "outbox.hard_limit"],
                problem:
                    "a message that may come in must fit into the outbox of those whom it is for"
                        .to_owned(),
            });
        }
        if message_size >= self.socketio.max_payload {
            return Err(ConfigFault::Conflict {
                keys: &["limits.message_size", "socketio.max_payload"],
                problem:
                    "a message that may come in must fit into a payload, with what is around it"
                        .to_owned(),
            });
        }
        if self.rooms.max_state_bytes >= self.outbox.hard_limit {
            return Err(ConfigFault::Conflict {
                keys: &["rooms.max_state_bytes", "outbox.hard_limit"],
                problem: "the states of a room must fit into the outbox of whoever joins it"
                    .to_owned(),
            });
        }
        if self.actions.answer_size >= self.outbox.hard_limit {
            return Err(ConfigFault::Conflict {
                keys: &["actions.answer_size", "outbox.hard_limit"],
                problem: "an answer of the webhook must fit into the outbox of the one it is for"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// Secrets that guard a server others can reach are long.
    ///
    /// # Errors
    /// [`ConfigFault::Conflict`] with the first that is not.
    pub fn check_secrets(&self, listen: SocketAddr) -> Result<(), ConfigFault> {
        if listen.ip().is_loopback() {
            return Ok(());
        }
        let auth = self.auth.now();
        let webhook = self.actions.webhook.as_ref().map(|webhook| &webhook.secret);
        let weak = |secret: Option<&Secret>| {
            secret.is_some_and(|secret| secret.reveal().len() < SECRET_MIN_BYTES)
        };
        let looked_at = [
            (
                weak(auth.hs256_secret.as_ref()),
                &["server.listen", "auth.hs256_secret"],
            ),
            (
                weak(auth.hs256_previous_secret.as_ref()),
                &["server.listen", "auth.hs256_previous_secret"],
            ),
            (
                auth.api_keys.iter().any(|key| weak(Some(key))),
                &["server.listen", "auth.api_keys"],
            ),
            (weak(webhook), &["server.listen", "actions.secret"]),
            (
                weak(self.cluster.secret.as_ref()),
                &["server.listen", "cluster.secret"],
            ),
        ];
        for (is_weak, keys) in looked_at {
            if is_weak {
                return Err(ConfigFault::Conflict {
                    keys,
                    problem: format!(
                        "{listen} can be reached by others, so a secret needs {SECRET_MIN_BYTES} bytes or more"
                    ),
                });
            }
        }
        Ok(())
    }
}

/// Puts the sources together and checks them.
///
/// # Errors
/// The first fault, naming its key, where the value was written and what is allowed.
pub fn load(sources: &Sources) -> Result<Config, ConfigFault> {
    let files: Result<Vec<File>, ConfigFault> =
        sources.files.iter().map(|path| File::read(path)).collect();
    check(raw::merge(&files?, &sources.environment, &sources.flags)?)
}

/// Gives what is written its meaning.
fn check(entries: BTreeMap<String, Entry>) -> Result<Config, ConfigFault> {
    let mut reader = Reader::new(entries);
    let config = Config {
        server: ServerConfig::read(reader.section("server"))?,
        database: DatabaseConfig::read(reader.section("database"))?,
        redis: RedisConfig::read(reader.section("redis"))?,
        cluster: ClusterConfig::read(reader.section("cluster"))?,
        auth: Changeable::new(AuthConfig::read(reader.section("auth").reloadable())?),
        users: UsersConfig::read(reader.section("users"))?,
        presence: PresenceConfig::read(reader.section("presence"))?,
        calls: CallsConfig::read(reader.section("calls"))?,
        chat: ChatConfig::read(reader.section("chat"))?,
        friends: FriendsConfig::read(reader.section("friends"))?,
        rooms: RoomsConfig::read(reader.section("rooms"))?,
        points: PointsConfig::read(reader.section("points"))?,
        inbox: InboxConfig::read(reader.section("inbox"))?,
        outbox: OutboxConfig::read(reader.section("outbox"))?,
        sse: SseConfig::read(reader.section("sse"))?,
        socketio: SocketIoConfig::read(reader.section("socketio"))?,
        actions: ActionsConfig::read(reader.section("actions"))?,
        limits: Changeable::new(LimitsConfig::read(reader.section("limits").reloadable())?),
        settings: reader.finish(),
    };
    config.check_together()?;
    Ok(config)
}
