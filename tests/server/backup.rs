//! `otomo backup` while a server writes, and `otomo restore` into a new place: what was acknowledged before the backup began is
//! there.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::support::{Endpoint, Process, eventually};

fn otomo(database: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otomo"));
    command.env_clear();
    let url = format!("sqlite://{}", database.display());
    command.env("OTOMO_DATABASE__URL", url).args(args);
    command.output().expect("the binary starts")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// Writes messages one after another and counts those that were acknowledged.
async fn write_on(server: Arc<Endpoint>, from: String, acknowledged: Arc<AtomicU64>) {
    let mut client = server.user(&from).await;
    for number in 0.. {
        let message = json!({
            "type": "message_send", "toUserId": "hana", "clientMessageId": format!("{from}-{number}"),
            "body": format!("{number}"),
        });
        let answer = client.ask(message).await;
        assert_eq!(answer["type"], "message_send_ack", "{answer}");
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_backup_is_in_it_and_nothing_is_torn() {
    let settings = [("limits.commands_per_second", "none")];
    let mut server = Process::start_with(&settings).await;
    let _hana = server.user("hana").await;
    let acknowledged = Arc::<AtomicU64>::default();
    let writers: Vec<_> = (0..4)
        .map(|number| {
            let writing = write_on(
                server.way_in(),
                format!("user-{number}"),
                Arc::clone(&acknowledged),
            );
            tokio::spawn(writing)
        })
        .collect();
    eventually("200 messages are acknowledged", async || {
        acknowledged.load(Ordering::SeqCst) >= 200
    })
    .await;
    let place = tempfile::tempdir().expect("a folder");
    let copy = place.path().join("copy.db");
    let before = acknowledged.load(Ordering::SeqCst);
    let (from, to): (PathBuf, PathBuf) = (server.database_file(), copy.clone());
    let backup = tokio::task::spawn_blocking(move || otomo(&from, &["backup", text(&to)]));
    let backup = backup.await.expect("no panic");
    assert!(backup.status.success(), "{backup:?}");
    let during = acknowledged.load(Ordering::SeqCst);
    println!(
        "{before} messages before, {} while it was made: {}",
        during - before,
        String::from_utf8_lossy(&backup.stdout).trim()
    );
    let refused = otomo(&server.database_file(), &["restore", text(&copy)]);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("another server serves"), "{said}");
    eventually("100 more are acknowledged", async || {
        acknowledged.load(Ordering::SeqCst) >= during + 100
    })
    .await;
    writers.iter().for_each(tokio::task::JoinHandle::abort);
    server.kill();

    let restored = place.path().join("new/otomo.db");
    let done = otomo(&restored, &["restore", text(&copy)]);
    assert!(done.status.success(), "{done:?}");
    let url = format!("sqlite://{}", restored.display());
    let server = Process::start_with(&[("database.url", &url)]).await;
    let mut hana = server
        .connecting("hana", Role::User)
        .with_last_seq(0)
        .open()
        .await;
    let replayed = hana.up_to("ready", |event| event["type"] == "ready").await;
    let seqs: Vec<u64> = replayed
        .iter()
        .filter(|it| it["type"] == "new-message")
        .filter_map(|it| it["seq"].as_u64())
        .collect();
    let last = seqs.len() as u64;
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>(), "without a gap");
    assert!(last >= before, "{last} of {before} are there");
    // Who has heard more than the backup knows is told that it is gone.
    let mut hana = server
        .connecting("hana", Role::User)
        .with_last_seq(last + 50)
        .open()
        .await;
    assert_eq!(hana.expect("resync").await["reason"], "unknown_seq");
}
