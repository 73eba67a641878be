//! A room whose states change many times a second, with members who read slowly: those who read see every newest value soon,
//! those who do not cost little, and what is urgent is not late by any of that.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    api::{API_KEY, Api},
    support::{Deaf, Json, Onlooker, Process, eventually},
};

const ROOM: &str = "game_load";

/// States that change.
const KEYS: u64 = 50;

/// Requests of the backend a second, each with its share of the updates.
const REQUESTS: u64 = 50;

/// Messages that a slow member reads a second.
const SIP: usize = 20;

/// `outbox.soft_limit`, in bytes.
const SOFT_LIMIT: u64 = 256 * 1024;

/// How soon a member that reads must see what is newest, in the long form.
const SOON: Duration = Duration::from_millis(250);

/// The same in the short form, and of alarms too: a debug build on a machine that has other things to do.
const IN_TIME: Duration = Duration::from_secs(2);

/// The size of the story; the long form, with an optimized server, says 500 clients, 50 slow, 1,000 updates, a minute.
fn asked(variable: &str, otherwise: u64) -> u64 {
    let asked = std::env::var(variable).ok();
    asked.map_or(otherwise, |number| number.parse().expect("a number"))
}

/// What all who read have seen.
struct Seen {
    began: Instant,
    /// The last value of each key, for each member.
    newest: Vec<Vec<AtomicU64>>,
    /// How late cells and alarms came, in microseconds.
    cells: AtomicU64,
    alarms: std::sync::Mutex<Vec<u64>>,
}

/// The number after a field's name, wherever it is in a message.
fn number(text: &str, field: &str) -> Option<u64> {
    let (_, after) = text.split_once(&format!("\"{field}\":"))?;
    let end = after.find(|c: char| !c.is_ascii_digit())?;
    after.get(..end)?.parse().ok()
}

impl Seen {
    fn new(members: usize) -> Arc<Self> {
        let cells = || (0..KEYS).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self {
            began: Instant::now(),
            newest: (0..members).map(|_| cells()).collect(),
            cells: AtomicU64::new(0),
            alarms: std::sync::Mutex::default(),
        })
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).expect("a short test")
    }

    /// A member has got a message.
    fn look(&self, member: usize, text: &str) {
        let Some(at) = number(text, "at") else { return };
        let late = self.micros().saturating_sub(at);
        let (Some(cell), Some(value)) = (number(text, "cell"), number(text, "value")) else {
            self.alarms.lock().expect("no panic").push(late);
            return;
        };
        self.cells.fetch_max(late, Ordering::Relaxed);
        let known = &self.newest[member][usize::try_from(cell).expect("a key")];
        let before = known.swap(value, Ordering::Relaxed);
        assert!(before < value, "cell {cell}: {value} came after {before}");
    }

    /// How late the 99th of a hundred alarms came, of those since the last call.
    fn take_alarms(&self) -> Duration {
        let mut alarms = std::mem::take(&mut *self.alarms.lock().expect("no panic"));
        alarms.sort_unstable();
        let late = alarms.get(alarms.len() * 99 / 100).copied().unwrap_or(0);
        Duration::from_micros(late)
    }
}

/// The backend: what it grants and publishes.
struct Backend {
    api: Api,
    seen: Arc<Seen>,
    /// The last value that was published, of any key.
    value: u64,
    /// The last value of each key.
    newest: HashMap<u64, u64>,
}

impl Backend {
    async fn grant(&self, user: &str) {
        let path = format!("/api/server/rooms/{ROOM}/members/{user}");
        self.api.put(&path, json!({})).await.ok();
    }

    /// So many updates in one request, the keys one after another.
    async fn update(&mut self, count: u64) {
        let mut events = Vec::new();
        for _ in 0..count {
            self.value += 1;
            let cell = self.value % KEYS;
            self.newest.insert(cell, self.value);
            events.push(json!({
                "target": {"room": ROOM}, "type": "cell", "kind": "state", "key": cell.to_string(),
                "data": {"cell": cell, "value": self.value, "at": self.seen.micros(), "end": true},
            }));
        }
        let body = json!({"events": events});
        self.api.post("/api/server/events", body).await.ok();
    }

    async fn alarm(&self) {
        let body = json!({
            "target": {"room": ROOM}, "type": "alarm", "kind": "ephemeral", "priority": "high",
            "data": {"at": self.seen.micros(), "end": true},
        });
        self.api.post("/api/server/events", body).await.ok();
    }

    /// Publishes for a while: `rate` updates a second, and ten alarms a second. Returns how many alarms.
    async fn publish(&mut self, rate: u64, length: Duration) -> usize {
        let mut beat = interval(Duration::from_micros(1_000_000 / REQUESTS));
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let began = Instant::now();
        let (mut due, mut alarms) = (0, 0);
        while began.elapsed() < length {
            beat.tick().await;
            let whole =
                rate * u64::try_from(began.elapsed().as_millis()).expect("a short test") / 1000;
            if whole > due {
                self.update(whole - due).await;
                due = whole;
            }
            if began.elapsed().as_millis() / 100 > alarms as u128 {
                self.alarm().await;
                alarms += 1;
            }
        }
        alarms
    }
}

fn join() -> Json {
    json!({"type": "room_join", "room": ROOM})
}

