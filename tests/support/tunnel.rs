//! A way to a server that can be blocked and cut: a phone in a real tunnel says no goodbye, and neither does the
//! network for it.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// What becomes of what goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// It waits.
    Blocked,
    /// Connections end, and new ones end at once.
    Cut,
}

/// Passes bytes on in both directions, until it is blocked or cut. Dropped, it ends what runs through it.
pub struct Tunnel {
    address: SocketAddr,
    way: watch::Sender<Way>,
    work: JoinHandle<()>,
}

impl Tunnel {
    /// A tunnel to an address.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let (way, _) = watch::channel(Way::Open);
        let work = tokio::spawn(dig(listener, server, way.subscribe()));
        Self { address, way, work }
    }

    /// Its entry.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing gets through, not even an end. Both sides still think that they are connected.
    pub fn block(&self) {
        self.way.send_replace(Way::Blocked);
    }

    /// What was held back gets through, and what comes from now on.
    pub fn unblock(&self) {
        self.way.send_replace(Way::Open);
    }

    /// What runs through it ends, and so does at once whatever comes, until it is healed.
    pub fn cut(&self) {
        self.way.send_replace(Way::Cut);
    }

    /// What comes from now on gets through.
    pub fn heal(&self) {
        self.way.send_replace(Way::Open);
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// Takes in whoever comes. A server that does not listen is like a way that is cut.
async fn dig(listener: TcpListener, server: SocketAddr, mut way: watch::Receiver<Way>) {
    let mut runs = JoinSet::new();
    loop {
        tokio::select! {
            Ok(()) = way.changed() => {
                if *way.borrow_and_update() == Way::Cut {
                    runs.abort_all();
                }
            }
            Ok((client, _)) = listener.accept() => {
                if *way.borrow() == Way::Cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(server).await else {
                    continue;
                };
                // What goes through is not held back to go together.
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                runs.spawn(pass_on(from_client, to_server, way.clone()));
                runs.spawn(pass_on(from_server, to_client, way.clone()));
            }
        }
        while runs.try_join_next().is_some() {}
    }
}

/// Passes on what comes from one side, and its end, while the tunnel is not blocked.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes).await.unwrap_or(0);
        if way.wait_for(|way| *way != Way::Blocked).await.is_err() {
            return;
        }
        // A side that has gone takes nothing: then the other hears of the end.
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            let _ = to.shutdown().await;
            return;
        }
    }
}
