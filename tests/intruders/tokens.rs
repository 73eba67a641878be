//! To be somebody else by a token: each forgery at each way in.
//!
//! What a [`Verifier`](otomo::kernel::token::Verifier) believes is tested beside it (`src/kernel/token/tests`: algorithms, key
//! sets, claims, times). Here it is shown that no way in believes anything else, and that none repeats what it was shown.

use std::{
    net::TcpListener,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    support::{Json, TestServer},
    ways::{COOKIE_NAME, Outcome, Way},
};

const SECRET: &str = "a secret of tests, long enough for HS256";
const ISSUER: &str = "https://app.example";
const AUDIENCE: &str = "otomo";

/// What a token is signed with.
enum Pen<'a> {
    Secret(&'a [u8]),
    Pair(&'a Ed25519KeyPair),
    Nothing,
}

/// A token with any header and any claims.
fn signed(header: &Json, claims: &Json, pen: &Pen<'_>) -> String {
    let part = |json: &Json| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = match pen {
        Pen::Secret(secret) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
        }
        Pen::Pair(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        Pen::Nothing => Vec::new(),
    };
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a clock after 1970").as_secs()
}

/// The claims of taro's own token.
fn claims() -> Json {
    json!({"sub": "taro", "role": "user", "exp": now() + 3600, "iss": ISSUER, "aud": AUDIENCE})
}

fn claims_but(claim: &str, value: Json) -> Json {
    let mut claims = claims();
    claims[claim] = value;
    claims
}

/// Tokens that nobody of the app has signed, or not for this server and now.
type Forgeries = Vec<(&'static str, String)>;

/// Has every forgery tried at every way in; the genuine token opens each.
async fn at_every_way(server: &TestServer, genuine: &str, forgeries: &Forgeries) {
    for way in Way::ALL {
        let own = way.try_token(server, genuine, genuine).await;
        assert_eq!(own, Outcome::In, "{way:?}: taro's own");
        for (what, token) in forgeries {
            match way.try_token(server, token, genuine).await {
                Outcome::In => panic!("{way:?}: {what} was believed"),
                Outcome::Refused(told) => {
                    let parts = token.split('.').filter(|part| part.len() > 8);
                    let repeated = parts.filter(|part| told.contains(part)).count();
                    assert_eq!(repeated, 0, "{way:?}: {what} is repeated in {told}");
                }
            }
        }
    }
}

fn hs256() -> Json {
    json!({"alg": "HS256", "typ": "JWT"})
}

/// A token of the app.
fn own(claims: &Json) -> String {
    signed(&hs256(), claims, &Pen::Secret(SECRET.as_bytes()))
}

/// What nobody of the app has signed.
fn signed_by_others(genuine: &str) -> Forgeries {
    let pen = Pen::Secret(SECRET.as_bytes());
    let other = Pen::Secret(b"a secret of somebody else, as long as ours");
    let of = |alg: &str, pen: &Pen<'_>| {
        let header = json!({"alg": alg, "typ": "JWT"});
        signed(&header, &claims(), pen)
    };
    let (head, rest) = genuine.split_once('.').expect("three parts");
    let (_, signature) = rest.rsplit_once('.').expect("three parts");
    let under_his = |claims: Json| {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        format!("{head}.{claims}.{signature}")
    };
    vec![
        ("another secret's", of("HS256", &other)),
        ("no secret's", of("HS256", &Pen::Secret(b""))),
        ("nobody's", of("none", &Pen::Nothing)),
        ("NONE's", of("NONE", &Pen::Nothing)),
        ("his without the signature", genuine.replace(signature, "")),
        (
            "an admin's under his signature",
            under_his(claims_but("role", json!("admin"))),
        ),
        (
            "hana's under his signature",
            under_his(claims_but("sub", json!("hana"))),
        ),
        ("a longer hash's", of("HS512", &pen)),
        ("a public key's, where there is none", of("RS256", &pen)),
    ]
}

/// What the app has signed, and not for this server and now.
fn signed_for_others() -> Forgeries {
    let but = |claim: &str, value: Json| own(&claims_but(claim, value));
    vec![
        (
            "another issuer's",
            but("iss", json!("https://evil.example")),
        ),
        ("no issuer's", but("iss", Json::Null)),
        ("another server's", but("aud", json!("billing"))),
        ("one of before", but("exp", json!(now() - 1))),
        ("one without an end", but("exp", Json::Null)),
        ("one for tomorrow", but("nbf", json!(now() + 3600))),
        (
            "one of a role that there is not",
            but("role", json!("root")),
        ),
        (
            "one of several roles",
            but("role", json!(["user", "admin"])),
        ),
        (
            "one with a line end in its name",
            but("sub", json!("taro\nroot")),
        ),
        ("one for nobody", but("sub", json!(""))),
        ("a huge one", but("name", json!("x".repeat(9_000)))),
    ]
}

#[tokio::test]
async fn a_secret_is_not_guessed_swapped_or_gone_around() {
    let settings = [
        ("auth.issuer", ISSUER),
        ("auth.audience", AUDIENCE),
        ("auth.cookie", COOKIE_NAME),
    ];
    let server = TestServer::start_with(&settings).await;
    let genuine = own(&claims());
    let forgeries = [signed_by_others(&genuine), signed_for_others()].concat();
    at_every_way(&server, &genuine, &forgeries).await;
    // Of the app, in force, and somebody else's, or of another role: who is connected does not become that.
    for (claim, value) in [("role", "admin"), ("role", "service"), ("sub", "hana")] {
        let token = own(&claims_but(claim, json!(value)));
        let became = Way::Refresh.try_token(&server, &token, &genuine).await;
        assert!(matches!(became, Outcome::Refused(told) if told.contains("FORBIDDEN")));
    }
}

/// A set of two keys in a file, as an app publishes it.
struct KeySet {
    first: Ed25519KeyPair,
    second: Ed25519KeyPair,
    folder: TempDir,
}

impl KeySet {
    fn new() -> Self {
        let pair = || Ed25519KeyPair::generate().expect("a key pair");
        let (first, second) = (pair(), pair());
        let folder = tempfile::tempdir().expect("a folder");
        let set = json!({"keys": [jwk(&first, "1"), jwk(&second, "2")]});
        std::fs::write(folder.path().join("jwks.json"), set.to_string()).expect("a file");
        Self {
            first,
            second,
            folder,
        }
    }

    fn path(&self) -> String {
        let path = self.folder.path().join("jwks.json");
        path.to_str().expect("a path").to_owned()
    }
}

fn jwk(pair: &Ed25519KeyPair, kid: &str) -> Json {
    let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": kid, "x": x})
}

/// The header of a token of the key with this name, with more in it.
fn header(kid: &str, more: &Json) -> Json {
    let mut header = json!({"alg": "EdDSA", "typ": "JWT", "kid": kid});
    let fields = header.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    header
}

/// What a stranger signs with a key of their own, and says where it is. `url` is where a server that looks there comes to.
fn with_a_key_of_their_own(url: &str) -> Forgeries {
    let pair = Ed25519KeyPair::generate().expect("a key pair");
    let by = |more: Json| signed(&header("1", &more), &claims(), &Pen::Pair(&pair));
    vec![
        ("a stranger's", by(json!({}))),
        (
            "one that brings its key",
            by(json!({"jwk": jwk(&pair, "1")})),
        ),
        ("one that says where its key is", by(json!({"jku": url}))),
        (
            "one that says where its certificate is",
            by(json!({"x5u": url})),
        ),
        (
            "one that brings a certificate",
            by(json!({"x5c": ["MIIB"]})),
        ),
    ]
}

/// What is signed with our keys under wrong names, or with what everybody can read of them.
fn with_our_keys(keys: &KeySet) -> Forgeries {
    let (first, second) = (Pen::Pair(&keys.first), Pen::Pair(&keys.second));
    let named = |kid: &str, pen: &Pen<'_>| signed(&header(kid, &json!({})), &claims(), pen);
    let secret = |kid: &str, secret: &[u8]| {
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": kid});
        signed(&header, &claims(), &Pen::Secret(secret))
    };
    let published = std::fs::read(keys.path()).expect("the set");
    let demands = json!({"crit": ["b64"], "b64": false});
    vec![
        (
            "one of the first key under the second's name",
            named("2", &first),
        ),
        (
            "one of the second key under the first's name",
            named("1", &second),
        ),
        ("one of a key that there is not", named("3", &first)),
        ("one whose key is a file", secret("../../../dev/null", b"")),
        (
            "one whose key is a query",
            secret("' UNION SELECT 'x", b"x"),
        ),
        (
            "one with the public key for a secret",
            secret("1", keys.first.public_key().as_ref()),
        ),
        (
            "one with the published set for a secret",
            secret("1", &published),
        ),
        (
            "one with demands that we do not know",
            signed(&header("1", &demands), &claims(), &first),
        ),
        (
            "one whose payload is signed in another way, without demanding that we know it",
            signed(&header("1", &json!({"b64": false})), &claims(), &first),
        ),
    ]
}

#[tokio::test]
async fn a_header_chooses_among_our_keys_and_brings_none() {
    let keys = KeySet::new();
    let path = keys.path();
    let settings = [
        ("auth.hs256_secret", ""),
        ("auth.jwks_file", path.as_str()),
        ("auth.cookie", COOKIE_NAME),
    ];
    let server = TestServer::start_with(&settings).await;
    let bait = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "http://{}/jwks.json",
        bait.local_addr().expect("an address")
    );
    let genuine = signed(&header("1", &json!({})), &claims(), &Pen::Pair(&keys.first));
    let forgeries = [with_a_key_of_their_own(&url), with_our_keys(&keys)].concat();
    at_every_way(&server, &genuine, &forgeries).await;
    bait.set_nonblocking(true).expect("a socket");
    let came = bait.accept().map(|(_, from)| from);
    assert!(came.is_err(), "{came:?} came to fetch a key");
}

#[tokio::test]
async fn a_token_in_a_place_where_logs_would_keep_it_is_no_token() {
    let server = TestServer::start_with(&[]).await;
    let token = server.token("taro", otomo::kernel::identity::Role::User);
    let at = |path: &str| format!("http://{}{path}", server.address());
    // Sockets alone take one from their address: a browser's cannot send headers.
    for path in [
        "/api/me?token=",
        "/api/calls?token=",
        "/admin/api/overview?token=",
    ] {
        let asked = reqwest::get(at(path) + &token).await.expect("an answer");
        assert_eq!(asked.status(), 401, "{path}");
    }
    // Nor is it taken from where a proxy, or basic authentication, puts something else.
    for (name, value) in [
        ("authorization", format!("Basic {token}")),
        ("proxy-authorization", format!("Bearer {token}")),
        ("x-api-key", token.clone()),
        ("cookie", format!("{COOKIE_NAME}={token}; token={token}")),
    ] {
        let asked = reqwest::Client::new()
            .get(at("/api/me"))
            .header(name, value);
        assert_eq!(
            asked.send().await.expect("an answer").status(),
            401,
            "{name}"
        );
    }
}
