//! What needs no protocol library: bytes to the server and what comes back, and its page of metrics.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{Endpoint, PATIENCE};

/// Pause between two looks at the metrics.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Endpoint {
    /// Sends bytes and returns all that comes back until the server ends the connection, properly.
    pub async fn raw(&self, request: &str) -> String {
        self.try_raw(request).await.expect("a proper end")
    }

    /// The same, but a connection that is cut off is an error.
    pub async fn try_raw(&self, request: &str) -> std::io::Result<String> {
        let exchange = async {
            let mut stream = TcpStream::connect(self.address()).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok(String::from_utf8_lossy(&answer).into_owned())
        };
        timeout(PATIENCE, exchange).await.expect("an end")
    }

    /// Waits until the metrics have this line.
    pub async fn metric(&self, line: &str) {
        let found = timeout(PATIENCE, async {
            while !self.metrics().await.lines().any(|it| it == line) {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        });
        assert!(
            found.await.is_ok(),
            "no {line} in\n{}",
            self.metrics().await
        );
    }

    /// The page of metrics.
    pub async fn metrics(&self) -> String {
        self.raw("GET /metrics HTTP/1.1\r\nHost: otomo\r\nConnection: close\r\n\r\n")
            .await
    }
}
