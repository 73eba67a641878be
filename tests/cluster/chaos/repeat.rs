//! Messages that come twice. TCP does not allow it, so it is done where messages are whole: somebody hears all that is said on
//! Redis, and says it once more.

use std::{collections::HashSet, time::Duration};

use futures_util::StreamExt as _;
use redis::{AsyncCommands as _, Client, RedisResult};
use tokio::time::{Instant, timeout_at};

use crate::support::PATIENCE;

/// A message, and where it is said.
type Said = (String, Vec<u8>);

/// For so long everybody hears everything twice; longer where nobody says anything, until somebody does.
pub async fn for_a_while(redis: &str, length: Duration) {
    let repeated = repeat(redis, length).await.expect("Redis goes on");
    println!("  {repeated} messages came twice");
    assert!(repeated > 0, "nobody says anything on Redis");
}

async fn repeat(redis: &str, length: Duration) -> RedisResult<usize> {
    let client = Client::open(redis)?;
    let mut publisher = client.get_multiplexed_async_connection().await?;
    let mut listener = client.get_async_pubsub().await?;
    listener.psubscribe("*").await?;
    let mut messages = listener.on_message();
    // What was said twice, and is yet to come the second time.
    let mut ours: HashSet<Said> = HashSet::new();
    let (ends, mut repeated) = (Instant::now() + length, 0);
    loop {
        let until = if repeated == 0 { ends + PATIENCE } else { ends };
        let Ok(message) = timeout_at(until, messages.next()).await else {
            return Ok(repeated);
        };
        let message = message.expect("Redis goes on");
        let said = (
            message.get_channel_name().to_owned(),
            message.get_payload_bytes().to_owned(),
        );
        if !ours.remove(&said) {
            let (channel, payload) = said.clone();
            ours.insert(said);
            publisher.publish::<_, _, i64>(channel, payload).await?;
            repeated += 1;
        }
    }
}
