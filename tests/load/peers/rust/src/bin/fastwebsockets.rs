//! The plain protocol (`../../../README.md`) on fastwebsockets behind hyper.

use std::{convert::Infallible, io, pin::pin};

use bytes::Bytes;
use fastwebsockets::{
    FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError, WebSocketWrite,
    upgrade::{UpgradeFut, is_upgrade_request, upgrade},
};
use http_body_util::Empty;
use hyper::{
    Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use otomo_load_peers::{Command, Hub, Inbox, run};
use tokio::{
    io::{AsyncWrite, BufWriter},
    net::TcpListener,
};

/// Frames that wait for a connection go out in writes of this size at most.
const WRITE_BUFFER: usize = 2048;

fn main() -> io::Result<()> {
    run(accept)
}

async fn accept(listener: TcpListener) -> io::Result<()> {
    let hub = Hub::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let hub = hub.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, hub.clone()));
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            // A connection that breaks is closed, and nobody else minds.
            let _ = connection.await;
        });
    }
}

async fn answer(
    mut request: Request<Incoming>,
    hub: Hub<Bytes>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    if is_upgrade_request(&request)
        && let Ok((response, upgraded)) = upgrade(&mut request)
    {
        tokio::spawn(async {
            let _ = serve(upgraded, hub).await;
        });
        return Ok(response);
    }
    let mut refusal = Response::new(Empty::new());
    *refusal.status_mut() = StatusCode::UPGRADE_REQUIRED;
    Ok(refusal)
}

async fn serve(upgraded: UpgradeFut, hub: Hub<Bytes>) -> Result<(), WebSocketError> {
    let (mut reader, mut writer) = upgraded.await?.split(|stream| {
        let (read, write) = tokio::io::split(stream);
        (read, BufWriter::with_capacity(WRITE_BUFFER, write))
    });
    // Pings come here as they are: whoever reads does not write.
    reader.set_auto_pong(false);
    reader.set_auto_close(false);
    let mut reader = FragmentCollectorRead::new(reader);
    let mut unasked = nothing_to_send;
    let (mut member, mut inbox) = hub.join();
    loop {
        let frame = {
            // Begun once and kept until a frame is there: it must not be dropped in the middle of one.
            let mut read = pin!(reader.read_frame(&mut unasked));
            loop {
                tokio::select! {
                    frame = &mut read => break frame?,
                    Some(text) = inbox.recv() => tell(&mut writer, text, &mut inbox).await?,
                }
            }
        };
        match frame.opcode {
            OpCode::Text => {
                let text = bytes(frame.payload);
                if let Some(command) = Command::read(&text)
                    && let Some(answer) = member.obey(command, text)
                {
                    tell(&mut writer, answer, &mut inbox).await?;
                }
            }
            OpCode::Ping => {
                writer.write_frame(Frame::pong(frame.payload)).await?;
                writer.flush().await?;
            }
            OpCode::Close => {
                writer.write_frame(Frame::close_raw(frame.payload)).await?;
                return writer.flush().await;
            }
            _ => {}
        }
    }
}

/// What fastwebsockets asks for where it answers pings by itself.
async fn nothing_to_send(_frame: Frame<'_>) -> Result<(), WebSocketError> {
    Ok(())
}

/// Sends a text, and all that waits behind it in the same write.
async fn tell(
    writer: &mut WebSocketWrite<impl AsyncWrite + Unpin>,
    text: Bytes,
    inbox: &mut Inbox<Bytes>,
) -> Result<(), WebSocketError> {
    let mut next = Some(text);
    while let Some(text) = next {
        let frame = Frame::text(Payload::Borrowed(&text));
        writer.write_frame(frame).await?;
        next = inbox.try_recv().ok();
    }
    writer.flush().await
}

fn bytes(payload: Payload<'_>) -> Bytes {
    match payload {
        Payload::Bytes(bytes) => bytes.freeze(),
        other => Bytes::from(Vec::from(other)),
    }
}
