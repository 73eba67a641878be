//! A Redis in this process, as far as a backplane needs one: what is published goes to whoever subscribes.
//!
//! It speaks RESP3 over a pipe, so that the backplane's own connection code runs unchanged. What friends' presence keeps in a
//! Redis is refused, as by a Redis that takes nothing: it has a model of its own and tests on a real one.
//!
//! Real connections keep their order and lose nothing but their end. This one is crueller where a [`Sky`] says so: between
//! Redis and a subscriber messages are lost, come twice, and overtake those of other channels; of one channel they keep their
//! order, and those of a room are lost only with their connection, which what happens in a room relies on.

mod resp;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use otomo::backplane::redis::dial::Dial;
use redis::{
    AsyncConnectionConfig, ErrorKind, ProtocolVersion, RedisConnectionInfo, RedisError,
    RedisResult, aio::MultiplexedConnection,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, duplex, split},
    sync::mpsc,
    task::{AbortHandle, spawn_local},
    time::{Instant, sleep_until},
};

use crate::{sky::Sky, support::Dice};

/// What fits into a pipe.
const PIPE: usize = 64 * 1024;

/// As exactly as the runtime measures.
const TICK: Duration = Duration::from_millis(1);

/// The server: channels, and who is connected. Clones share it.
#[derive(Clone)]
pub struct Redis(Arc<Hub>);

struct Hub {
    sky: Sky,
    state: Mutex<State>,
    /// Pipes of new connections, each of a node. Whoever connects is not whose task serves it.
    knocking: mpsc::UnboundedSender<(usize, DuplexStream)>,
}

struct State {
    dice: Dice,
    /// Counts its starts.
    run: u64,
    last: u64,
    connections: BTreeMap<u64, Connection>,
    channels: BTreeMap<Vec<u8>, BTreeSet<u64>>,
}

struct Connection {
    node: usize,
    writes: mpsc::UnboundedSender<(Instant, Vec<u8>)>,
    /// When what was said last to it, channel by channel, arrives.
    arrivals: BTreeMap<Vec<u8>, Instant>,
    /// Something did not arrive, so it ends as soon as anything can.
    lost: bool,
    tasks: Vec<AbortHandle>,
}

impl Redis {
    /// Starts it, beside the nodes.
    pub fn start(sky: &Sky, dice: Dice) -> Self {
        let (knocking, mut pipes) = mpsc::unbounded_channel();
        let state = State {
            dice,
            run: 1,
            last: 0,
            connections: BTreeMap::new(),
            channels: BTreeMap::new(),
        };
        let redis = Self(Arc::new(Hub {
            sky: sky.clone(),
            state: Mutex::new(state),
            knocking,
        }));
        let server = redis.clone();
        spawn_local(async move {
            while let Some((node, pipe)) = pipes.recv().await {
                server.accept(node, pipe);
            }
        });
        redis
    }

    /// How a node connects to it.
    pub fn dial(&self, node: usize) -> Dial {
        let redis = self.clone();
        Box::new(move |config| {
            let redis = redis.clone();
            Box::pin(async move { redis.connect(node, config).await })
        })
    }

    /// It is started again: everybody is cut off, and it knows nothing any more.
    pub fn restart(&self) {
        let mut state = self.state();
        state.run += 1;
        state.channels.clear();
        std::mem::take(&mut state.connections)
            .into_values()
            .for_each(Connection::cut);
    }

    /// A node is cut off. It may come again, if it reaches it.
    pub fn cut(&self, node: usize) {
        let mut state = self.state();
        let of_node = |it: &(&u64, &Connection)| it.1.node == node;
        let cut: Vec<u64> = state
            .connections
            .iter()
            .filter(of_node)
            .map(|it| *it.0)
            .collect();
        cut.into_iter()
            .for_each(|number| state.drop_connection(number));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0
            .state
            .lock()
            .expect("nobody panics while they have it")
    }

    async fn connect(
        self,
        node: usize,
        config: AsyncConnectionConfig,
    ) -> RedisResult<MultiplexedConnection> {
        if !self.0.sky.reaches_redis(node) {
            // As a refused connection: at once, but not without the others' having their turn.
            tokio::task::yield_now().await;
            return Err(RedisError::from((
                ErrorKind::Io,
                "the simulated network is split",
            )));
        }
        let (theirs, ours) = duplex(PIPE);
        let _ = self.0.knocking.send((node, ours));
        let info = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
        let connecting = MultiplexedConnection::new_with_config(&info, theirs, config);
        let (connection, driver) = connecting.await?;
        spawn_local(driver);
        Ok(connection)
    }

    fn accept(&self, node: usize, pipe: DuplexStream) {
        let (reads, writes) = split(pipe);
        let (sender, waiting) = mpsc::unbounded_channel();
        let number = {
            let mut state = self.state();
            state.last += 1;
            state.last
        };
        let writer = spawn_local(self.clone().write(number, writes, waiting));
        let reader = spawn_local(self.clone().read(number, reads));
        let connection = Connection {
            node,
            writes: sender,
            arrivals: BTreeMap::new(),
            lost: false,
            tasks: vec![writer.abort_handle(), reader.abort_handle()],
        };
        self.state().connections.insert(number, connection);
    }

