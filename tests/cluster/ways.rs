//! The ways on which troubles are made do what they are told: each kind of trouble, between a client and a server that says back
//! whatever it hears.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::support::{Flow, PATIENCE, Tunnel, TunnelEnd};

/// Long enough for what goes through a tunnel on one machine, and short: it is waited for that nothing comes.
const SILENCE: Duration = Duration::from_millis(200);

/// A way to a server that says back what it hears, and a client of it who has been answered.
async fn connected() -> (Tunnel, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = Tunnel::to(listener.local_addr().unwrap()).await;
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = client.split();
                let _ = copy(&mut read, &mut write).await;
            });
        }
    });
    let mut client = TcpStream::connect(way.address()).await.unwrap();
    says(&mut client, "hello").await;
    assert_eq!(hears(&mut client).await.unwrap(), "hello");
    (way, client)
}

async fn says(client: &mut TcpStream, text: &str) {
    client.write_all(text.as_bytes()).await.unwrap();
}

async fn hears(client: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = [0; 64];
    let read = timeout(PATIENCE, client.read(&mut bytes)).await;
    let read = read.expect("something comes")?;
    Ok(String::from_utf8_lossy(&bytes[..read]).into_owned())
}

async fn hears_nothing(client: &mut TcpStream) {
    let heard = timeout(SILENCE, client.read_u8()).await;
    assert!(heard.is_err(), "{heard:?}");
}

#[tokio::test]
async fn bytes_that_vanish_close_nothing_until_it_is_over_and_then_the_connection_is_torn() {
    for (up, down) in [
        (Flow::Lost, Flow::Open),
        (Flow::Open, Flow::Lost),
        (Flow::Lost, Flow::Lost),
    ] {
        let (way, mut client) = connected().await;
        way.set(up, down);
        says(&mut client, "lost").await;
        hears_nothing(&mut client).await;
        way.heal();
        let torn = hears(&mut client).await.unwrap_err();
        assert_eq!(torn.kind(), ErrorKind::ConnectionReset, "{up:?} {down:?}");
        let mut client = TcpStream::connect(way.address()).await.unwrap();
        says(&mut client, "again").await;
        assert_eq!(hears(&mut client).await.unwrap(), "again");
    }
}

#[tokio::test]
async fn whoever_said_nothing_while_bytes_vanished_has_lost_nothing() {
    let (way, mut client) = connected().await;
    way.set(Flow::Lost, Flow::Lost);
    hears_nothing(&mut client).await;
    way.heal();
    says(&mut client, "still there").await;
    assert_eq!(hears(&mut client).await.unwrap(), "still there");
}

#[tokio::test]
async fn what_is_held_comes_later_and_whole() {
    let (way, mut client) = connected().await;
    way.block();
    says(&mut client, "held").await;
    hears_nothing(&mut client).await;
    way.unblock();
    assert_eq!(hears(&mut client).await.unwrap(), "held");
}

#[tokio::test]
async fn connections_end_as_they_are_told_and_who_comes_next_gets_through() {
    let (way, mut client) = connected().await;
    way.end(TunnelEnd::Finished);
    assert_eq!(hears(&mut client).await.unwrap(), "", "a proper end");
    let mut client = TcpStream::connect(way.address()).await.unwrap();
    says(&mut client, "hello").await;
    assert_eq!(hears(&mut client).await.unwrap(), "hello");
    way.end(TunnelEnd::Reset);
    let reset = hears(&mut client).await.unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    way.cut();
    let mut client = TcpStream::connect(way.address()).await.unwrap();
    assert!(matches!(
        hears(&mut client).await.as_deref(),
        Ok("") | Err(_)
    ));
}

#[tokio::test]
async fn what_is_late_or_thin_takes_its_time() {
    let (way, mut client) = connected().await;
    let began = Instant::now();
    way.set(Flow::Late(SILENCE, SILENCE * 2), Flow::Open);
    says(&mut client, "late").await;
    assert_eq!(hears(&mut client).await.unwrap(), "late");
    assert!(began.elapsed() >= SILENCE);
    way.set(Flow::Open, Flow::Thin(100));
    let began = Instant::now();
    says(&mut client, &"x".repeat(50)).await;
    let mut all = [0; 50];
    client.read_exact(&mut all).await.unwrap();
    assert!(
        began.elapsed() >= Duration::from_millis(400),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_way_is_torn_at_the_words_before_or_after_they_arrive() {
    let (way, mut client) = connected().await;
    way.set(Flow::Until("COMMIT"), Flow::Open);
    says(&mut client, "BEGIN").await;
    assert_eq!(hears(&mut client).await.unwrap(), "BEGIN");
    says(&mut client, "Q COMMIT;").await;
    let torn = hears(&mut client).await.unwrap_err();
    assert_eq!(torn.kind(), ErrorKind::ConnectionReset);
}
