//! Bad input gets a code and a sentence, closes no more than its own connection, and changes nothing.
//!
//! | what comes | file |
//! |---|---|
//! | text that is no command | `messages` |
//! | bytes that are no message: too large, not UTF-8, endless, against the protocol | `frames` |
//! | who says nothing of who they are, or something false; whom their role or page does not allow | `identities` |
//! | too much, and without an end | `floods` (and `deaf`, for who never reads) |
//! | nothing any more | `half_open` |
//!
//! Commands about a call that is not one's own are `calls::ending`'s to test, signals `calls::signalling`'s,
//! limits on how many connect `connecting`'s, a TLS handshake that does not end `tls`'s.

mod floods;
mod frames;
mod half_open;
mod identities;
mod messages;

use crate::support::{Client, End, Endpoint};

/// Somebody who has nothing to do with it.
struct Bystander(Client);

impl Bystander {
    /// Comes when everybody else is there, so that whatever they still hear is news.
    async fn of(endpoint: &Endpoint) -> Self {
        let mut bystander = endpoint.user("bystander").await;
        bystander.everything();
        Self(bystander)
    }

    /// They are served as before, and were told nothing.
    #[track_caller]
    fn is_undisturbed(&mut self) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            self.0.settled().await;
            let heard = self.0.everything();
            assert!(heard.is_empty(), "{at}: the bystander heard {heard:?}");
        }
    }
}

impl Client {
    /// Is told why, and closed with this code.
    #[track_caller]
    fn is_closed(&mut self, code: u16) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            let closing = self.expect("closing").await;
            assert_eq!(closing["code"], code, "{at}: {closing}");
            let reason = closing["reason"].as_str();
            assert!(
                reason.is_some_and(|reason| reason.len() > 10),
                "{at}: {closing}"
            );
            assert_eq!(self.ended().await, End::Closed(code), "{at}");
        }
    }
}
