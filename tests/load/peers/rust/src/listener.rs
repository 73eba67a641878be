//! How the peers listen, and what they run on.

use std::{io, net::SocketAddr};

use tokio::{
    net::{TcpListener, TcpSocket},
    runtime,
};

/// Connections that the kernel keeps until they are accepted. With tokio's own 128 many of ten thousand that come at
/// once would be dropped and come again a second later.
const BACKLOG: u32 = 4096;

/// Runs `serve` on one thread, since these servers get one core, with a listener on the port that the command line names.
///
/// # Errors
/// If the port cannot be listened on, or what `serve` fails with.
pub fn run<F>(serve: impl FnOnce(TcpListener) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>>,
{
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let port = port.ok_or_else(|| io::Error::other("the only argument is a port"))?;
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = listen(port)?;
        println!("listening {}", listener.local_addr()?.port());
        serve(listener).await
    })
}

/// Listens on this port of the loopback address; on a free one if it is 0.
///
/// # Errors
/// Those of the kernel.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    socket.listen(BACKLOG)
}
