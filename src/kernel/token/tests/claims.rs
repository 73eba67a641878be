//! What a token must say.

use super::*;

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
fn a_name_that_cannot_be_shown_is_cut_to_what_can_and_keeps_nobody_out() {
    let named = |name: &str| {
        let token = hs256(SECRET, &claims_with("name", json!(name)));
        with_secret().verify(&token, NOW).unwrap().name
    };
    assert_eq!(named("は\u{202E}な\n").as_deref(), Some("はな"));
    assert_eq!(named(&"は".repeat(2_000)), Some("は".repeat(200)));
    assert_eq!(named("\u{202E}"), None);
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
