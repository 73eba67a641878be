//! A server of its own for each test: in this process, on a free port, with a database of its own.

use std::{net::SocketAddr, sync::mpsc, thread::JoinHandle, time::Duration};

use otomo::{
    app::{App, Stopper},
    kernel::{
        config::{AuthConfig, Sources, load},
        identity::{Identity, Role},
        time::Clock,
        token::Issuer,
    },
};
use tempfile::TempDir;

use super::client::{Client, Connecting};

/// The secret of all test servers.
pub const SECRET: &str = "a secret of tests, long enough for HS256";

/// A running server. Dropped, it stops.
pub struct TestServer {
    address: SocketAddr,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
    issuer: Issuer,
    folder: TempDir,
    settings: Vec<(String, String)>,
}

impl TestServer {
    /// A server with the default settings.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server with some settings changed.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the database");
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Self::start_in(folder, settings.iter().map(own).collect()).await
    }

    async fn start_in(folder: TempDir, settings: Vec<(String, String)>) -> Self {
        let url = format!("sqlite://{}", folder.path().join("otomo.db").display());
        let mut sources = Sources::default()
            .with("server.listen", "127.0.0.1:0")
            .with("server.workers", "2")
            .with("auth.hs256_secret", SECRET)
            .with("database.url", url);
        for (key, value) in &settings {
            sources = sources.with(key, value.clone());
        }
        let config = load(&sources).expect("a sound configuration");
        let issuer = Issuer::new(&config.auth).expect("a usable secret");
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
        Self {
            address,
            stopper,
            thread: Some(thread),
            issuer,
            folder,
            settings,
        }
    }

    /// Stops the server at once and starts another on the same database.
    pub async fn restart(self) -> Self {
        let (folder, settings) = self.stop().await;
        Self::start_in(folder, settings).await
    }

    /// Stops the server at once; its database stays.
    pub async fn stop(mut self) -> (TempDir, Vec<(String, String)>) {
        self.stopper.stop().await;
        self.join().await;
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"));
        (folder, std::mem::take(&mut self.settings))
    }

    /// Starts to drain; the answer is there when it has ended.
    pub fn drain(&self) -> tokio::task::JoinHandle<()> {
        let stopper = self.stopper.clone();
        tokio::spawn(async move { stopper.drain().await })
    }

    async fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            tokio::task::spawn_blocking(move || thread.join())
                .await
                .expect("no panic")
                .expect("no panic");
        }
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://..` plus a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A token for an hour.
    pub fn token(&self, user: &str, role: Role) -> String {
        self.token_for(user, role, Duration::from_secs(3600))
    }

    /// A token that is good for a while.
    pub fn token_for(&self, user: &str, role: Role, ttl: Duration) -> String {
        let identity = Identity {
            user: user.parse().expect("a user id"),
            role,
            name: Some(format!("{user}さん")),
            avatar: Some(format!("/avatars/{user}.jpg")),
            rooms: Vec::new(),
            expires_at: Clock::system().now() + ttl,
        };
        self.issuer.sign(&identity).expect("a token")
    }

    /// An otomo who is connected and ready.
    pub async fn otomo(&self, user: &str) -> Client {
        self.connecting(user, Role::Otomo).ready().await
    }

    /// A user who is connected and ready.
    pub async fn user(&self, user: &str) -> Client {
        self.connecting(user, Role::User).ready().await
    }

    /// A connection about to be made, to say more about it.
    pub fn connecting(&self, user: &str, role: Role) -> Connecting {
        Connecting::new(self.address, user, self.token(user, role))
    }

    /// A handshake without a token.
    pub fn stranger(&self) -> Connecting {
        Connecting::new(self.address, "", String::new())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let stopper = self.stopper.clone();
        // A runtime of its own: the test's may be the one that is being dropped.
        let stopped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(stopper.stop());
        });
        let _ = stopped.join();
        let _ = thread.join();
    }
}

/// The configuration of tokens alone, for tests that sign by themselves.
pub fn auth() -> AuthConfig {
    let sources = Sources::default().with("auth.hs256_secret", SECRET);
    load(&sources).expect("a sound configuration").auth
}
