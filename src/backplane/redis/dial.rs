//! How a connection to Redis is made: to the address that is configured, or as somebody says who has a Redis of their own.

use std::{future::Future, pin::Pin};

use ::redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo as _, ProtocolVersion, RedisResult,
    aio::MultiplexedConnection, io::tcp::TcpSettings,
};

/// A connection that is being made.
pub type Dialing = Pin<Box<dyn Future<Output = RedisResult<MultiplexedConnection>>>>;

/// Makes a connection, which must speak RESP3, with these limits of time and this ear for what is pushed.
pub type Dial = Box<dyn Fn(AsyncConnectionConfig) -> Dialing + Send + Sync>;

/// Connects to an address over TCP.
///
/// # Errors
/// It is no address of a Redis.
pub(super) fn at(url: &str) -> RedisResult<Dial> {
    let info = url.into_connection_info()?;
    let settings = info.redis_settings().clone();
    let info = info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3));
    // Without it a message that follows another waits for the answer to that, which the system may hold back for 40 ms.
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let client = Client::open(info)?;
    Ok(Box::new(move |config| {
        let client = client.clone();
        Box::pin(async move {
            client
                .get_multiplexed_async_connection_with_config(&config)
                .await
        })
    }))
}
