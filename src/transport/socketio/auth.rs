//! What a client says of itself when it connects to the namespace.

use serde::Deserialize;

use crate::{
    kernel::{ids::DeviceId, unreadable},
    protocol::{close_code::CloseCode, spec::Topics},
    session::{
        env::Env,
        hello::{Credentials, Hello},
    },
    transport::credentials,
};

/// The payload of its CONNECT.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Auth {
    pub(super) token: Option<String>,
    pub(super) last_seq: Option<u64>,
    topics: Option<String>,
    device: Option<DeviceId>,
}

impl Auth {
    /// # Errors
    /// What is wrong with it, in plain words.
    pub(super) fn read(said: &str) -> Result<Self, String> {
        // Fields could be read from an array, too, by their order.
        if !said.trim_start().starts_with('{') {
            return Err("auth must be an object".to_owned());
        }
        unreadable::read(said.as_bytes()).map_err(|unreadable| match unreadable.path.as_str() {
            "" => unreadable.within("auth"),
            field => format!("auth.{field} {}", unreadable.message),
        })
    }

    /// The topics that it names, if it names any.
    pub(super) fn topics(&self) -> Result<Option<Topics>, String> {
        let topics = self.topics.as_deref().map(str::parse).transpose();
        topics.map_err(|unknown| format!("auth.topics: {unknown}"))
    }
}

/// What the client says in JSON, on top of what the handshake said.
///
/// # Errors
/// What is wrong with it, naming the field. A bad token is not an error here: the session refuses it.
pub(super) fn introduced(handshake: &Hello, said: &str, env: &Env) -> Result<Hello, String> {
    let mut hello = handshake.clone();
    let auth = Auth::read(said)?;
    let options = &mut hello.options;
    options.topics = auth.topics()?.unwrap_or(options.topics);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// It spoke of this program's own types once.
    #[test]
    fn what_cannot_be_read_is_told_in_plain_words_and_where_it_is() {
        for (said, told) in [
            ("[\"a.b.c\"]", "auth must be an object"),
            (
                r#"{"lastSeq":"7"}"#,
                "auth.lastSeq must be a whole number from 0 to 18446744073709551615, and is a string",
            ),
            (
                r#"{"token":{}}"#,
                "auth.token must be a string, and is an object",
            ),
            (r#"{"token":"a","token":"b"}"#, "auth.token is there twice"),
        ] {
            assert_eq!(Auth::read(said).err().as_deref(), Some(told), "{said}");
        }
        let auth = Auth::read(r#"{"topics":"weather"}"#).unwrap();
        assert!(
            auth.topics()
                .unwrap_err()
                .starts_with("auth.topics: unknown topic `weather`")
        );
    }
}