    /// Writes what waits as its time comes, in order. What a node is cut off from does not arrive, and the connection stands for
    /// so long.
    async fn write(
        self,
        number: u64,
        mut writes: WriteHalf<DuplexStream>,
        mut waiting: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>,
    ) {
        while let Some((due, bytes)) = waiting.recv().await {
            sleep_until(due).await;
            let passes = self.state().passes(&self.0.sky, number);
            if passes && writes.write_all(&bytes).await.is_err() {
                return;
            }
        }
    }

    async fn read(self, number: u64, mut reads: ReadHalf<DuplexStream>) {
        let mut bytes = Vec::new();
        loop {
            while let Some((command, length)) = resp::command(&bytes) {
                bytes.drain(..length);
                self.state().obey(&self.0.sky, number, &command);
            }
            match reads.read_buf(&mut bytes).await {
                Ok(count) if count > 0 => {}
                _ => break,
            }
        }
        self.state().drop_connection(number);
    }
}

impl Connection {
    fn cut(self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }

    /// An answer, which is never lost alone.
    fn answer(&self, bytes: Vec<u8>) {
        // Whoever has gone needs none.
        let _ = self.writes.send((Instant::now(), bytes));
    }
}

impl State {
    fn drop_connection(&mut self, number: u64) {
        for subscribers in self.channels.values_mut() {
            subscribers.remove(&number);
        }
        if let Some(connection) = self.connections.remove(&number) {
            connection.cut();
        }
    }

    /// Whether anything arrives at the other end of a connection. One of which something was lost ends.
    fn passes(&mut self, sky: &Sky, number: u64) -> bool {
        let Some(connection) = self.connections.get_mut(&number) else {
            return false;
        };
        let reaches = sky.reaches_redis(connection.node);
        let passes = reaches && !connection.lost;
        connection.lost |= !reaches;
        if reaches && !passes {
            self.drop_connection(number);
        }
        passes
    }

    fn obey(&mut self, sky: &Sky, number: u64, command: &[Vec<u8>]) {
        if !self.passes(sky, number) {
            return;
        }
        let (name, arguments) = command.split_first().expect("a command has a name");
        let answers = match name.to_ascii_uppercase().as_slice() {
            b"HELLO" => vec![resp::map(&[("server", "redis"), ("version", "7.4.0")])],
            b"CLIENT" | b"QUIT" => vec![resp::ok()],
            b"INFO" => vec![resp::bulk(
                format!("# Server\r\nrun_id:run-{}\r\n", self.run).as_bytes(),
            )],
            b"SUBSCRIBE" => self.change(number, "subscribe", arguments),
            b"UNSUBSCRIBE" => self.change(number, "unsubscribe", arguments),
            b"PUBLISH" => vec![resp::integer(self.publish(
                sky,
                &arguments[0],
                &arguments[1],
            ))],
            b"SCRIPT" | b"EVALSHA" | b"EVAL" => vec![resp::error("NOPERM it takes nothing")],
            _ => vec![resp::error("NOPERM it keeps nothing")],
        };
        if let Some(connection) = self.connections.get(&number) {
            answers
                .into_iter()
                .for_each(|answer| connection.answer(answer));
        }
    }

    fn change(&mut self, number: u64, kind: &str, names: &[Vec<u8>]) -> Vec<Vec<u8>> {
        for name in names {
            let subscribers = self.channels.entry(name.clone()).or_default();
            match kind {
                "subscribe" => subscribers.insert(number),
                _ => subscribers.remove(&number),
            };
        }
        let confirmed = |name: &Vec<u8>| {
            let parts = [
                resp::bulk(kind.as_bytes()),
                resp::bulk(name),
                resp::integer(1),
            ];
            resp::push(&parts)
        };
        names.iter().map(confirmed).collect()
    }

    /// Says something to all subscribers. Returns how many there are.
    fn publish(&mut self, sky: &Sky, channel: &[u8], payload: &[u8]) -> usize {
        let parts = [
            resp::bulk(b"message"),
            resp::bulk(channel),
            resp::bulk(payload),
        ];
        let message = resp::push(&parts);
        let is_of_room = channel.starts_with(b"otomo:room:");
        let subscribers = self.channels.get(channel).cloned().unwrap_or_default();
        for number in &subscribers {
            let Some(connection) = self.connections.get_mut(number) else {
                continue;
            };
            for _ in 0..sky.copies(is_of_room, &mut self.dice) {
                let late = Duration::from_millis(sky.redis_delay(&mut self.dice));
                let earliest = connection.arrivals.get(channel).copied();
                let due = Instant::now() + late;
                let due = earliest.map_or(due, |earliest| due.max(earliest + TICK));
                connection.arrivals.insert(channel.to_vec(), due);
                let (writes, message) = (connection.writes.clone(), message.clone());
                // Apart from the others, so that those of other channels may overtake it.
                let arrives = spawn_local(async move {
                    sleep_until(due).await;
                    let _ = writes.send((due, message));
                });
                connection.tasks.push(arrives.abort_handle());
            }
        }
        subscribers.len()
    }
}
