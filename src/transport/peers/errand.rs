//! What one node asks of another in the name of a client, and the signature by which that knows who asks.
//!
//! Pure: the caller says what time it is.

use std::{fmt::Write as _, time::Duration};

use actix_http::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::kernel::{ids::NodeId, secret::Secret, time::Timestamp};

const FROM: HeaderName = HeaderName::from_static("x-otomo-from");
const TO: HeaderName = HeaderName::from_static("x-otomo-to");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-otomo-timestamp");
const ERRAND: HeaderName = HeaderName::from_static("x-otomo-errand");
const CLIENT: HeaderName = HeaderName::from_static("x-otomo-client");
const DIGEST: HeaderName = HeaderName::from_static("x-otomo-digest");
const SIGNATURE: HeaderName = HeaderName::from_static("x-otomo-signature");

/// What a signature begins with: how it was made.
const VERSION: &str = "v1";

/// How old, or how far ahead, the time of an errand may be. Clocks of nodes differ by a second at most, or they are not ready.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// An errand, but for its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Errand {
    /// Names it for good, so that it is not run twice.
    pub(super) id: Uuid,
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) at: Timestamp,
    /// Where the client is, as far as the asking node knows: `-` or an address.
    pub(super) client: String,
    /// The SHA-256 of the body, in hexadecimal.
    pub(super) digest: String,
}

/// Why an errand is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotOurs {
    /// It lacks what each has, or says it in other words.
    #[error("a header is missing or malformed")]
    Malformed,
    /// It is for another node.
    #[error("it is for another node")]
    Misdirected,
    /// Its time is too far from ours.
    #[error("its time is not ours")]
    Stale,
    /// Whoever sent it does not know the secret.
    #[error("the signature is wrong")]
    Forged,
    /// It was run already.
    #[error("it was run already")]
    Repeated,
    /// The body is not the one that was signed.
    #[error("the body is another one")]
    Altered,
}

impl Errand {
    /// The headers that carry it.
    pub(super) fn headers(
        &self,
        method: &Method,
        target: &str,
        secret: &Secret,
    ) -> [(HeaderName, String); 7] {
        [
            (FROM, self.from.to_string()),
            (TO, self.to.to_string()),
            (TIMESTAMP, self.at.millis().to_string()),
            (ERRAND, self.id.to_string()),
            (CLIENT, self.client.clone()),
            (DIGEST, self.digest.clone()),
            (SIGNATURE, self.signature(method, target, secret)),
        ]
    }

    /// Reads an errand that is for `here` and was signed not long before or after `now`.
    pub(super) fn read(
        headers: &HeaderMap,
        method: &Method,
        target: &str,
        secret: &Secret,
        here: &NodeId,
        now: Timestamp,
    ) -> Result<Self, NotOurs> {
        let text = |name| {
            let value: Option<&HeaderValue> = headers.get(name);
            value
                .and_then(|value| value.to_str().ok())
                .ok_or(NotOurs::Malformed)
        };
        let malformed = |_| NotOurs::Malformed;
        let errand = Self {
            id: text(ERRAND)?
                .parse()
                .map_err(|_no_uuid| NotOurs::Malformed)?,
            from: text(FROM)?.parse().map_err(malformed)?,
            to: text(TO)?.parse().map_err(malformed)?,
            at: Timestamp::from_millis(
                text(TIMESTAMP)?
                    .parse()
                    .map_err(|_no_number| NotOurs::Malformed)?,
            ),
            client: text(CLIENT)?.to_owned(),
            digest: text(DIGEST)?.to_owned(),
        };
        let signature = Secret::new(errand.signature(method, target, secret));
        if !signature.is(text(SIGNATURE)?) {
            return Err(NotOurs::Forged);
        }
        if errand.to != *here {
            return Err(NotOurs::Misdirected);
        }
        let distance = errand.at.until(now).max(now.until(errand.at));
        if distance > WINDOW {
            return Err(NotOurs::Stale);
        }
        Ok(errand)
    }

