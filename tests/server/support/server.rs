//! A server of its own for each test: in this process, on a free port, with a database of its own.

use std::{
    ops::Deref,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use diesel::{Connection as _, SqliteConnection};
use otomo::{
    app::{App, Stopper},
    kernel::config::{Sources, load},
};
use tempfile::TempDir;

use super::{
    endpoint::{Endpoint, SECRET},
    plans,
};

type Settings = Vec<(String, String)>;

/// A running server. Dropped, it stops.
pub struct TestServer {
    endpoint: Arc<Endpoint>,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
    folder: Option<TempDir>,
    settings: Settings,
}

impl Deref for TestServer {
    type Target = Endpoint;

    fn deref(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl TestServer {
    /// A server with the default settings.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server with some settings changed.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = super::folder();
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Self::start_in(folder, settings.iter().map(own).collect()).await
    }

    async fn start_in(folder: TempDir, settings: Settings) -> Self {
        plans::watch();
        let url = format!("sqlite://{}", folder.path().join("otomo.db").display());
        let mut sources = Sources::default()
            .with("server.listen", "127.0.0.1:0")
            .with("server.workers", "2")
            .with("auth.hs256_secret", SECRET)
            // Tests write faster than people do.
            .with("limits.messages_per_minute", "none")
            .with("database.url", url);
        for (key, value) in &settings {
            sources = sources.with(key, value.clone());
        }
        let config = load(&sources).expect("a sound configuration");
        let (started, starting) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix::System::new().block_on(async move {
                let app = App::build(config).await.expect("the server starts");
                started
                    .send((app.address(), app.stopper()))
                    .expect("the test waits");
                app.run().await.expect("the server runs");
            });
        });
        let waiting = tokio::task::spawn_blocking(move || starting.recv());
        let (address, stopper) = waiting.await.expect("no panic").expect("the server starts");
        let (thread, folder) = (Some(thread), Some(folder));
        Self {
            endpoint: Arc::new(Endpoint::new(address)),
            stopper,
            thread,
            folder,
            settings,
        }
    }

    /// The database, to look at what is stored and to change it behind the server's back.
    pub fn database(&self) -> SqliteConnection {
        let folder = self.folder.as_ref().expect("a running server has one");
        let file = folder.path().join("otomo.db");
        SqliteConnection::establish(file.to_str().expect("a path")).expect("it opens")
    }

    /// The way in, for those who take it along.
    pub fn way_in(&self) -> Arc<Endpoint> {
        Arc::clone(&self.endpoint)
    }

    /// Stops the server at once and starts another on the same database.
    pub async fn restart(mut self) -> Self {
        self.stopper.stop().await;
        if let Some(thread) = self.thread.take() {
            let joined = tokio::task::spawn_blocking(move || thread.join());
            joined.await.expect("no panic").expect("no panic");
        }
        let folder = self.folder.take().expect("a running server has a folder");
        Self::start_in(folder, std::mem::take(&mut self.settings)).await
    }

    /// Starts to drain; the answer is there when it has ended.
    pub fn drain(&self) -> tokio::task::JoinHandle<()> {
        let stopper = self.stopper.clone();
        tokio::spawn(async move { stopper.drain().await })
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let stopper = self.stopper.clone();
        // A runtime of its own: the test's may be the one that is being dropped.
        let stopping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(stopper.stop());
        });
        let _ = stopping.join();
        let _ = thread.join();
        if !std::thread::panicking() {
            plans::check();
        }
    }
}
