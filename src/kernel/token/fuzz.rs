//! Whatever comes as a token, or as the keys to check tokens with.

use std::{sync::LazyLock, time::Duration};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    Keys, Verifier,
    keys::{Key, NamedKey, parse_pem, parse_set},
};
use crate::kernel::{
    config::{AuthConfig, Sources, load},
    fuzz::assert_plain,
    time::Timestamp,
};

const NOW: Timestamp = Timestamp::from_millis(1_706_604_120_000);
const SECRET: &str = "the secret of the fuzzer, 32 bytes";
const PREVIOUS: &str = "the secret before it, of 32 bytes";
const ISSUER: &str = "https://app.example.com";
const AUDIENCE: &str = "otomo";

/// A pair for Ed25519 that checks nothing else: the public half in PKIX, the private one in PKCS #8.
const PUBLIC: &str = "MCowBQYDK2VwAyEAs7sk4aTB3ltXMhzjZ+aPUuDg+uI731VbaC5Yqh/XNn4=";
const PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEIMYb1AvCnMC2ucYMyH4+wldLpGuo/Mc4E9TYRAeotYIa";

static AUTH: LazyLock<AuthConfig> = LazyLock::new(|| {
    let sources = Sources::default()
        .with("auth.hs256_secret", SECRET)
        .with("auth.hs256_previous_secret", PREVIOUS)
        .with("auth.public_key", pem("PUBLIC", PUBLIC))
        .with("auth.issuer", ISSUER)
        .with("auth.audience", AUDIENCE);
    let config = load(&sources).expect("a configuration of ours");
    AuthConfig::clone(&config.auth.now())
});

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(&AUTH).expect("keys of ours"));

/// Good tokens, one of each kind.
static SIGNED: LazyLock<[String; 2]> = LazyLock::new(|| {
    let private = pem("PRIVATE", PRIVATE);
    let private = EncodingKey::from_ed_pem(private.as_bytes()).expect("a key of ours");
    let sign = |algorithm, key| encode(&Header::new(algorithm), &claims(), key);
    [
        sign(
            Algorithm::HS256,
            &EncodingKey::from_secret(SECRET.as_bytes()),
        )
        .expect("it signs"),
        sign(Algorithm::EdDSA, &private).expect("it signs"),
    ]
});

fn pem(half: &str, der: &str) -> String {
    format!("-----BEGIN {half} KEY-----\n{der}\n-----END {half} KEY-----\n")
}

/// What a good token says.
fn claims() -> Value {
    let exp = (NOW + Duration::from_secs(60)).unix_seconds();
    json!({"sub": "hana", "role": "otomo", "exp": exp, "iss": ISSUER, "aud": AUDIENCE})
}

/// A token, the head of one, the claims of one, or changes to a good one. What is believed was signed with one of our keys, for
/// the algorithm of that key, and says what the identity says.
pub(crate) fn tokens(bytes: &[u8]) {
    let signed = SIGNED.each_ref();
    for token in signed {
        assert!(believed(token), "{token}");
        let changed = changed(token, bytes);
        assert!(changed == *token || !believed(&changed), "{changed}");
    }
    if let Ok(token) = std::str::from_utf8(bytes) {
        assert!(!believed(token) || is_signed(token), "{token}");
    }
    as_head(bytes);
    as_claims(bytes);
}

fn believed(token: &str) -> bool {
    VERIFIER.verify(token, NOW).is_ok()
}

/// Whether one of our keys has signed it, found out in another way.
fn is_signed(token: &str) -> bool {
    let by_secret = |secret: &str| {
        let (message, _) = token.rsplit_once('.').unwrap_or_default();
        token == format!("{message}.{}", signature(message, secret.as_bytes()))
    };
    SIGNED.iter().any(|signed| signed == token) || by_secret(SECRET) || by_secret(PREVIOUS)
}