/// A member who reads what comes.
async fn looks_on(server: &Process, backend: &Backend, member: usize) -> Onlooker {
    let user = format!("fast-{member}");
    backend.grant(&user).await;
    let seen = Arc::clone(&backend.seen);
    let look = move |text: &str| seen.look(member, text);
    let connecting = server.connecting(&user, Role::User);
    connecting.looking_on(join(), "room_snapshot", look).await
}

/// A member who has joined and reads when told to.
async fn reads_slowly(server: &Process, backend: &Backend, member: usize) -> Deaf {
    let user = format!("slow-{member}");
    backend.grant(&user).await;
    let connecting = server.connecting(&user, Role::User);
    let mut deaf = connecting.reading_on_request().await;
    deaf.send(join()).await;
    deaf.read_until_quiet().await;
    deaf
}

/// Waits until those who read have seen all alarms; returns how late the 99th of a hundred came.
async fn lateness(seen: &Seen, expected: usize) -> Duration {
    eventually("all alarms are seen", async || {
        seen.alarms.lock().expect("no panic").len() >= expected
    })
    .await;
    seen.take_alarms()
}

/// Waits until those who read have the newest value of each key.
async fn all_have_the_newest(backend: &Backend) {
    let newest = |member: &Vec<AtomicU64>| {
        let mut cells = backend.newest.iter();
        cells.all(|(cell, value)| {
            member[usize::try_from(*cell).expect("a key")].load(Ordering::Relaxed) == *value
        })
    };
    let all = async || backend.seen.newest.iter().all(newest);
    eventually("all have the newest values", all).await;
}

/// The most that waits for one client, in bytes.
async fn largest_backlog(admin: &Api) -> u64 {
    let sessions = admin.whole_list("/admin/api/sessions", 200).await;
    let backlogs = sessions.iter().map(|it| it["backlogBytes"].as_u64());
    backlogs.flatten().max().unwrap_or(0)
}

/// Reads a little every second, until told to stop; then all that is left. Returns the number of alarms.
async fn sip(mut deaf: Deaf, mut stopped: tokio::sync::watch::Receiver<bool>) -> usize {
    let mut heard = Vec::new();
    while !*stopped.borrow() {
        heard.extend(deaf.read_some(SIP).await);
        let pause = tokio::time::sleep(Duration::from_secs(1));
        tokio::select! {
            () = pause => {}
            _ = stopped.changed() => {}
        }
    }
    heard.extend(deaf.read_until_quiet().await);
    let is_alarm = |event: &&Json| event.to_string().contains(r#""alarm""#);
    heard.iter().filter(is_alarm).count()
}

/// How late cells, and alarms, may come, if alarms come so late without load.
fn bounds(quiet: Duration) -> (Duration, Duration) {
    match std::env::var_os("OTOMO_ROOM_CLIENTS") {
        Some(_long) => (SOON, quiet * 3 + Duration::from_millis(20)),
        None => (IN_TIME, IN_TIME),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_sees_the_newest_soon_and_who_does_not_costs_little() {
    let clients = usize::try_from(asked("OTOMO_ROOM_CLIENTS", 60)).expect("clients");
    let slow = usize::try_from(asked("OTOMO_ROOM_SLOW", 6)).expect("clients");
    let rate = asked("OTOMO_ROOM_RATE", 200);
    let length = Duration::from_secs(asked("OTOMO_ROOM_SECONDS", 4));
    let settings = [
        ("auth.api_keys", API_KEY),
        ("limits.handshakes_per_address", "none"),
        ("server.workers", "2"),
    ];
    let server = Process::start_with(&settings).await;
    let admin = Api::of(&server, "root", Role::Admin);
    let seen = Seen::new(clients - slow);
    let mut backend = Backend {
        api: Api::backend(&server),
        seen: Arc::clone(&seen),
        value: 0,
        newest: HashMap::new(),
    };
    let mut onlookers = Vec::new();
    for member in 0..clients - slow {
        onlookers.push(looks_on(&server, &backend, member).await);
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut sips = Vec::new();
    for member in 0..slow {
        let deaf = reads_slowly(&server, &backend, member).await;
        sips.push(tokio::spawn(sip(deaf, stopped.clone())));
    }

    let quiet_alarms = backend.publish(0, length / 2).await;
    let quiet = lateness(&seen, quiet_alarms * onlookers.len()).await;

    let mut backlog = 0;
    let publishing = async {
        let alarms = backend.publish(rate, length).await;
        (backend, alarms)
    };
    let mut publishing = std::pin::pin!(publishing);
    let (backend, alarms) = loop {
        tokio::select! {
            published = &mut publishing => break published,
            waits = largest_backlog(&admin) => backlog = backlog.max(waits),
        }
    };
    let loaded = lateness(&seen, alarms * onlookers.len()).await;
    all_have_the_newest(&backend).await;
    let cells = Duration::from_micros(seen.cells.load(Ordering::Relaxed));
    stop.send(true).expect("they read until now");
    println!(
        "{clients} clients, {slow} of them slow, {} updates: cells at most {cells:?} late; alarms {quiet:?} -> {loaded:?}; \
         largest backlog {backlog} bytes",
        backend.value
    );
    for sip in sips {
        assert_eq!(
            sip.await.expect("no panic"),
            quiet_alarms + alarms,
            "alarms were lost"
        );
    }
    assert!(backlog < SOFT_LIMIT, "{backlog} bytes wait for one client");
    let (soon, margin) = bounds(quiet);
    assert!(cells < soon, "a cell came {cells:?} late");
    assert!(
        loaded < margin,
        "alarms come {loaded:?} late, without load {quiet:?}"
    );
}
