//! A second hold on a connection, beside the HTTP dispatcher's.
//!
//! The dispatcher asks a body for more only while it can write. So a client that takes nothing would keep its connection,
//! and whatever the body has to say about that: it is cut from outside.

use std::{net::Shutdown, os::fd::AsFd, rc::Rc, time::Duration};

use actix_http::Extensions;
use socket2::{SockRef, Socket};

/// How much later than our own patience the kernel's ends, so that ours comes first and says why.
#[cfg(target_os = "linux")]
const LATER: Duration = Duration::from_secs(3);

/// A connection's socket.
#[derive(Clone)]
pub(super) struct Handle(Rc<Socket>);

/// Keeps a hold on a connection that has just been accepted, for the requests on it.
pub fn remember(connection: &impl AsFd, data: &mut Extensions) {
    // Without one (no descriptors left) a stream is as it would be on HTTP/2, where a connection is not its own.
    if let Ok(socket) = SockRef::from(connection).try_clone() {
        data.insert(Handle(Rc::new(socket)));
    }
}

impl Handle {
    /// Has the kernel end the connection when the client acknowledges nothing for this long. Nobody answers a heartbeat, so
    /// this is how a client is missed whose network is gone.
    pub(super) fn give_up_after(&self, patience: Duration) {
        #[cfg(target_os = "linux")]
        if let Err(error) = self.0.set_tcp_user_timeout(Some(patience + LATER)) {
            log::debug!("a stream's timeout was not set cause={error}");
        }
    }

    /// Ends the connection at once.
    pub(super) fn cut(&self) {
        // Refused only if it has ended already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
