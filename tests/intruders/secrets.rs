//! To find a secret where it should not be: in the log, on a page, in an error, in what is printed.
//!
//! Where else they could be is held by structure (`tests/tidy/secrets`): no type that holds one prints it, and none is compared
//! but in constant time. That the secret of the webhook and what a client says to it stay out of the log is shown in
//! `tests/server/actions/failing`, the same of a database's password in `src/kernel/config/database`.

use std::process::Command;

use otomo::kernel::{
    config::{Sources, load},
    identity::Role,
};
use serde_json::json;

use crate::{
    api::{API_KEY, Api, WITH_KEY},
    packets::Poller,
    support::{Process, steady_port},
    ways::COOKIE_NAME,
};

/// Every setting that is a secret, or may hold one, with a value that is found wherever it is repeated.
const SECRETS: [(&str, &str, &str); 8] = [
    (
        "auth.hs256_secret",
        "hunter-01-the-secret-of-all-of-the-tokens",
        "hunter-01",
    ),
    (
        "auth.hs256_previous_secret",
        "hunter-02-the-secret-of-the-tokens-before",
        "hunter-02",
    ),
    (
        "auth.api_keys",
        "hunter-03-a-key-of-the-backend,hunter-03-another",
        "hunter-03",
    ),
    (
        "actions.secret",
        "hunter-04-the-secret-of-the-apps-webhook",
        "hunter-04",
    ),
    (
        "calls.turn_secret",
        "hunter-05-the-secret-of-the-turn-servers",
        "hunter-05",
    ),
    (
        "cluster.secret",
        "hunter-06-the-secret-of-all-of-the-nodes",
        "hunter-06",
    ),
    (
        "database.url",
        "postgres://otomo:hunter-07@127.0.0.1/otomo?password=hunter-07",
        "hunter-07",
    ),
    (
        "redis.url",
        "redis://otomo:hunter-08@127.0.0.1:6379/0",
        "hunter-08",
    ),
];

/// What the settings above need beside them.
const BESIDE: [(&str, &str); 3] = [
    ("actions.webhook_url", "http://127.0.0.1:1/"),
    ("calls.ice_servers", "turn:turn.example.com:3478"),
    ("cluster.node", "otomo-1"),
];

#[test]
fn no_secret_of_the_configuration_is_printed() {
    let mut sources = Sources::default();
    for (key, value, _) in SECRETS {
        sources = sources.with(key, value);
    }
    for (key, value) in BESIDE {
        sources = sources.with(key, value);
    }
    let config = load(&sources).expect("a sound configuration");
    let stores = format!("{:?} {:?}", config.database, config.redis);
    let others = format!(
        "{:?} {:?} {:?}",
        config.actions, config.calls, config.cluster
    );
    let printed = format!("{:?} {stores} {others}", config.auth.now());
    assert!(printed.contains("Secret(..)"), "{printed}");
    for (key, _, found) in SECRETS {
        assert!(!printed.contains(found), "{key} is in {printed}");
    }
}

