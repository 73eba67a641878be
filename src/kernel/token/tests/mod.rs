//! Tokens as an app signs them, and as an intruder would like to.

mod claims;
mod key_sets;
mod keys;

use std::{sync::LazyLock, time::Duration};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair,
    },
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;
use crate::kernel::{
    config::{Config, Sources, load},
    identity::{Identity, Role},
    time::Timestamp,
};

const NOW: Timestamp = Timestamp::from_millis(1_706_604_120_000);
const SECRET: &str = "the secret of these tests, 32 bytes";

fn config(settings: &[(&str, &str)]) -> Config {
    let sources = settings
        .iter()
        .fold(Sources::default(), |sources, (key, value)| {
            sources.with(key, *value)
        });
    load(&sources).unwrap()
}

fn verifier(settings: &[(&str, &str)]) -> Verifier {
    Verifier::new(&config(settings).auth.now()).unwrap()
}

fn with_secret() -> Verifier {
    verifier(&[("auth.hs256_secret", SECRET)])
}

fn identity() -> Identity {
    Identity {
        user: "otomo-123".parse().unwrap(),
        role: Role::Otomo,
        name: Some("はな".to_owned()),
        avatar: Some("/avatars/o1.jpg".to_owned()),
        rooms: vec!["game_7".to_owned()],
        expires_at: NOW + Duration::from_secs(60),
    }
}

/// The claims of a good token.
fn claims() -> Value {
    json!({"sub": "otomo-123", "role": "otomo", "exp": NOW.unix_seconds() + 60})
}

/// The claims of a good token but for one.
fn claims_with(claim: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[claim] = value;
    claims
}

fn hs256(secret: &str, claims: &Value) -> String {
    encode(
        &Header::new(Algorithm::HS256),
        claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )
    .unwrap()
}

#[track_caller]
fn assert_flaw(verifier: &Verifier, token: &str, flaw: Flaw) {
    assert_eq!(verifier.verify(token, NOW), Err(TokenFault::Invalid(flaw)));
}

/// A key pair as apps have them: the private half to sign with, the public half for us.
struct Pair {
    algorithm: Algorithm,
    private: EncodingKey,
    public_pem: String,
    public_jwk: Value,
}

impl Pair {
    fn rsa() -> Self {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let public = pair.public_key();
        let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        Self {
            algorithm: Algorithm::RS256,
            private: EncodingKey::from_rsa_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes())
                .unwrap(),
            public_pem: pem(
                "PUBLIC KEY",
                AsDer::<PublicKeyX509Der<'_>>::as_der(public)
                    .unwrap()
                    .as_ref(),
            ),
            public_jwk: json!({
                "kty": "RSA",
                "n": number(public.modulus().big_endian_without_leading_zero()),
                "e": number(public.exponent().big_endian_without_leading_zero()),
            }),
        }
    }

    fn p256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let private = pair.to_pkcs8v1().unwrap();
        let point = pair.public_key().as_ref();
        Self {
            algorithm: Algorithm::ES256,
            private: EncodingKey::from_ec_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes())
                .unwrap(),
            public_pem: pem(
                "PUBLIC KEY",
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key())
                    .unwrap()
                    .as_ref(),
            ),
            public_jwk: json!({
                "kty": "EC",
                "crv": "P-256",
                "x": BASE64_URL_SAFE_NO_PAD.encode(&point[1..33]),
                "y": BASE64_URL_SAFE_NO_PAD.encode(&point[33..]),
            }),
        }
    }

    fn ed25519() -> Self {
        let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).unwrap();
        Self {
            algorithm: Algorithm::EdDSA,
            private: EncodingKey::from_ed_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes())
                .unwrap(),
            public_pem: pem(
                "PUBLIC KEY",
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key())
                    .unwrap()
                    .as_ref(),
            ),
            public_jwk: json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
            }),
        }
    }

    /// One of each kind. Made once: an RSA key takes a second.
    fn all() -> &'static [Self; 3] {
        static PAIRS: LazyLock<[Pair; 3]> =
            LazyLock::new(|| [Pair::rsa(), Pair::p256(), Pair::ed25519()]);
        &PAIRS
    }

    fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let header = Header {
            kid: kid.map(str::to_owned),
            ..Header::new(self.algorithm)
        };
        encode(&header, claims, &self.private).unwrap()
    }

    fn jwk(&self, more: Value) -> Value {
        let mut jwk = self.public_jwk.clone();
        jwk.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        jwk
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        BASE64_STANDARD.encode(der)
    )
}

