//! One node: a process that can be killed, frozen and started again, always at the same address.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard},
};

use otomo::kernel::identity::Role;

use crate::support::{Client, Endpoint, Json, Process, Tunnel, found, steady_port};

/// The ways to and from a node, each for troubles of its own.
pub struct Ways {
    pub clients: Tunnel,
    pub redis: Tunnel,
    pub postgres: Tunnel,
    door: Arc<Endpoint>,
}

/// A node.
pub struct Node {
    name: String,
    way_in: Arc<Endpoint>,
    /// None: it is being started again.
    process: Mutex<Option<Process>>,
    ways: Option<Ways>,
}

impl Deref for Node {
    type Target = Endpoint;

    fn deref(&self) -> &Endpoint {
        &self.way_in
    }
}

impl Node {
    pub(super) async fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        let address = format!("127.0.0.1:{}", steady_port());
        let advertise = format!("http://{address}");
        let own = [
            ("server.listen", address.as_str()),
            ("cluster.node", name),
            ("cluster.advertise", &advertise),
        ];
        let process = Process::start_with(&[&own, settings].concat()).await;
        Self {
            name: name.to_owned(),
            way_in: process.way_in(),
            process: Mutex::new(Some(process)),
            ways: None,
        }
    }

    /// It reaches its stores by these, and clients may come to it by one, too.
    pub(super) async fn behind(self, redis: Tunnel, postgres: Tunnel) -> Self {
        let clients = Tunnel::to(self.address()).await;
        let door = Arc::new(Endpoint::new(clients.address()));
        let ways = Some(Ways {
            clients,
            redis,
            postgres,
            door,
        });
        Self { ways, ..self }
    }

    /// Its ways.
    pub fn ways(&self) -> &Ways {
        let ways = self.ways.as_ref();
        ways.expect("a test that makes troubles has nodes behind ways")
    }

    /// Where clients come in by the way on which there may be troubles.
    pub fn door(&self) -> Arc<Endpoint> {
        Arc::clone(&self.ways().door)
    }

    /// Its name (`cluster.node`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `kill -9`.
    pub fn kill(&self) {
        self.lock().as_mut().expect("it runs").kill();
    }

    /// Asks it to stop (SIGTERM).
    pub fn terminate(&self) {
        self.lock().as_ref().expect("it runs").terminate();
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&self) {
        let mut process = self.lock().take().expect("it runs");
        assert!(process.ended().await, "it ends well");
    }

    /// It does nothing from now on, and its connections stay.
    pub fn freeze(&self) {
        self.lock().as_ref().expect("it runs").freeze();
    }

    /// It goes on.
    pub fn thaw(&self) {
        self.lock().as_ref().expect("it runs").thaw();
    }

    /// Starts it again; if it still runs it is killed. Returns once it serves.
    pub async fn restart(&self) {
        let process = self.lock().take().expect("it is not being started");
        let process = process.kill_and_restart().await;
        *self.lock() = Some(process);
    }

    /// Somebody who is connected here, on a device that keeps its name.
    pub async fn device(&self, user: &str, role: Role, device: &str) -> Client {
        self.connecting(user, role).on_device(device).ready().await
    }

    /// The same, as an app does it that was sent away: again and again until it is served.
    pub async fn comes_back(&self, user: &str, role: Role, device: &str) -> Client {
        found("they are let in again", async || {
            let connecting = self.connecting(user, role).on_device(device);
            connecting.ready_if_served().await
        })
        .await
    }

    /// The answer of `/health/ready`: its status and what it says.
    pub async fn readiness(&self) -> (u16, Json) {
        let reply = crate::api::Api::stranger(self).get("/health/ready").await;
        (reply.status, reply.json)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().expect("no panic")
    }
}