/// What the binary says, on both streams, with all secrets in its environment.
fn said(args: &[&str], more: &[(&str, &str)]) -> String {
    let secrets = SECRETS.iter().map(|(key, value, _)| (*key, *value));
    let settings = secrets.chain(BESIDE).chain(more.iter().copied());
    let variables = settings.map(|(key, value)| {
        let name = format!("OTOMO_{}", key.replace('.', "__").to_uppercase());
        (name, value)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let mut otomo = Command::new(env!("CARGO_BIN_EXE_otomo"));
    otomo.args(args).current_dir(folder.path()).env_clear();
    otomo.env("RUST_LOG", "trace").envs(variables);
    let output = otomo.output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn no_command_of_the_binary_prints_a_secret() {
    // The databases are not there: what is said of that must not say how we would have come in. A setting that is wrong is
    // repeated, the others beside it are not.
    let nowhere = [
        (
            "database.url",
            "postgres://otomo:hunter-07@127.0.0.1:1/otomo?password=hunter-07",
        ),
        ("redis.url", "redis://otomo:hunter-08@127.0.0.1:1/0"),
    ];
    let wrong = [("calls.ring_timeout", "soon")];
    for (args, more, told) in [
        (&["check-config"][..], &[][..], "[server]"),
        (&["check-config"], &wrong, "calls.ring_timeout"),
        (&["doctor"], &nowhere, "database"),
        (&["migrate"], &nowhere, "otomo"),
        (&["serve"], &nowhere, "otomo"),
        (&["schema", "openapi"], &[], "openapi"),
    ] {
        let said = said(args, more);
        assert!(said.contains(told), "{args:?}: {said}");
        for (key, _, found) in SECRETS {
            assert!(!said.contains(found), "{args:?}: {key} is in {said}");
        }
    }
}

/// The parts of a token that nobody may see: all but its head, which is the same in many.
fn parts(token: &str) -> impl Iterator<Item = String> {
    token.split('.').skip(1).map(str::to_owned)
}

/// Everything that was used in a scene and must not be found again.
struct Hidden(Vec<(&'static str, String)>);

impl Hidden {
    fn add(&mut self, what: &'static str, text: &str) {
        self.0.push((what, text.to_owned()));
    }

    fn add_token(&mut self, what: &'static str, token: &str) {
        self.0.extend(parts(token).map(|part| (what, part)));
    }

    #[track_caller]
    fn is_not_in(&self, place: &str, text: &str) {
        for (what, hidden) in &self.0 {
            assert!(hidden.len() > 8, "{what} is too short to be looked for");
            assert!(!text.contains(hidden.as_str()), "{what} is in {place}");
        }
    }
}

/// Comes in at every door, with a token that is good and one that is not.
async fn come_in(server: &Process, hidden: &mut Hidden) {
    for role in [Role::User, Role::Admin] {
        let token = server.token("taro", role);
        hidden.add_token("a token", &token);
        let socket = || server.stranger();
        for connecting in [
            socket().with_header("authorization", format!("Bearer {token}")),
            socket().asking(&format!("token={token}")),
            socket().with_header("sec-websocket-protocol", format!("bearer, {token}")),
        ] {
            let mut client = connecting.open().await;
            client
                .until("a decision", |it| {
                    it["type"] == "ready" || it["type"] == "closing"
                })
                .await;
        }
        let mut late = socket().open().await;
        late.send(json!({"type": "init_connection", "token": token}))
            .await;
        late.until("a decision", |it| {
            it["type"] == "ready" || it["type"] == "closing"
        })
        .await;
        let api = Api::with_token(server, &token);
        api.get("/api/me").await;
        api.get("/admin/api/overview").await;
        let page = reqwest::Client::new().get(format!("http://{}/api/me", server.address()));
        let page = page.header("cookie", format!("{COOKIE_NAME}={token}"));
        let page = page.header("sec-fetch-site", "same-origin").send().await;
        page.expect("an answer");
        let stream = reqwest::get(format!("http://{}/sse?token={token}", server.address()));
        drop(stream.await.expect("an answer"));
    }
    let forged = server.forged("taro", Role::Admin);
    hidden.add_token("a forged token", &forged);
    Api::with_token(server, &forged)
        .get("/api/me")
        .await
        .refused(401, "UNAUTHORIZED");
    let guess = "a-key-that-somebody-has-guessed";
    hidden.add("a guessed key", guess);
    let guessing = Api::with_key(server, guess);
    guessing
        .post("/api/server/users/taro/disconnect", json!({}))
        .await;
    hidden.add("the backend's key", API_KEY);
    let known = json!({"role": "user", "name": "Taro"});
    Api::backend(server)
        .put("/api/server/users/taro", known)
        .await
        .ok();
}

/// Polls, upgrades nothing, and says something that is between two people.
async fn talk(server: &Process, hidden: &mut Hidden) {
    let mut poller = Poller::ready(server, "yumi", Role::User).await;
    let url = poller.socket_url();
    let (_, random) = url.rsplit_once('.').expect("a sid");
    // Its beginning is in lines on purpose.
    hidden.add("the sid of a session that polls", &random[8..]);
    let fresh = server.token("yumi", Role::User);
    hidden.add_token("the token of a refresh", &fresh);
    let refresh = json!(["token_refresh", {"token": fresh}]);
    poller.post(format!("42{refresh}")).await;
    poller.hears("token_refresh_ack").await;
    let mut hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    let whisper = "open-sesame-is-what-taro-whispers";
    hidden.add("what taro whispers", whisper);
    let message = json!({
        "type": "message_send", "toUserId": "hana", "clientMessageId": "m-1", "body": whisper, "data": {"a": whisper},
    });
    taro.ask(message).await;
    hana.expect("new-message").await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    let started = taro.expect("signaling_start").await;
    let credential = started["iceServers"][0]["credential"]
        .as_str()
        .expect("one");
    hidden.add("a credential of TURN", credential);
    let sdp = "v=0 a=ice-pwd:between-the-two-of-them";
    hidden.add("a session description", sdp);
    let offer =
        json!({"type": "webrtc_offer", "callId": call, "offer": {"type": "offer", "sdp": sdp}});
    taro.send(offer).await;
    hana.expect("webrtc_offer").await;
    let action = json!({"type": "game_action", "game_session_id": "7", "action": whisper});
    taro.refused("ACTION_UNAVAILABLE", action).await;
    taro.hang_up(call).await;
}

/// Goal: whoever reads the log, the metrics or the admins' pages learns no secret and nothing that people say to each other.
/// Method: the binary logs all it can while people come in at every door and talk; then all of it is searched.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_in_the_log_on_the_pages_or_in_the_metrics() {
    let mut hidden = Hidden(Vec::new());
    let own = [
        "actions.secret",
        "calls.turn_secret",
        "cluster.secret",
        "auth.hs256_previous_secret",
    ];
    let secrets = SECRETS.into_iter().filter(|(key, ..)| own.contains(key));
    let secrets: Vec<(&str, &str)> = secrets.map(|(key, value, _)| (key, value)).collect();
    let peers = format!("http://127.0.0.1:{}", steady_port());
    let mut settings = vec![
        WITH_KEY,
        ("auth.cookie", COOKIE_NAME),
        ("cluster.advertise", peers.as_str()),
    ];
    settings.extend(BESIDE);
    for (key, value) in &secrets {
        hidden.add(key, value);
        settings.push((key, value));
    }
    hidden.add(
        "the secret of tokens",
        "a secret of tests, long enough for HS256",
    );
    let (server, log) = Process::start_logging(&settings, "trace").await;
    come_in(&server, &mut hidden).await;
    talk(&server, &mut hidden).await;
    let metrics = server.metrics().await;
    hidden.is_not_in("the metrics", &metrics);
    let people = ["taro", "hana", "yumi"];
    assert!(people.iter().all(|it| !metrics.contains(it)), "{metrics}");
    let root = Api::of(&server, "root", Role::Admin);
    for page in [
        "overview",
        "sessions",
        "slow",
        "calls",
        "audit",
        "nodes",
        "otomo",
        "otomo/hana/why",
    ] {
        let page = root.get(&format!("/admin/api/{page}")).await;
        hidden.is_not_in("a page of admins", &page.text);
    }
    let logged = std::fs::read_to_string(&log).expect("a log");
    assert!(
        logged.contains("TRACE") && logged.contains("user=taro"),
        "it logs all it can"
    );
    hidden.is_not_in("the log", &logged);
}
