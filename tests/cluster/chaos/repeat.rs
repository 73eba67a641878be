//! Messages that come twice. TCP does not allow it, so it is done where messages are whole: somebody hears all that is said on
//! Redis, and says it once more.

use std::{collections::HashMap, time::Duration};

use futures_util::StreamExt as _;
use redis::{AsyncCommands as _, Client, RedisResult};
use tokio::time::timeout;

/// A message, and where it is said.
type Said = (String, Vec<u8>);

/// For so long everybody hears everything twice.
pub async fn for_a_while(redis: &str, length: Duration) {
    let mut repeated = 0;
    let ended = timeout(length, repeat(redis, &mut repeated)).await;
    assert!(ended.is_err(), "Redis goes on: {ended:?}");
    println!("  {repeated} messages came twice");
}

async fn repeat(redis: &str, repeated: &mut usize) -> RedisResult<()> {
    let client = Client::open(redis)?;
    let mut publisher = client.get_multiplexed_async_connection().await?;
    let mut listener = client.get_async_pubsub().await?;
    listener.psubscribe("*").await?;
    let mut messages = listener.on_message();
    let mut ours: HashMap<Said, usize> = HashMap::new();
    while let Some(message) = messages.next().await {
        let said = (
            message.get_channel_name().to_owned(),
            message.get_payload_bytes().to_owned(),
        );
        if let Some(times) = ours.get_mut(&said).filter(|times| **times > 0) {
            *times -= 1;
            continue;
        }
        let (channel, payload) = said.clone();
        *ours.entry(said).or_default() += 1;
        publisher.publish::<_, _, i64>(channel, payload).await?;
        *repeated += 1;
    }
    Ok(())
}
