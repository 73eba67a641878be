//! From an HTTP request to a connection that is ours (RFC 6455, section 4.2).
//!
//! `actix-http` hands over every request that asks to upgrade, on any path; the app's routes, CORS and
//! limits do not see them. So this checks host, method and version itself, gives the request to the
//! transport of its path, and answers those that are refused.

use std::{convert::Infallible, rc::Rc, sync::Arc, time::Duration};

use actix_codec::{Encoder as _, Framed};
use actix_http::{
    ConnectionType, Request, Response, ResponseBuilder, Version,
    body::{BodySize, MessageBody as _},
    h1,
    header::{self, HeaderName},
    ws::{HandshakeError, handshake},
};
use actix_service::{ServiceFactory, fn_service};
use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig},
};
use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt as _;

use super::{
    frames::Wire,
    refusal::{Denied, Refusal},
    socketio::{self, Sids},
    ws,
};
use crate::{
    kernel::config::FOREIGN_HOST,
    protocol::{error_code::ErrorCode, fault::Fault},
    session::{env::Env, gate::Gate},
};

/// What a request for a WebSocket hears that does not ask to upgrade. Such a one seldom comes from a client.
const NO_UPGRADE: &str = "a WebSocket begins here, by a request with the headers `Upgrade: websocket` and \
    `Connection: Upgrade`; a proxy must pass both on";

/// How long a client has to take the answer to a handshake that is refused.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that was taken over.
pub(super) struct Taken<W> {
    pub(super) wire: W,
    /// The answer to the handshake, which goes out before anything else.
    pub(super) response: Bytes,
    /// What came together with the handshake.
    pub(super) read_ahead: BytesMut,
}

/// Whose the connection becomes.
enum Opened {
    WebSocket(ws::handshake::Admitted),
    SocketIo(socketio::Admitted),
}

/// The service that takes connections over on one worker.
pub fn service<W: Wire + 'static>(
    env: Rc<Env>,
    gate: Arc<Gate>,
    sids: Arc<Sids>,
) -> impl ServiceFactory<
    (Request, Framed<W, h1::Codec>),
    Config = (),
    Response = (),
    Error = Infallible,
    InitError = (),
> {
    fn_service(move |(request, framed): (Request, Framed<W, h1::Codec>)| {
        let (env, gate, sids) = (Rc::clone(&env), Arc::clone(&gate), Arc::clone(&sids));
        async move {
            take_over(request, framed, env, &gate, &sids).await;
            Ok(())
        }
    })
}

/// What the HTTP application says where WebSockets are served: a request that asks to upgrade does not come to it.
pub fn routes(routes: &mut ServiceConfig) {
    let refuse = || async {
        let fault = Fault::new(ErrorCode::UpgradeRequired, NO_UPGRADE);
        HttpResponse::from(Refusal::from(fault))
    };
    routes.route(ws::PATH, web::to(refuse));
}

async fn take_over<W: Wire + 'static>(
    request: Request,
    framed: Framed<W, h1::Codec>,
    env: Rc<Env>,
    gate: &Gate,
    sids: &Arc<Sids>,
) {
    let mut parts = framed.into_parts();
    match open(&request, &env, gate, sids) {
        Ok((response, opened)) => {
            let message = h1::Message::Item((response.set_body(()), BodySize::None));
            if parts.codec.encode(message, &mut parts.write_buf).is_err() {
                return;
            }
            let taken = Taken {
                wire: parts.io,
                response: parts.write_buf.freeze(),
                // Copied: what was read shares the buffer in which the request came.
                read_ahead: BytesMut::from(&*parts.read_buf),
            };
            match opened {
                Opened::WebSocket(admitted) => admitted.begin(taken, env),
                Opened::SocketIo(admitted) => admitted.begin(taken, env, sids),
            }
        }
        Err((mut response, body)) => {
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
            let size = body.size();
            let message = h1::Message::Item((response.set_body(()), size));
            let encoded = parts.codec.encode(message, &mut parts.write_buf).is_ok()
                && parts
                    .codec
                    .encode(h1::Message::Chunk(Some(body)), &mut parts.write_buf)
                    .is_ok();
            if encoded {
                let goodbye = async {
                    parts.io.write_all(&parts.write_buf).await?;
                    parts.io.shutdown().await
                };
                // A client that does not take the answer is cut off: it has nothing here.
                let _ = actix_rt::time::timeout(REFUSAL_TIMEOUT, goodbye).await;
            }
        }
    }
}

