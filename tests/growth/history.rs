//! A server is started on a long history, and asked for all that could grow with it.

use std::{path::PathBuf, time::Duration};

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    api::Api,
    fill::{Size, fill},
    support::Process,
};

/// How often each thing is asked for; the slowest time but one counts.
const TIMES: usize = 20;

/// What the long form holds the server to. None of it is near that on a quiet machine.
const START_MAX: Duration = Duration::from_secs(1);
const ANSWER_MAX: Duration = Duration::from_millis(100);

/// The long conversation, which `user-0` and `user-1` are in.
const LONG: &str = "00000000-0000-4000-8000-000000000000";

/// The times that were measured, with what they are of.
#[derive(Default)]
struct Times(Vec<(String, Duration)>);

impl Times {
    fn note(&mut self, what: &str, mut took: Vec<Duration>) {
        took.sort();
        let median = took[took.len() / 2];
        let late = took[took.len().saturating_sub(2)];
        println!("{what:60} {median:9.1?} {late:9.1?}");
        self.0.push((what.to_owned(), late));
    }

    async fn get(&mut self, who: &Api, path: &str) {
        let mut took = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let began = Instant::now();
            who.get(path).await.ok();
            took.push(began.elapsed());
        }
        self.note(path, took);
    }
}

/// Whether the size was asked for: then times are held to.
fn is_long() -> bool {
    std::env::var_os("OTOMO_GROWTH_MESSAGES").is_some()
}

/// Where the history is: in a folder that goes afterwards, unless somebody wants to keep it.
fn place() -> (PathBuf, Option<tempfile::TempDir>) {
    match std::env::var_os("OTOMO_GROWTH_DATABASE") {
        Some(path) => (path.into(), None),
        None => {
            // Not in memory, where the other tests have theirs: the long one takes gigabytes.
            let folder = tempfile::tempdir().expect("a folder");
            (folder.path().join("otomo.db"), Some(folder))
        }
    }
}

#[tokio::test]
async fn a_long_history_slows_nothing_down() {
    let (path, _folder) = place();
    let size = Size::SMALL.or_as_asked();
    fill(&path, size);
    println!("{size:?}: median, slowest but one");
    let mut times = Times::default();
    let url = format!("sqlite://{}", path.display());

    let began = Instant::now();
    let server = Process::start_with(&[("database.url", &url)]).await;
    server.user("user-5").await;
    let start = began.elapsed();
    println!("{:60} {start:9.1?}", "start, until somebody is ready");

    ask_all(&server, size, &mut times).await;
    write_some(&server, &mut times).await;
    if is_long() {
        assert!(start <= START_MAX, "the start took {start:?}");
        let slow: Vec<_> = times.0.iter().filter(|it| it.1 > ANSWER_MAX).collect();
        assert!(slow.is_empty(), "{slow:?}");
    }
}

/// The lists and what is in them, from their beginning and from far back.
async fn ask_all(server: &Process, size: Size, times: &mut Times) {
    let user = Api::of(server, "user-0", Role::User);
    let history = format!("/api/conversations/{LONG}/messages");
    let last = user.get(&history).await.ok();
    let newest = last["items"].as_array().expect("a list").last();
    assert_eq!(newest.expect("a message")["messageSeq"], size.messages / 10);
    for path in [
        "/api/conversations",
        &history,
        &format!("{history}?before={}", size.messages / 20),
        &format!("{history}?before=100&limit=50"),
        &format!("{history}?after=0"),
        "/api/calls",
        "/api/friends?limit=200",
        "/api/friends/online-status",
        "/api/otomo?limit=200",
        "/api/otomo?status=offline&limit=200",
        "/api/inbox?after=0",
        "/api/points/transactions",
    ] {
        times.get(&user, path).await;
    }
    let admin = Api::of(server, "ada", Role::Admin);
    for path in [
        "/admin/api/overview",
        "/admin/api/otomo?limit=200",
        "/admin/api/calls",
        "/admin/api/calls?live=true",
        "/admin/api/sessions",
        "/admin/api/nodes",
        "/admin/api/audit",
    ] {
        times.get(&admin, path).await;
    }
    // Far back in everybody's calls.
    let page = "/admin/api/calls?limit=200";
    let mut next = page.to_owned();
    for _ in 0..5 {
        let listed = admin.get(&next).await.ok();
        let Some(cursor) = listed["nextCursor"].as_str() else {
            break;
        };
        next = format!("{page}&cursor={cursor}");
    }
    times.get(&admin, &next).await;
}

/// Somebody with many conversations connects, and writes.
async fn write_some(server: &Process, times: &mut Times) {
    let (mut connects, mut sends) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let began = Instant::now();
        let mut user = server.user("user-0").await;
        connects.push(began.elapsed());
        let began = Instant::now();
        let send = json!({
            "type": "message_send", "conversationId": LONG, "body": "またね",
            "clientMessageId": Uuid::new_v4().to_string(),
        });
        let answer = user.ask(send).await;
        assert_eq!(answer["type"], "message_send_ack", "{answer}");
        sends.push(began.elapsed());
    }
    times.note("connect, until ready", connects);
    times.note("message_send", sends);
}
