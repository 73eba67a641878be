//! How many connections a user may have (`limits.connections_per_user`, `limits.connection_policy`), to all nodes together.
//!
//! What other nodes have is asked once for each connection, and only where there are other nodes. Two that come at the same
//! moment on two nodes may both be let in: the limit is there to bound what one user costs, not to be exact.

use super::env::Env;
use crate::{
    delivery::{line::Client, lines::To, roster::ConnectedSession},
    kernel::config::ConnectionPolicy,
    protocol::close_code::CloseCode,
};

/// Why a user gets no further connection.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(pub(super) &'static str);

/// Holds the limit against the connections to this node. Whom a newcomer takes the place of is sent away once the newcomer is
/// served ([`take_over`]).
pub(super) fn admit(env: &Env, client: &Client) -> Result<(), Refused> {
    check(env, env.lines.roster().sessions(&client.user).len())
}

/// Holds it against those to all nodes.
pub(super) async fn admit_everywhere(env: &Env, client: &Client) -> Result<(), Refused> {
    let limits = &env.config.limits.now();
    let unlimited = limits.connections_per_user.is_none();
    match limits.connection_policy {
        ConnectionPolicy::Takeover => Ok(()),
        ConnectionPolicy::Allow if unlimited => Ok(()),
        ConnectionPolicy::Allow | ConnectionPolicy::Reject => {
            check(env, env.dispatch.sessions_everywhere(&client.user).await)
        }
    }
}

fn check(env: &Env, others: usize) -> Result<(), Refused> {
    let limits = &env.config.limits.now();
    let full = limits
        .connections_per_user
        .is_some_and(|most| others >= most.get() as usize);
    match limits.connection_policy {
        ConnectionPolicy::Takeover => Ok(()),
        ConnectionPolicy::Reject if others > 0 => Err(Refused("the user is connected already")),
        _ if full => Err(Refused("the user has too many connections")),
        _ => Ok(()),
    }
}

/// Closes the connections that were there before (`limits.connection_policy`). Not sooner: an otomo would be seen to
/// leave and come back. Of several newcomers the last in the roster stays; of those to several nodes the one that
/// began last.
pub(super) fn take_over(env: &Env, client: &Client) {
    if env.config.limits.now().connection_policy != ConnectionPolicy::Takeover {
        return;
    }
    let reason = "the user connected elsewhere";
    let sessions = env.lines.roster().sessions(&client.user);
    let earlier = |it: &ConnectedSession| it.at.session != client.session;
    for other in sessions.into_iter().take_while(earlier) {
        let to = To::Session(other.at);
        drop(env.dispatch.close(to, CloseCode::Replaced, reason));
    }
    let (user, code) = (&client.user, CloseCode::Replaced);
    env.dispatch
        .close_elsewhere(user, client.session, code, reason);
}
