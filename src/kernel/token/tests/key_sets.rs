//! Keys that come as a set or as text, and those that cannot work.

use super::*;

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
        let loaded = Verifier::new(&config(&[("auth.public_key", &key)]).auth.now());
        assert_eq!(loaded.err().unwrap().to_string(), fault);
    }
    let short = with_key_set(&[json!({"kty": "RSA", "n": "x".repeat(172), "e": "AQAB"})]);
    assert_eq!(
        short.err().unwrap().to_string(),
        "auth.jwks_file: an RSA key needs 2048 bits or more"
    );
    let set = Verifier::new(
        &config(&[("auth.jwks_file", &file("{\"hunter2\": []}"))])
            .auth
            .now(),
    );
    assert_eq!(
        set.err().unwrap().to_string(),
        "auth.jwks_file: this is no JSON Web Key Set ({\"keys\": [..]})"
    );
}
