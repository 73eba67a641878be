//! `kill -9`: what was answered is there.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::Arc,
};

use otomo::{
    kernel::{config::DatabaseUrl, time::Clock},
    store::{Handle, StoreError},
};

use super::{Database, note, notes};

/// Tells the child which database to write to.
const URL_VARIABLE: &str = "OTOMO_TEST_CRASH_URL";
/// Writers in the child: enough that the kill finds batches in every state.
const WRITERS: usize = 64;
/// Answers after which the child is killed.
const ANSWERS: usize = 500;

/// A child process writes and says what was answered; it is killed in the middle of it.
pub(super) async fn what_was_answered_survives_a_kill(database: &impl Database) {
    let store = database.open();
    store.close().await;
    let url = match database.config().url {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(url) => url.reveal().to_owned(),
    };
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "store::crash::write_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(URL_VARIABLE, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = said
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("answered ").map(str::to_owned));
    let mut answered: Vec<String> = said.by_ref().take(ANSWERS).collect();
    child.kill().unwrap();
    answered.extend(said);
    child.wait().unwrap();

    assert!(
        answered.len() >= ANSWERS,
        "the child wrote only {}",
        answered.len()
    );
    let stored = database.open().read(notes).await.unwrap();
    for id in &answered {
        assert!(
            stored.binary_search(id).is_ok(),
            "{id} was answered and is not there"
        );
    }
}

/// The child. Not a test of its own.
#[tokio::test]
#[ignore = "the child of what_was_answered_survives_a_kill"]
async fn write_until_killed() {
    let Ok(url) = env::var(URL_VARIABLE) else {
        return;
    };
    let mut config = super::Sqlite::empty().config();
    config.url = url.parse().unwrap();
    let store = Handle::open(&config, Clock::system(), Arc::default()).unwrap();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(store.clone(), writer)))
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
}

async fn write(store: Handle, writer: usize) -> Result<(), StoreError> {
    for n in 0.. {
        let id = format!("{writer}-{n}");
        let job = id.clone();
        store.write(move |tx| note(tx, &job)).await?;
        // One call for the whole line: the pipe takes it in one piece.
        let line = format!("answered {id}\n");
        std::io::stdout()
            .write_all(line.as_bytes())
            .expect("the parent listens");
    }
    Ok(())
}
