//! A way to a server on which the network's troubles are made: a phone in a real tunnel says no goodbye, and neither does the
//! network for it.
//!
//! What goes through is TCP, so no byte is repeated or passes another: that would be a broken network card, and TCP itself would
//! refuse it. What is said twice, clients say twice. Bytes that vanished tear their connection for good; it is reset once the
//! trouble is over, as a network does that has forgotten it.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

/// What is passed on at once, at most.
const PIECE: usize = 16 * 1024;

/// What becomes of what goes through in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "some are for the tests of several nodes")]
pub enum Flow {
    /// It gets through.
    Open,
    /// It waits, and so does an end.
    Held,
    /// It vanishes, and so does an end.
    Lost,
    /// Each piece is late, by a time between these two that differs from piece to piece.
    Late(Duration, Duration),
    /// So many bytes get through in a second.
    Thin(u32),
    /// It gets through until these words come, which is the end: they do not arrive.
    Until(&'static str),
    /// The same, and they arrive. What is answered does not.
    Through(&'static str),
}

/// How the connections end that run through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "some are for the tests of several nodes")]
pub enum End {
    /// Both sides hear of a proper end (FIN).
    Finished,
    /// Both sides hear that there is no such connection (RST).
    Reset,
}

/// The state of the way.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// From the client to the server, and back.
    up: Flow,
    down: Flow,
    /// New connections end at once.
    cut: bool,
    /// How often what ran through it was ended, and how the last time.
    ended: u64,
    end: End,
}

/// Passes bytes on in both directions, as long as nothing else is asked for. Dropped, it ends what runs through it.
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
        let (way, _) = watch::channel(Way {
            up: Flow::Open,
            down: Flow::Open,
            cut: false,
            ended: 0,
            end: End::Finished,
        });
        let work = tokio::spawn(dig(listener, server, way.subscribe()));
        Self { address, way, work }
    }

    /// Its entry.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What becomes from now on of what clients send, and of what the server sends.
    pub fn set(&self, up: Flow, down: Flow) {
        self.way.send_modify(|way| (way.up, way.down) = (up, down));
    }

    /// From now on nothing gets through, not even an end. Both sides still think that they are connected.
    pub fn block(&self) {
        self.set(Flow::Held, Flow::Held);
    }

    /// What was held back gets through, and what comes from now on.
    pub fn unblock(&self) {
        self.set(Flow::Open, Flow::Open);
    }

    /// What runs through it now ends. Whoever comes from now on gets through.
    pub fn end(&self, end: End) {
        self.way.send_modify(|way| {
            way.ended += 1;
            way.end = end;
        });
    }

    /// What runs through it ends, and so does at once whatever comes, until it is healed.
    pub fn cut(&self) {
        self.way.send_modify(|way| way.cut = true);
        self.end(End::Finished);
    }

    /// What comes from now on gets through.
    pub fn heal(&self) {
        self.way.send_modify(|way| {
            way.cut = false;
            (way.up, way.down) = (Flow::Open, Flow::Open);
        });
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// Takes in whoever comes. A server that does not listen is like a way that is cut.
async fn dig(listener: TcpListener, server: SocketAddr, way: watch::Receiver<Way>) {
    let mut runs = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        while runs.try_join_next().is_some() {}
        let Way { cut, ended, .. } = *way.borrow();
        if !cut {
            runs.spawn(carry(client, server, way.clone(), ended));
        }
    }
}

/// One connection, to its end. It was `born` when so many times all had been ended.
async fn carry(
    mut client: TcpStream,
    server: SocketAddr,
    mut way: watch::Receiver<Way>,
    born: u64,
) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    // What goes through is not held back to go together.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (flows, end) = (way.clone(), way.clone());
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let both = async {
        tokio::try_join!(
            pass_on(from_client, to_server, flows.clone(), |way| way.up),
            pass_on(from_server, to_client, flows, |way| way.down),
        )
    };
    let torn = tokio::select! {
        passed = both => passed.is_err(),
        // A tunnel that is gone leaves it to be dropped.
        _ = way.wait_for(|way| way.ended != born) => end.borrow().end == End::Reset,
    };
    if torn {
        for side in [&client, &server] {
            let _ = socket2::SockRef::from(side).set_linger(Some(Duration::ZERO));
        }
    }
}

/// What comes after this means nothing: bytes have vanished.
struct Torn;

/// Passes on what comes from one side, and its end.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
    flow: fn(&Way) -> Flow,
) -> Result<(), Torn> {
    let mut bytes = vec![0; PIECE];
    for piece in 0_u64.. {
        let most = match flow(&way.borrow()) {
            Flow::Thin(rate) => usize::try_from(rate / 10).map_or(PIECE, |it| it.clamp(1, PIECE)),
            _ => PIECE,
        };
        let read = from.read(&mut bytes[..most]).await.unwrap_or(0);
        let now = flow(&way.borrow());
        match now {
            Flow::Late(least, most) => sleep(least + (most - least) * scattered(piece) / 256).await,
            Flow::Thin(rate) => sleep(Duration::from_secs(1) * read as u32 / rate).await,
            _ => {}
        }
        if way.wait_for(|way| flow(way) != Flow::Held).await.is_err() {
            return Ok(());
        }
        let now = flow(&way.borrow());
        if now == Flow::Lost {
            let _ = way.wait_for(|way| flow(way) != Flow::Lost).await;
            return Err(Torn);
        }
        if let Flow::Until(words) | Flow::Through(words) = now
            && bytes[..read]
                .windows(words.len())
                .any(|it| it == words.as_bytes())
        {
            if now == Flow::Through(words) {
                let _ = to.write_all(&bytes[..read]).await;
            }
            return Err(Torn);
        }
        // A side that has gone takes nothing: then the other hears of the end.
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            let _ = to.shutdown().await;
            return Ok(());
        }
    }
    Ok(())
}

/// A number below 256 that looks like chance, the same for the same piece.
fn scattered(piece: u64) -> u32 {
    ((piece + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u32
}
