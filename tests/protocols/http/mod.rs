//! HTTP/1.1 at its edges, by bytes (RFC 9110 and RFC 9112).
//!
//! | what comes | file |
//! |---|---|
//! | a request that two readers could read as different requests: lengths, codings, line ends | `smuggling` |
//! | a chunked body, right and wrong | `chunks` |
//! | a request that takes its time, in its head, its body, or the head of the next | `slow` |
//! | what lies behind a request to upgrade | `upgrading` |
//! | methods, targets, versions, `Expect`, many headers and long ones | `requests` |
//!
//! A request that cannot be read is answered by `actix-http` before anything of ours sees it, so its 400 and its 431 have no
//! body. What matters here is that they are the last answer: nothing behind such a request is read as another one.

mod chunks;
mod requests;
mod slow;
mod smuggling;
mod upgrading;
pub mod wire;

use crate::support::TestServer;
use wire::Wire;

/// A request that is always answered with 200, and closes nothing.
const ALIVE: &str = "GET /health/live HTTP/1.1\r\nHost: otomo\r\n\r\n";

/// What is answered to all that is said on one connection, in order, until the server ends it.
async fn statuses(server: &TestServer, said: &[u8]) -> Vec<u16> {
    let mut wire = Wire::to(server).await;
    wire.write(said).await;
    wire.statuses().await
}
