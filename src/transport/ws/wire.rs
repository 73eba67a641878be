//! The byte stream under a WebSocket: plain TCP, or TLS on it.

use std::{io, pin::Pin, task::Poll};

use actix_rt::net::{ActixStream, TcpStream};
use actix_tls::accept::rustls_0_23::TlsStream;
use tokio::io::ReadBuf;

/// A stream that can be driven from outside its own task: a worker's delivery writes to thousands of
/// sockets in one go, and each socket's own task only takes over where a socket is full.
pub trait Wire: ActixStream {
    /// Whether what was written may still be inside, to be passed on by [`Wire::poll_through`].
    const BUFFERS: bool;

    /// Writes what the socket takes now, else arranges for `task` to be woken when it takes more.
    fn poll_send(
        &mut self,
        task: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self).poll_write(task, bytes)
    }

    /// Reads what is there, else arranges for `task` to be woken.
    fn poll_receive(
        &mut self,
        task: &mut std::task::Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(self).poll_read(task, into)
    }

    /// Passes on what was written but is still inside (TLS records).
    fn poll_through(&mut self, task: &mut std::task::Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self).poll_flush(task)
    }
}

impl Wire for TcpStream {
    const BUFFERS: bool = false;

    /// Tries first: tokio's budget for cooperative scheduling would stop a fan-out after 128 sockets.
    fn poll_send(
        &mut self,
        task: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
            match TcpStream::poll_write_ready(self, task) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Wire for TlsStream<TcpStream> {
    const BUFFERS: bool = true;
}
