//! Where a server is and how people get in: the same for one in this process and one of its own.

use std::{net::SocketAddr, time::Duration};

use otomo::kernel::{
    config::{Sources, load},
    identity::{Identity, Role},
    time::Clock,
    token::Issuer,
};

use super::{Client, Connecting};

/// The secret of all test servers.
pub const SECRET: &str = "a secret of tests, long enough for HS256";

const HOUR: Duration = Duration::from_secs(3600);

/// The way into one server.
pub struct Endpoint {
    address: SocketAddr,
    issuer: Issuer,
}

impl Endpoint {
    /// The way into the server there.
    pub fn new(address: SocketAddr) -> Self {
        let sources = Sources::default().with("auth.hs256_secret", SECRET);
        let auth = load(&sources).expect("a sound configuration").auth.now();
        Self {
            address,
            issuer: Issuer::new(&auth).expect("a usable secret"),
        }
    }

    /// One that signs with another secret, and leads nowhere.
    pub fn signing_with(secret: &str) -> Self {
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            issuer: issuer(secret),
        }
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A token for an hour.
    pub fn token(&self, user: &str, role: Role) -> String {
        self.token_for(user, role, HOUR)
    }

    /// A token that is good for a while.
    pub fn token_for(&self, user: &str, role: Role, ttl: Duration) -> String {
        let token = self.issuer.sign(&identity(user, role, ttl));
        token.expect("a token")
    }

    /// A token for an hour that grants rooms.
    pub fn token_with_rooms(&self, user: &str, rooms: &[&str]) -> String {
        let rooms = rooms.iter().map(|room| (*room).to_owned()).collect();
        let identity = Identity {
            rooms,
            ..identity(user, Role::User, HOUR)
        };
        self.issuer.sign(&identity).expect("a token")
    }

    /// A token that somebody made who does not have the server's secret.
    pub fn forged(&self, user: &str, role: Role) -> String {
        let forger = issuer("a secret of somebody else, as long as ours");
        forger.sign(&identity(user, role, HOUR)).expect("a token")
    }

    /// An otomo who is connected and ready.
    pub async fn otomo(&self, user: &str) -> Client {
        self.connecting(user, Role::Otomo).ready().await
    }

    /// A user who is connected and ready.
    pub async fn user(&self, user: &str) -> Client {
        self.connecting(user, Role::User).ready().await
    }

    /// A connection about to be made, to say more about it.
    pub fn connecting(&self, user: &str, role: Role) -> Connecting {
        Connecting::new(self.address, user, self.token(user, role))
    }

    /// A handshake without a token.
    pub fn stranger(&self) -> Connecting {
        Connecting::new(self.address, "", String::new())
    }
}

fn issuer(secret: &str) -> Issuer {
    let sources = Sources::default().with("auth.hs256_secret", secret);
    let auth = load(&sources).expect("a sound configuration").auth.now();
    Issuer::new(&auth).expect("a usable secret")
}

fn identity(user: &str, role: Role, ttl: Duration) -> Identity {
    Identity {
        user: user.parse().expect("a user id"),
        role,
        name: Some(format!("{user}さん")),
        avatar: Some(format!("/avatars/{user}.jpg")),
        rooms: Vec::new(),
        expires_at: Clock::system().now() + ttl,
    }
}
