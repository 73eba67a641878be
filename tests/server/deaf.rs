//! A client that stops reading while the list changes many times a second: it costs the server
//! nothing, it delays nobody, and it is closed or finds the newest status of everybody when it reads
//! again.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::support::{Client, Json, Process, silence};

/// Otomo who toggle between break and online.
const OTOMO: usize = 100;

/// Updates a second, all together; the long form, with an optimized server, makes 1,000.
fn rate() -> u64 {
    let asked = std::env::var("OTOMO_DEAF_RATE").ok();
    asked.map_or(200, |rate| rate.parse().expect("updates a second"))
}

/// Time in which caches and buffers reach their size.
const WARM_UP: Duration = Duration::from_secs(4);

/// How much the server may grow while one client is deaf.
const GROWTH_MAX: u64 = 2 * 1024 * 1024;

/// How long the client is deaf; the long form says a minute.
fn deafness() -> Duration {
    let asked = std::env::var("OTOMO_DEAF_SECONDS").ok();
    Duration::from_secs(asked.map_or(6, |seconds| seconds.parse().expect("seconds")))
}

/// No limits but those of the outbox, and a deaf client that is kept as long as the story lasts.
const SETTINGS: [(&str, &str); 4] = [
    ("limits.commands_per_second", "none"),
    ("limits.connections_per_user", "none"),
    ("presence.ping_interval", "20s"),
    ("server.workers", "2"),
];

/// Otomo who change their status, [`rate`] times a second together.
struct Churn {
    stop: tokio::sync::watch::Sender<bool>,
    work: tokio::task::JoinHandle<Churned>,
}

/// What came of it.
struct Churned {
    /// Changes asked for, and answered, a second.
    rate: f64,
    /// The last status of each otomo.
    last: HashMap<String, &'static str>,
}

impl Churn {
    async fn begin(server: &Process) -> Self {
        let mut otomos = Vec::new();
        for number in 0..OTOMO {
            let connecting = server.connecting(&format!("otomo-{number}"), Role::Otomo);
            otomos.push(connecting.asking("topics=calls").ready().await);
        }
        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        let work = tokio::spawn(async move {
            let mut beat = tokio::time::interval(Duration::from_micros(1_000_000 / rate()));
            let mut last = HashMap::new();
            let began = Instant::now();
            let mut turns = 0;
            for turn in 0.. {
                turns = turn;
                tokio::select! {
                    _ = beat.tick() => {}
                    _ = stopped.changed() => break,
                }
                let otomo: &mut Client = &mut otomos[turn % OTOMO];
                let status = if (turn / OTOMO).is_multiple_of(2) {
                    "break"
                } else {
                    "online"
                };
                otomo
                    .send(json!({"type": "otomo_status_set", "status": status}))
                    .await;
                last.insert(otomo.user.clone(), status);
            }
            for otomo in &mut otomos {
                otomo.settled_with_answers().await;
            }
            let rate = turns as f64 / began.elapsed().as_secs_f64();
            // They stay: an otomo who left would be offline.
            std::mem::forget(otomos);
            Churned { rate, last }
        });
        Self { stop, work }
    }

    async fn end(self) -> Churned {
        self.stop.send(true).expect("the work goes on until now");
        self.work.await.expect("no panic")
    }
}

impl Client {
    /// Waits until a last choice has been answered: then all before it have been.
    async fn settled_with_answers(&mut self) {
        let last = self
            .ask(json!({"type": "otomo_status_set", "status": "break", "until": 1}))
            .await;
        assert_eq!(last["code"], "BAD_REQUEST", "{last}");
        self.everything();
    }
}

/// How late updates come to a client that reads: the time from asking for a change to seeing it.
async fn delay(server: &Process, watcher: &mut Client, name: &str) -> Duration {
    let mut probe = server.otomo(name).await;
    let mut delays = Vec::new();
    for round in 0..30 {
        let status = if round % 2 == 0 { "break" } else { "online" };
        let asked = Instant::now();
        probe
            .send(json!({"type": "otomo_status_set", "status": status}))
            .await;
        watcher.sees(name, status).await;
        delays.push(asked.elapsed());
        watcher.everything();
    }
    probe.log_out().await;
    delays.sort();
    delays[delays.len() / 2]
}

fn statuses(events: &[Json]) -> HashMap<String, String> {
    let updates = events
        .iter()
        .filter(|event| event["type"] == "otomo_status_update");
    let text = |event: &Json, name: &str| event[name].as_str().expect("text").to_owned();
    updates
        .map(|event| (text(event, "userId"), text(event, "status")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_reading_costs_nothing_and_finds_the_newest_statuses() {
    let server =
        Process::start_with(&[SETTINGS.as_slice(), &[("outbox.write_timeout", "10m")]].concat())
            .await;
    let mut watcher = server.user("watcher").await;
    let churn = Churn::begin(&server).await;
    // What the list, the database and the allocator need for themselves is there before the count begins.
    silence(WARM_UP).await;
    let before_delay = delay(&server, &mut watcher, "probe-1").await;
    let mut deaf = server
        .connecting("deaf", Role::User)
        .reading_on_request()
        .await;
    let before = server.resident_memory();
    silence(deafness()).await;
    let growth = server.resident_memory().saturating_sub(before);
    let after_delay = delay(&server, &mut watcher, "probe-2").await;
    let Churned { rate, last } = churn.end().await;
    println!(
        "deaf for {:?} at {rate:.0} updates a second: memory grew by {growth} bytes; \
         others' delay {before_delay:?} -> {after_delay:?}",
        deafness()
    );
    assert!(growth < GROWTH_MAX, "memory grew by {growth} bytes");
    let margin = before_delay * 3 + Duration::from_millis(20);
    assert!(
        after_delay < margin,
        "others wait {after_delay:?}, before it was {before_delay:?}"
    );
    let heard = deaf.read_until_quiet().await;
    let seen = statuses(&heard);
    for (otomo, status) in last {
        assert_eq!(
            seen.get(&otomo).map(String::as_str),
            Some(status),
            "{otomo} is stale"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_again_is_closed_as_slow() {
    let server =
        Process::start_with(&[SETTINGS.as_slice(), &[("outbox.write_timeout", "1s")]].concat())
            .await;
    let mut watcher = server.user("watcher").await;
    let mut deaf = server
        .connecting("deaf", Role::User)
        .reading_on_request()
        .await;
    let churn = Churn::begin(&server).await;
    let closed = "otomo_closes_total{code=\"slow_consumer\"} 1";
    server.metric(closed).await;
    churn.end().await;
    let end = deaf.read_to_the_end().await;
    assert!(end, "the connection is over");
    watcher.settled().await;
}
