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
    Verifier::new(&config(settings).auth).unwrap()
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
    Verifier::new(&config(&[("auth.jwks_file", path.to_str().unwrap())]).auth)
}

#[test]
fn what_is_signed_is_believed_and_means_the_same() {
    let settings = [
        ("auth.hs256_secret", SECRET),
        ("auth.issuer", "app"),
        ("auth.audience", "otomo"),
    ];
    let token = Issuer::new(&config(&settings).auth)
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
fn each_kind_of_public_key_checks_its_own_algorithm() {
    let pairs = Pair::all();
    for own in pairs {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        std::fs::write(&file, &own.public_pem).unwrap();
        for key in [own.public_pem.as_str(), file.to_str().unwrap()] {
            let verifier = verifier(&[("auth.public_key", key)]);
            for pair in pairs {
                let verified = verifier.verify(&pair.sign(None, &claims()), NOW);
                let expected = (pair.algorithm == own.algorithm)
                    .then_some(())
                    .ok_or(TokenFault::Invalid(Flaw::Key));
                assert_eq!(
                    verified.map(|_| ()),
                    expected,
                    "{:?} checked by {:?}",
                    pair.algorithm,
                    own.algorithm
                );
            }
        }
    }
}

#[test]
fn a_token_of_another_key_pair_is_refused() {
    for (own, other) in Pair::all()
        .iter()
        .zip([Pair::rsa(), Pair::p256(), Pair::ed25519()])
    {
        let verifier = verifier(&[("auth.public_key", &own.public_pem)]);
        assert_flaw(&verifier, &other.sign(None, &claims()), Flaw::Signature);
    }
}

#[test]
fn a_public_key_is_no_secret() {
    // The classic confusion: HS256 with the public key as the secret.
    for pair in Pair::all() {
        let verifier = verifier(&[("auth.public_key", &pair.public_pem)]);
        for secret in [pair.public_pem.as_str(), pair.public_pem.trim_end()] {
            assert_flaw(&verifier, &hs256(secret, &claims()), Flaw::Key);
        }
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    for algorithm in ["none", "None", "NONE", ""] {
        let unsigned = format!(
            "{}.{}.",
            part(json!({"alg": algorithm, "typ": "JWT"})),
            part(claims())
        );
        assert_flaw(&with_secret(), &unsigned, Flaw::Form);
    }
    let signed = hs256(SECRET, &claims());
    let (message, _) = signed.rsplit_once('.').unwrap();
    assert_flaw(&with_secret(), &format!("{message}."), Flaw::Signature);
}

#[test]
fn claims_cannot_be_exchanged_under_a_signature() {
    let signed = hs256(SECRET, &claims());
    let parts: Vec<&str> = signed.split('.').collect();
    let admin = BASE64_URL_SAFE_NO_PAD.encode(claims_with("role", json!("admin")).to_string());
    assert_flaw(
        &with_secret(),
        &format!("{}.{admin}.{}", parts[0], parts[2]),
        Flaw::Signature,
    );
}

#[test]
fn other_algorithms_of_the_same_secret_are_refused() {
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = encode(&Header::new(algorithm), &claims(), &key).unwrap();
        assert_flaw(&with_secret(), &token, Flaw::Key);
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let good = hs256(SECRET, &claims());
    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "not a token",
        &good.replace('.', " "),
        &format!("{good}.{good}"),
        &format!("{good}\n"),
    ] {
        assert!(
            matches!(with_secret().verify(text, NOW), Err(TokenFault::Invalid(_))),
            "{text:?} passed"
        );
    }
    let long = hs256(SECRET, &claims_with("name", json!("x".repeat(8 * 1024))));
    assert_flaw(&with_secret(), &long, Flaw::Form);
    let critical = Header {
        crit: Some(vec!["b64".to_owned()]),
        ..Header::new(Algorithm::HS256)
    };
    let token = encode(
        &critical,
        &claims(),
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .unwrap();
    assert_flaw(&with_secret(), &token, Flaw::Form);
}

#[test]
fn each_claim_must_be_there_and_be_what_it_is() {
    for claim in ["sub", "role", "exp"] {
        let mut missing = claims();
        missing.as_object_mut().unwrap().remove(claim);
        assert_flaw(&with_secret(), &hs256(SECRET, &missing), Flaw::Claims);
    }
    let malformed = [
        ("sub", json!("")),
        ("sub", json!("a b")),
        ("sub", json!(7)),
        ("role", json!("root")),
        ("exp", json!("tomorrow")),
        ("exp", json!(null)),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("nbf", json!("today")),
        ("rooms", json!("lobby")),
        ("name", json!(["a"])),
    ];
    for (claim, value) in malformed {
        let token = hs256(SECRET, &claims_with(claim, value.clone()));
        assert_eq!(
            with_secret().verify(&token, NOW),
            Err(TokenFault::Invalid(Flaw::Claims)),
            "{claim} = {value}"
        );
    }
    let fraction = hs256(SECRET, &claims_with("exp", json!(1_706_604_120.5)));
    assert_eq!(
        with_secret()
            .verify(&fraction, NOW)
            .unwrap()
            .expires_at
            .millis(),
        NOW.millis() + 500
    );
}

#[test]
fn issuer_and_audience_must_be_those_that_are_configured() {
    let verifier = verifier(&[
        ("auth.hs256_secret", SECRET),
        ("auth.issuer", "app"),
        ("auth.audience", "otomo"),
    ]);
    let token = |iss: Value, aud: Value| {
        let mut claims = claims_with("iss", iss);
        claims["aud"] = aud;
        hs256(SECRET, &claims)
    };
    assert!(
        verifier
            .verify(&token(json!("app"), json!("otomo")), NOW)
            .is_ok()
    );
    assert!(
        verifier
            .verify(&token(json!("app"), json!(["chat", "otomo"])), NOW)
            .is_ok()
    );
    for iss in [json!("other"), json!(""), json!(null), json!(7)] {
        assert_flaw(&verifier, &token(iss, json!("otomo")), Flaw::Issuer);
    }
    for aud in [
        json!("chat"),
        json!([]),
        json!(["chat"]),
        json!(null),
        json!(7),
    ] {
        assert_flaw(&verifier, &token(json!("app"), aud), Flaw::Audience);
    }
    // Not configured, not looked at.
    assert!(
        with_secret()
            .verify(&token(json!("any"), json!("any")), NOW)
            .is_ok()
    );
}

#[test]
fn the_kid_chooses_among_the_keys_of_a_set() {
    let (first, second) = (Pair::ed25519(), Pair::ed25519());
    let verifier = with_key_set(&[
        first.jwk(json!({"kid": "1", "use": "sig", "alg": "EdDSA"})),
        second.jwk(json!({"kid": "2"})),
        Pair::p256().jwk(json!({"kid": "3"})),
    ])
    .unwrap();
    assert!(
        verifier
            .verify(&first.sign(Some("1"), &claims()), NOW)
            .is_ok()
    );
    assert!(
        verifier
            .verify(&second.sign(Some("2"), &claims()), NOW)
            .is_ok()
    );
    assert!(
        verifier.verify(&second.sign(None, &claims()), NOW).is_ok(),
        "without a kid each is tried"
    );
    assert_flaw(
        &verifier,
        &first.sign(Some("2"), &claims()),
        Flaw::Signature,
    );
    assert_flaw(&verifier, &first.sign(Some("3"), &claims()), Flaw::Key);
    assert_flaw(&verifier, &first.sign(Some("9"), &claims()), Flaw::Key);
}

#[test]
fn every_kind_of_key_may_be_in_a_set() {
    for pair in Pair::all() {
        let verifier = with_key_set(&[pair.jwk(json!({"kid": "k"}))]).unwrap();
        assert!(
            verifier
                .verify(&pair.sign(Some("k"), &claims()), NOW)
                .is_ok(),
            "{:?}",
            pair.algorithm
        );
    }
}

#[test]
fn keys_of_a_set_that_are_for_something_else_are_passed_over() {
    let [pair, ..] = Pair::all();
    let shared = json!({"kty": "oct", "kid": "s", "k": BASE64_URL_SAFE_NO_PAD.encode(SECRET)});
    let useless = [
        pair.jwk(json!({"use": "enc"})),
        pair.jwk(json!({"alg": "PS256"})),
        shared,
    ];
    assert!(with_key_set(&useless).is_err());
    let verifier = with_key_set(&[&useless[..], &[pair.jwk(json!({}))]].concat()).unwrap();
    assert!(verifier.verify(&pair.sign(None, &claims()), NOW).is_ok());
    assert_flaw(&verifier, &hs256(SECRET, &claims()), Flaw::Key);
}

#[test]
fn a_key_that_cannot_work_is_refused_at_start() {
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let p384 = pem(
        "PUBLIC KEY",
        AsDer::<PublicKeyX509Der<'_>>::as_der(p384.public_key())
            .unwrap()
            .as_ref(),
    );
    let folder = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path = folder.path().join(format!("{}-bytes", text.len()));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let cases = [
        (
            p384,
            "auth.public_key: an elliptic curve key must be of P-256 (prime256v1), for ES256",
        ),
        (
            pem("PUBLIC KEY", b"not DER"),
            "auth.public_key: this is no RSA, P-256 or Ed25519 key",
        ),
        (
            pem("CERTIFICATE", b""),
            "auth.public_key: this is no public key in PEM form (-----BEGIN PUBLIC KEY-----)",
        ),
        (
            file(&pem("PRIVATE KEY", b"hunter2")),
            "auth.public_key: this is a private key; the server needs the public one alone",
        ),
        (
            file("hunter2"),
            "auth.public_key: this is no public key in PEM form (-----BEGIN PUBLIC KEY-----)",
        ),
        (
            "nowhere/key.pem".to_owned(),
            "auth.public_key: cannot read nowhere/key.pem",
        ),
    ];
    for (key, fault) in cases {
        let loaded = Verifier::new(&config(&[("auth.public_key", &key)]).auth);
        assert_eq!(loaded.err().unwrap().to_string(), fault);
    }
    let short = with_key_set(&[json!({"kty": "RSA", "n": "x".repeat(172), "e": "AQAB"})]);
    assert_eq!(
        short.err().unwrap().to_string(),
        "auth.jwks_file: an RSA key needs 2048 bits or more"
    );
    let set = Verifier::new(&config(&[("auth.jwks_file", &file("{\"hunter2\": []}"))]).auth);
    assert_eq!(
        set.err().unwrap().to_string(),
        "auth.jwks_file: this is no JSON Web Key Set ({\"keys\": [..]})"
    );
}

#[test]
fn a_public_key_signs_nothing() {
    let pair = Pair::ed25519();
    let issuer = Issuer::new(&config(&[("auth.public_key", &pair.public_pem)]).auth);
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
