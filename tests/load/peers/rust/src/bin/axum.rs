//! The plain protocol (`../../../README.md`) on axum's WebSockets, which are tungstenite's.

use std::io;

use axum::{
    Router,
    extract::{
        State,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    response::Response,
    routing::get,
    serve::ListenerExt as _,
};
use futures_util::SinkExt as _;
use otomo_load_peers::{Command, Hub, run};

/// Of a connection, as soon as it is there. axum's own is 128 KiB.
const READ_BUFFER: usize = 4096;

fn main() -> io::Result<()> {
    run(|listener| async {
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                eprintln!("a connection keeps its delay: {error}");
            }
        });
        let app = Router::new()
            .route("/", get(upgrade))
            .with_state(Hub::default());
        axum::serve(listener, app).await
    })
}

async fn upgrade(upgrade: WebSocketUpgrade, State(hub): State<Hub<Utf8Bytes>>) -> Response {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .on_upgrade(async |socket| {
            // A connection that breaks is closed, and nobody else minds.
            let _ = serve(socket, hub).await;
        })
}

async fn serve(mut socket: WebSocket, hub: Hub<Utf8Bytes>) -> Result<(), axum::Error> {
    let (mut member, mut inbox) = hub.join();
    loop {
        tokio::select! {
            Some(text) = inbox.recv() => {
                socket.feed(Message::Text(text)).await?;
                // All that waits goes out in one write.
                while let Ok(text) = inbox.try_recv() {
                    socket.feed(Message::Text(text)).await?;
                }
                socket.flush().await?;
            }
            received = socket.recv() => {
                let Some(message) = received.transpose()? else {
                    return Ok(());
                };
                let Message::Text(text) = message else {
                    continue;
                };
                if let Some(command) = Command::read(text.as_bytes())
                    && let Some(answer) = member.obey(command, text)
                {
                    socket.send(Message::Text(answer)).await?;
                }
            }
        }
    }
}