fn open(
    request: &Request,
    env: &Env,
    gate: &Gate,
    sids: &Sids,
) -> Result<(Response<()>, Opened), Denied> {
    match request.path() {
        ws::PATH => {
            let (response, admitted) =
                ws::handshake::shake_hands(request, env, gate).map_err(Refusal::answer)?;
            Ok((response, Opened::WebSocket(admitted)))
        }
        path if socketio::PATHS.contains(&path) => {
            let (response, admitted) = socketio::shake_hands(request, env, gate, sids)?;
            Ok((response, Opened::SocketIo(admitted)))
        }
        _ => {
            let message = format!("there is no WebSocket here; connect to {}", ws::PATH);
            Err(Refusal::from(Fault::new(ErrorCode::NotFound, message)).answer())
        }
    }
}

/// The answer to a handshake that asks for what it should.
pub(super) fn response(request: &Request, env: &Env) -> Result<ResponseBuilder, Refusal> {
    let hosts = request.head().headers.get_all(header::HOST);
    let mut hosts = hosts.map(|host| host.to_str().unwrap_or_default());
    if !hosts.all(|host| env.config.admits_host(host)) {
        return Err(Fault::new(ErrorCode::Forbidden, FOREIGN_HOST).into());
    }
    // RFC 6455, section 4.1: a client says HTTP/1.1 or higher.
    if request.version() < Version::HTTP_11 {
        let message = "a WebSocket needs HTTP/1.1";
        return Err(Fault::new(ErrorCode::BadRequest, message).into());
    }
    if has_body(request) {
        let message = "a WebSocket begins with a request without a body";
        return Err(Fault::new(ErrorCode::BadRequest, message).into());
    }
    let checked = once(request).and_then(|()| handshake(request.head()));
    checked.map_err(|fault| not_a_handshake(&fault))
}

/// Whether something of the request itself comes behind its head: it would be read as frames (RFC 9110, section 7.8).
fn has_body(request: &Request) -> bool {
    let length = request.head().headers.get(header::CONTENT_LENGTH);
    length.is_some_and(|length| {
        length
            .as_bytes()
            .iter()
            .any(|digit| (b'1'..=b'9').contains(digit))
    })
}

/// RFC 6455, sections 11.3.1 and 11.3.5: headers that a request has once.
fn once(request: &Request) -> Result<(), HandshakeError> {
    let repeated = |name: HeaderName| request.head().headers.get_all(name).nth(1).is_some();
    if repeated(header::SEC_WEBSOCKET_KEY) {
        return Err(HandshakeError::BadWebsocketKey);
    }
    if repeated(header::SEC_WEBSOCKET_VERSION) {
        return Err(HandshakeError::UnsupportedVersion);
    }
    Ok(())
}

fn not_a_handshake(fault: &HandshakeError) -> Refusal {
    let (code, message) = match fault {
        HandshakeError::GetMethodRequired => (
            ErrorCode::MethodNotAllowed,
            "a WebSocket is opened by GET".to_owned(),
        ),
        // RFC 6455, section 4.4: the answer names the version that would do.
        HandshakeError::UnsupportedVersion | HandshakeError::NoVersionHeader => (
            ErrorCode::UpgradeRequired,
            "the version of WebSockets that is spoken here is 13".to_owned(),
        ),
        HandshakeError::NoWebsocketUpgrade | HandshakeError::NoConnectionUpgrade => {
            (ErrorCode::UpgradeRequired, NO_UPGRADE.to_owned())
        }
        HandshakeError::BadWebsocketKey => (
            ErrorCode::BadRequest,
            "the header Sec-WebSocket-Key is missing, comes twice, or is not 16 bytes in Base64"
                .to_owned(),
        ),
    };
    Fault::new(code, message).into()
}