/// As HS256 has it (RFC 7518, 3.2).
fn signature(message: &str, secret: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length will do");
    mac.update(message.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

fn message(head: &[u8], claims: &[u8]) -> String {
    let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    format!("{}.{}", part(head), part(claims))
}

/// A good token with some of its characters changed: each three bytes say where, and what stands there.
fn changed(token: &str, bytes: &[u8]) -> String {
    let mut changed: Vec<char> = token.chars().collect();
    for change in bytes.as_chunks::<3>().0 {
        let [high, low, to] = *change;
        let at = usize::from(u16::from_be_bytes([high, low])) % changed.len();
        changed[at] = char::from(to);
    }
    changed.into_iter().collect()
}

/// What is read of a head. In its other fields, and in claims that nobody reads, may be what is no value: half a surrogate pair, a
/// number beyond every double, bytes that are no UTF-8. Whoever has our key has signed it.
#[derive(Debug, Deserialize)]
struct Head {
    alg: Value,
    #[serde(default)]
    crit: Value,
    #[serde(default)]
    b64: Value,
}

/// A head over good claims, signed with what an intruder has: nothing, or the public key.
fn as_head(head: &[u8]) {
    let message = message(head, claims().to_string().as_bytes());
    let public = pem("PUBLIC", PUBLIC);
    let der = BASE64_STANDARD.decode(PUBLIC).expect("base64");
    let raw = &der[der.len() - 32..];
    for secret in [public.as_bytes(), public.trim().as_bytes(), &der, raw, b""] {
        let forged = format!("{message}.{}", signature(&message, secret));
        assert!(!believed(&forged), "{forged}");
    }
    let unsigned = format!("{message}.");
    assert!(!believed(&unsigned), "{unsigned}");
    // With the secret itself only the head that says so is believed.
    let signed = format!("{message}.{}", signature(&message, SECRET.as_bytes()));
    if believed(&signed) {
        let head: Head = serde_json::from_slice(head).expect("a head is JSON");
        assert_eq!(head.alg, "HS256");
        assert!(head.crit.is_null() && head.b64.is_null(), "{head:?}");
    }
}

/// The claims that are read.
#[derive(Debug, Deserialize)]
struct Said {
    sub: Value,
    role: Value,
    exp: Value,
    #[serde(default)]
    nbf: Value,
    iss: Value,
    aud: Value,
}

/// Claims that are truly signed: an identity says what they say.
fn as_claims(bytes: &[u8]) {
    let message = message(br#"{"alg":"HS256"}"#, bytes);
    let token = format!("{message}.{}", signature(&message, SECRET.as_bytes()));
    let Ok(identity) = VERIFIER.verify(&token, NOW) else {
        return;
    };
    assert!(bytes.trim_ascii_start().starts_with(b"{"), "{token}");
    let said: Said = serde_json::from_slice(bytes).expect("claims are JSON");
    assert_eq!(said.sub, identity.user.as_str());
    assert_eq!(said.role, identity.role.as_str());
    let names = |claim: &Value, name: &str| {
        let listed = claim
            .as_array()
            .is_some_and(|list| list.iter().any(|it| it == name));
        claim == name || listed
    };
    assert!(
        names(&said.iss, ISSUER) && names(&said.aud, AUDIENCE),
        "{said:?}"
    );
    assert!(identity.expires_at > NOW, "{said:?}");
    let now = NOW.unix_seconds() as f64;
    assert!(said.exp.as_f64().is_some_and(|exp| exp > now), "{said:?}");
    // The server's clock counts whole milliseconds: within this one, what begins has begun.
    let has_begun = |nbf: f64| nbf - now < 0.001;
    assert!(
        said.nbf.is_null() || said.nbf.as_f64().is_some_and(has_begun),
        "{said:?}"
    );
    let shown = [&identity.name, &identity.avatar].into_iter().flatten();
    assert!(
        shown
            .into_iter()
            .all(|text| !text.contains(char::is_control)),
        "{identity:?}"
    );
}

/// A key set, or a PEM. It is refused in plain words, or its keys are public ones that believe nothing that was signed with a
/// secret.
pub(crate) fn key_sets(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match parse_pem(text) {
        Err(problem) => assert_plain(problem, b""),
        Ok((algorithm, key)) => assert_public(vec![(None, algorithm, key)], text),
    }
    match parse_set(text) {
        Err(problem) => assert_plain(problem, b""),
        Ok(keys) => assert_public(keys, text),
    }
}

fn assert_public(named: Vec<NamedKey>, text: &str) {
    assert!(!named.is_empty());
    for (_, algorithm, _) in &named {
        let public = matches!(
            algorithm,
            Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA
        );
        assert!(public, "{algorithm:?}");
    }
    let keys = named
        .into_iter()
        .map(|(id, algorithm, key)| Key::new(id, algorithm, key, &AUTH));
    let verifier = Verifier::new(&AUTH).expect("keys of ours");
    verifier.change(Keys(keys.collect()));
    let message = message(br#"{"alg":"HS256"}"#, claims().to_string().as_bytes());
    for secret in [SECRET.as_bytes(), text.as_bytes(), text.trim().as_bytes()] {
        let token = format!("{message}.{}", signature(&message, secret));
        assert!(verifier.verify(&token, NOW).is_err(), "{token}");
    }
    // Whether it is believed depends on the keys; that it can be looked at does not.
    let _ = verifier.verify(&SIGNED[1], NOW);
}