    /// `v1=` and, in hexadecimal, the HMAC-SHA256 of everything that makes the errand what it is, one thing a line. None of
    /// them can hold the end of a line.
    fn signature(&self, method: &Method, target: &str, secret: &Secret) -> String {
        let mut signature = format!("{VERSION}=");
        let at = self.at.millis().to_string();
        let id = self.id.to_string();
        let parts = [
            VERSION,
            method.as_str(),
            target,
            self.from.as_str(),
            self.to.as_str(),
            &at,
            &id,
            &self.client,
            &self.digest,
        ];
        // Never refused: HMAC takes a key of any length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) {
            for part in parts {
                mac.update(part.as_bytes());
                mac.update(b"\n");
            }
            hex(&mac.finalize().into_bytes(), &mut signature);
        }
        signature
    }
}

/// The SHA-256 of a body, in hexadecimal.
pub(super) fn digest(body: &[u8]) -> String {
    let mut digest = String::new();
    hex(&Sha256::digest(body), &mut digest);
    digest
}

fn hex(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        // Writing to a `String` does not fail.
        let _ = write!(out, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: &str = "/cluster/socketio?sid=n2.0f";

    fn errand() -> Errand {
        Errand {
            id: Uuid::from_u128(7),
            from: "n1".parse().unwrap(),
            to: "n2".parse().unwrap(),
            at: Timestamp::from_millis(1_706_605_100_250),
            client: "192.0.2.7".to_owned(),
            digest: digest(b"4hello"),
        }
    }

    fn secret() -> Secret {
        Secret::new("north")
    }

    fn carried(errand: &Errand) -> HeaderMap {
        let headers = errand.headers(&Method::POST, TARGET, &secret());
        let value = |(name, value): (_, String)| (name, HeaderValue::from_str(&value).unwrap());
        headers.into_iter().map(value).collect()
    }

    fn read(headers: &HeaderMap, later: Duration) -> Result<Errand, NotOurs> {
        let now = Timestamp::from_millis(
            errand().at.millis() + i64::try_from(later.as_millis()).unwrap(),
        );
        let here = "n2".parse().unwrap();
        Errand::read(headers, &Method::POST, TARGET, &secret(), &here, now)
    }

    #[test]
    fn a_signature_is_the_hmac_of_everything_that_an_errand_is() {
        // openssl: printf 'v1\nPOST\n<target>\nn1\nn2\n1706605100250\n<id>\n192.0.2.7\n<digest>\n' | openssl dgst -sha256
        // -hmac north, where the digest is that of '4hello'.
        assert_eq!(
            errand().signature(&Method::POST, TARGET, &secret()),
            "v1=a2eba9c07402f082317da0faafc7d3ef6177baced1884b8f874b4a88bb5b5ec1"
        );
    }

    #[test]
    fn an_errand_comes_as_it_was_sent_and_in_its_time() {
        let headers = carried(&errand());
        assert_eq!(read(&headers, Duration::ZERO), Ok(errand()));
        assert_eq!(read(&headers, WINDOW), Ok(errand()));
        let late = WINDOW + Duration::from_millis(1);
        assert_eq!(read(&headers, late), Err(NotOurs::Stale));
    }

    #[test]
    fn nothing_of_an_errand_can_be_changed() {
        for (name, other) in [
            (FROM, "n3"),
            (TO, "n3"),
            (TIMESTAMP, "1706605100251"),
            (ERRAND, "00000000-0000-0000-0000-000000000008"),
            (CLIENT, "192.0.2.8"),
            (DIGEST, "00"),
            (SIGNATURE, "v1=00"),
        ] {
            let mut headers = carried(&errand());
            headers.insert(name.clone(), HeaderValue::from_static(other));
            assert_eq!(read(&headers, Duration::ZERO), Err(NotOurs::Forged));
            headers.remove(&name);
            assert_eq!(read(&headers, Duration::ZERO), Err(NotOurs::Malformed));
        }
        let headers = carried(&errand());
        let here = "n2".parse().unwrap();
        for (method, target, secret) in [
            (Method::GET, TARGET, secret()),
            (Method::POST, "/cluster/socketio?sid=n2.0e", secret()),
            (Method::POST, TARGET, Secret::new("south")),
        ] {
            let read = Errand::read(&headers, &method, target, &secret, &here, errand().at);
            assert_eq!(read, Err(NotOurs::Forged));
        }
    }

    #[test]
    fn an_errand_is_for_one_node() {
        let mut other = errand();
        other.to = "n3".parse().unwrap();
        assert_eq!(
            read(&carried(&other), Duration::ZERO),
            Err(NotOurs::Misdirected)
        );
    }
}
