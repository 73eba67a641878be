//! To use up what others need: each attempt meets its documented bound, costs no memory, and everybody else is served.
//!
//! Shown elsewhere: floods of commands, fragments, pings and faults (`tests/server/bad_input/floods`); clients that never read
//! (`tests/server/deaf`); deep and huge messages on sockets (`tests/server/bad_input/{messages,frames}`); handshakes and bodies that
//! do not end (`tests/server/bad_input/half_open`, `tests/server/tls`, `tests/rest/slow`); connections of one user, of one address
//! and in all (`tests/server/connecting`, `src/session/gate`, `tests/rest/slow`); rooms and their states (`tests/server/rooms`);
//! messages a minute, typing and members of a group (`tests/server/chat/{limits,typing}`, `tests/rest/groups`); friends and their
//! requests (`tests/rest/friends`); events of a backend (`tests/rest/events`); answers of a webhook (`tests/server/actions`).

mod bodies;
mod crowds;
mod http2;
mod patterns;

use crate::support::{Client, Endpoint};

/// Somebody who has nothing to do with it, and is served all the while.
struct Bystander<'a> {
    server: &'a Endpoint,
    client: Client,
}

impl<'a> Bystander<'a> {
    async fn of(server: &'a Endpoint) -> Self {
        let client = server.user("bystander").await;
        Self { server, client }
    }

    /// Their connection is served as before, and a new one is let in.
    async fn is_served(&mut self) {
        self.client.settled().await;
        let again = self.server.user("bystander").await;
        again.log_out().await;
    }
}
