//! What a client says of itself when it connects to the namespace.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    kernel::ids::DeviceId,
    protocol::close_code::CloseCode,
    session::{
        env::Env,
        hello::{Credentials, Hello},
    },
    transport::credentials,
};

/// The payload of its CONNECT.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Auth {
    token: Option<String>,
    last_seq: Option<u64>,
    topics: Option<String>,
    device: Option<DeviceId>,
}

/// What the client says in JSON, on top of what the handshake said.
///
/// # Errors
/// What is wrong with it, naming the field. A bad token is not an error here: the session refuses it.
pub(super) fn introduced(handshake: &Hello, auth: &str, env: &Env) -> Result<Hello, String> {
    let mut hello = handshake.clone();
    // An object: fields could be read from an array, too, by their order.
    let auth = match serde_json::from_str(auth) {
        Ok(Value::Object(auth)) => Value::Object(auth),
        _ => return Err("auth: not a JSON object".to_owned()),
    };
    let auth: Auth = serde_json::from_value(auth).map_err(|error| format!("auth: {error}"))?;
    let options = &mut hello.options;
    if let Some(topics) = auth.topics {
        options.topics = topics
            .parse()
            .map_err(|error| format!("auth.topics: {error}"))?;
    }
    options.last_seq = auth.last_seq.or(options.last_seq);
    options.device = auth.device.or(options.device.take());
    if let Some(token) = auth.token {
        hello.credentials = credentials::verified(&token, &env.verifier, env.store.now());
    }
    if matches!(hello.credentials, Credentials::Awaited) {
        let reason = "say who you are: auth.token";
        hello.credentials = Credentials::Refused(CloseCode::BadToken, reason);
    }
    Ok(hello)
}
