//! What every backplane must do.

#[path = "../../support/redis.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod redis;
#[path = "../../support/tunnel.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod tunnel;

/// The tools themselves: a Redis that restarts is empty, one that is frozen does not answer, a way that is cut ends.
#[tokio::test]
async fn a_redis_can_be_ended_frozen_and_cut_off() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut redis = redis::Redis::start();
    assert_eq!(redis.say("SET a 1"), "+OK\r\n");
    redis.freeze();
    redis.thaw();
    assert_eq!(redis.say("GET a"), "$1\r\n1\r\n");
    redis.restart();
    assert_eq!(redis.say("GET a"), "$-1\r\n");
    let tunnel = tunnel::Tunnel::to(redis.address()).await;
    let dial = || tokio::net::TcpStream::connect(tunnel.address());
    let mut connection = dial().await.unwrap();
    let mut answer = [0; 7];
    connection.write_all(b"PING\r\n").await.unwrap();
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
    tunnel.cut();
    assert_eq!(connection.read(&mut answer).await.unwrap_or(0), 0);
    assert_eq!(
        dial().await.unwrap().read(&mut answer).await.unwrap_or(0),
        0
    );
    tunnel.heal();
    let mut connection = dial().await.unwrap();
    connection.write_all(b"PING\r\n").await.unwrap();
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}
