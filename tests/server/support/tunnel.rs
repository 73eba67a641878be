//! A way to the server that can be blocked: a phone in a real tunnel says no goodbye, and neither does the
//! network for it.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Passes bytes on in both directions, until it is blocked. Dropped, it ends what runs through it.
pub struct Tunnel {
    address: SocketAddr,
    open: watch::Sender<bool>,
    work: JoinHandle<()>,
}

impl Tunnel {
    /// A tunnel to an address.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let (open, is_open) = watch::channel(true);
        let work = tokio::spawn(async move {
            let mut ways = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server)
                    .await
                    .expect("the server listens");
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                ways.spawn(pass_on(from_client, to_server, is_open.clone()));
                ways.spawn(pass_on(from_server, to_client, is_open.clone()));
            }
        });
        Self {
            address,
            open,
            work,
        }
    }

    /// Its entry.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing gets through, not even an end. Both sides still think that they are connected.
    pub fn block(&self) {
        self.open.send_replace(false);
    }

    /// What was held back gets through, and what comes from now on.
    pub fn unblock(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// Passes on what comes from one side, and its end, while the tunnel is open.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut is_open: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes).await.unwrap_or(0);
        if is_open.wait_for(|open| *open).await.is_err() {
            return;
        }
        // A side that has gone takes nothing: then the other hears of the end.
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            let _ = to.shutdown().await;
            return;
        }
    }
}
