//! The byte stream under a WebSocket: plain TCP, or TLS on it.

use std::{
    io,
    os::fd::AsRawFd as _,
    pin::Pin,
    task::{Context, Poll},
};

use crate::delivery::express::BareSocket;
use actix_rt::net::{ActixStream, Ready, TcpStream};
use actix_tls::accept::rustls_0_23::TlsStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that can be driven from outside its own task: a worker's delivery writes to thousands of
/// sockets in one go, and each socket's own task only takes over where a socket is full.
pub trait Wire: ActixStream + Sized {
    /// Whether what was written may still be inside, to be passed on by [`Wire::poll_through`].
    fn buffers(&self) -> bool;

    /// The socket, if what is written to it goes out as it is.
    fn bare(&self) -> Option<BareSocket>;

    /// As one type, whichever it is.
    fn into_any(self) -> AnyWire;

    /// Writes what the socket takes now, else arranges for `task` to be woken when it takes more.
    fn poll_send(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self).poll_write(task, bytes)
    }

    /// Reads what is there, else arranges for `task` to be woken.
    fn poll_receive(
        &mut self,
        task: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(self).poll_read(task, into)
    }

    /// Passes on what was written but is still inside (TLS records).
    fn poll_through(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self).poll_flush(task)
    }
}

impl Wire for TcpStream {
    fn buffers(&self) -> bool {
        false
    }

    fn into_any(self) -> AnyWire {
        AnyWire::Tcp(self)
    }

    fn bare(&self) -> Option<BareSocket> {
        Some(BareSocket::new(self.as_raw_fd()))
    }

    /// Tries first: tokio's budget for cooperative scheduling would stop a fan-out after 128 sockets.
    fn poll_send(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
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
    fn buffers(&self) -> bool {
        true
    }

    fn into_any(self) -> AnyWire {
        AnyWire::Tls(Box::new(self))
    }

    fn bare(&self) -> Option<BareSocket> {
        None
    }
}

/// Either of them, where one may come from another worker: what travels between threads has one type. A tokio stream can be
/// polled by any thread for as long as the runtime lives in which it was accepted.
pub enum AnyWire {
    /// Plain TCP.
    Tcp(TcpStream),
    /// TLS on it.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Calls the same method of whichever it is.
macro_rules! either {
    ($any:expr, $wire:ident => $call:expr) => {
        match $any {
            AnyWire::Tcp($wire) => $call,
            AnyWire::Tls($wire) => {
                let $wire = &mut **$wire;
                $call
            }
        }
    };
}

impl AsyncRead for AnyWire {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self.get_mut(), wire => Pin::new(wire).poll_read(task, into))
    }
}

impl AsyncWrite for AnyWire {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), wire => Pin::new(wire).poll_write(task, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), wire => Pin::new(wire).poll_flush(task))
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), wire => Pin::new(wire).poll_shutdown(task))
    }
}

impl ActixStream for AnyWire {
    fn poll_read_ready(&self, task: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        match self {
            Self::Tcp(wire) => ActixStream::poll_read_ready(wire, task),
            Self::Tls(wire) => wire.poll_read_ready(task),
        }
    }

    fn poll_write_ready(&self, task: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        match self {
            Self::Tcp(wire) => ActixStream::poll_write_ready(wire, task),
            Self::Tls(wire) => wire.poll_write_ready(task),
        }
    }
}

impl Wire for AnyWire {
    fn buffers(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    fn into_any(self) -> AnyWire {
        self
    }

    fn bare(&self) -> Option<BareSocket> {
        match self {
            Self::Tcp(wire) => wire.bare(),
            Self::Tls(_) => None,
        }
    }

    fn poll_send(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, wire => wire.poll_send(task, bytes))
    }
}
