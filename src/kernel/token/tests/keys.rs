//! Which keys are believed, and what a forger may try.

use super::*;

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