fn with_key_set(keys: &[Value]) -> Result<Verifier, KeyFault> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, json!({"keys": keys}).to_string()).unwrap();
    Verifier::new(
        &config(&[("auth.jwks_file", path.to_str().unwrap())])
            .auth
            .now(),
    )
}

#[test]
fn what_is_signed_is_believed_and_means_the_same() {
    let settings = [
        ("auth.hs256_secret", SECRET),
        ("auth.issuer", "app"),
        ("auth.audience", "otomo"),
    ];
    let token = Issuer::new(&config(&settings).auth.now())
        .unwrap()
        .sign(&identity())
        .unwrap();
    assert_eq!(verifier(&settings).verify(&token, NOW), Ok(identity()));
}

#[test]
fn only_three_claims_are_needed() {
    let identity = with_secret()
        .verify(&hs256(SECRET, &claims()), NOW)
        .unwrap();
    assert_eq!(
        (identity.name, identity.avatar, identity.rooms.len()),
        (None, None, 0)
    );
}

#[test]
fn a_token_is_good_until_its_expiry_and_then_expired() {
    let token = hs256(SECRET, &claims());
    let at = |millis: u64| with_secret().verify(&token, NOW + Duration::from_millis(millis));
    assert!(at(59_999).is_ok());
    assert_eq!(at(60_000), Err(TokenFault::Expired));
    assert_eq!(at(1_000_000), Err(TokenFault::Expired));
    // A forged one is not called expired, whatever it says.
    let forged = hs256(
        "another secret, also of 32 bytes...",
        &claims_with("exp", json!(1)),
    );
    assert_flaw(&with_secret(), &forged, Flaw::Signature);
}

#[test]
fn a_token_is_not_good_before_its_time() {
    let seconds = NOW.unix_seconds();
    assert_flaw(
        &with_secret(),
        &hs256(SECRET, &claims_with("nbf", json!(seconds + 1))),
        Flaw::NotYet,
    );
    assert!(
        with_secret()
            .verify(&hs256(SECRET, &claims_with("nbf", json!(seconds))), NOW)
            .is_ok()
    );
    // Times are counted in whole milliseconds: within this one, what begins has begun.
    for (fraction, has_begun) in [(0.000_5, true), (0.001_5, false)] {
        let begins_at = json!(seconds as f64 + fraction);
        let token = hs256(SECRET, &claims_with("nbf", begins_at));
        let believed = with_secret().verify(&token, NOW).is_ok();
        assert_eq!(believed, has_begun, "{fraction}");
    }
}

#[test]
fn both_secrets_are_believed_during_a_change() {
    let old = "the secret before, also of 32 bytes";
    let verifier = verifier(&[
        ("auth.hs256_secret", SECRET),
        ("auth.hs256_previous_secret", old),
    ]);
    for secret in [SECRET, old] {
        assert!(verifier.verify(&hs256(secret, &claims()), NOW).is_ok());
    }
    assert_flaw(&with_secret(), &hs256(old, &claims()), Flaw::Signature);
}

#[test]
fn a_public_key_signs_nothing() {
    let pair = Pair::ed25519();
    let issuer = Issuer::new(&config(&[("auth.public_key", &pair.public_pem)]).auth.now());
    assert!(
        issuer
            .err()
            .unwrap()
            .to_string()
            .starts_with("auth.hs256_secret: not set")
    );
}

#[test]
fn no_fault_repeats_the_token() {
    let tokens = [
        hs256("wrong, and 32 bytes long, as it is..", &claims()),
        "hunter2.hunter2.hunter2".to_owned(),
    ];
    for token in tokens {
        let fault = with_secret().verify(&token, NOW).unwrap_err();
        let said = format!("{fault} {fault:?}");
        assert!(token.split('.').all(|part| !said.contains(part)), "{said}");
    }
}
