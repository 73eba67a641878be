//! A connection of HTTP beside its dispatcher: a second handle of its socket, and what is known of its requests.
//!
//! The dispatcher polls a body only while it can write. So a body cannot end the connection of a client that has stopped
//! reading; this handle can.

use std::{net::Shutdown, os::fd::AsFd, rc::Rc, time::Duration};

use actix_http::Extensions;
use socket2::{SockRef, Socket};

use super::idle::{Patience, Requests};

/// How much longer than our own timeout the kernel's is, so that ours comes first and says why.
#[cfg(target_os = "linux")]
const KERNEL_MARGIN: Duration = Duration::from_secs(3);

/// A handle of a connection's socket.
#[derive(Clone)]
pub(super) struct SocketHandle(Rc<Socket>);

/// Keeps a handle of a connection that has just been accepted, for the requests on it.
pub fn remember(connection: &impl AsFd, patience: Patience, data: &mut Extensions) {
    // Without one (no descriptors left) a stream is served as on HTTP/2, where its connection is shared.
    if let Ok(socket) = SockRef::from(connection).try_clone() {
        let handle = SocketHandle(Rc::new(socket));
        data.insert(Requests::on(handle.clone(), patience));
        data.insert(handle);
    }
}

impl SocketHandle {
    /// Has the kernel end the connection when the client acknowledges nothing for this long. A client does not answer the
    /// heartbeat of a stream, so this is how it is noticed that its network is gone.
    pub(super) fn give_up_after(&self, patience: Duration) {
        #[cfg(target_os = "linux")]
        if let Err(error) = self.0.set_tcp_user_timeout(Some(patience + KERNEL_MARGIN)) {
            log::debug!("a stream's timeout was not set cause={error}");
        }
    }

    /// Ends the connection at once.
    pub(super) fn cut(&self) {
        // Fails only if it has ended already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
