//! One connection to Redis, from the first word to its end, and then the next one.
//!
//! ```text
//! connect ──> subscribe, in batches ──> probe comes back ──> Up, Gap ──> publish, subscribe, probe ──┐
//!    ^                                                                                               │ an error, or too slow
//!    └────────────────────── a pause ◄── Down: nobody waits, this node hears itself <────────────────┘
//! ```

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use ::redis::{AsyncConnectionConfig, Pipeline, RedisError, aio::MultiplexedConnection};
use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::{Shared, commands::Server, incoming::Incoming};
use crate::{
    backplane::{
        Channel, Link, Subject,
        envelope::{Envelope, Kind},
        outbox::Outgoing,
    },
    kernel::logging::chain,
};

/// How long Redis may take to answer before it counts as away. It answers within a millisecond; a node that waits longer
/// than this would keep people waiting who could be served without it.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The first pause before the next connection. Each that fails doubles it.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// The longest pause: what a return of Redis goes unnoticed at most.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("Redis cannot be asked")]
    Redis(#[from] RedisError),
    #[error("what is published does not come back in time")]
    Unheard,
    #[error("the connection has ended")]
    Lost,
}

/// Connects for as long as the backplane is there.
pub(super) async fn lives(shared: &Arc<Shared>) {
    let mut pause = PAUSE_MIN;
    let mut told = false;
    while !shared.is_closing() {
        let Err(end) = life(shared, &mut pause).await else {
            break;
        };
        let was_up = shared.lost();
        // An outage is told once.
        if (was_up || !told) && !shared.is_closing() {
            log::warn!("other nodes are not heard cause={}", chain(&end));
            told = true;
        }
        tokio::select! {
            biased;
            () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            () = shared.close.notified() => break,
        }
    }
    shared.lost();
    shared.closed.send_replace(true);
}

/// One connection. Ends well only if the backplane is closed.
async fn life(shared: &Arc<Shared>, pause: &mut Duration) -> Result<(), End> {
    let incoming = Incoming::new(shared);
    let life = async {
        let connection = tokio::select! {
            biased;
            connection = come_up(shared, &incoming) => connection?,
            () = shared.close.notified() => return Ok(()),
        };
        *pause = PAUSE_MIN;
        let [mut publishing, mut subscribing, mut probing] =
            std::array::from_fn(|_| connection.clone());
        tokio::select! {
            biased;
            closed = publish(shared, &mut publishing) => closed,
            end = keep_subscribed(shared, &mut subscribing) => end.map(|never| match never {}),
            end = keep_probing(shared, &incoming, &mut probing) => end.map(|never| match never {}),
        }
    };
    let ended = tokio::select! {
        biased;
        ended = life => ended,
        () = incoming.ended.notified() => Err(End::Lost),
    };
    let _outbox = shared.outbox();
    incoming.over.store(true, Ordering::Release);
    ended
}

/// Connects, and proves that this node is heard.
async fn come_up(
    shared: &Arc<Shared>,
    incoming: &Arc<Incoming>,
) -> Result<MultiplexedConnection, End> {
    let heard = Arc::clone(incoming);
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_push_sender(move |push| {
            heard.push(push);
            Ok::<_, Infallible>(())
        });
    let mut connection = (shared.dial)(config).await?;
    let run_id = introduce(shared, &mut connection).await?;
    subscribe(shared, &mut connection).await?;
    probe(shared, incoming, &mut connection).await?;
    while !shared.begin(&connection, &run_id) {
        subscribe(shared, &mut connection).await?;
    }
    log::info!("other nodes are heard redis={run_id}");
    Ok(connection)
}

/// Says who we are, and learns whom we speak to.
async fn introduce(
    shared: &Shared,
    connection: &mut MultiplexedConnection,
) -> Result<Arc<str>, RedisError> {
    let mut words = Pipeline::new();
    let name = format!("otomo-{}", shared.speaker.node);
    words.cmd("CLIENT").arg("SETNAME").arg(name).ignore();
    words.cmd("INFO").arg("server");
    let (info,): (String,) = words.query_async(connection).await?;
    let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:"));
    Ok(run_id.unwrap_or_default().trim().into())
}

/// Says everything about channels that is to be said.
async fn subscribe(
    shared: &Shared,
    connection: &mut MultiplexedConnection,
) -> Result<(), RedisError> {
    loop {
        let changes = shared.holds().take();
        let names = |channels: &[Channel]| channels.iter().map(Channel::name).collect::<Vec<_>>();
        if !changes.subscribe.is_empty() {
            connection.subscribe(names(&changes.subscribe)).await?;
            shared.holds().confirmed(&changes.subscribe);
        }
        if !changes.unsubscribe.is_empty() {
            connection.unsubscribe(names(&changes.unsubscribe)).await?;
        }
        if shared.holds().is_settled() {
            return Ok(());
        }
    }
}

async fn keep_subscribed(
    shared: &Shared,
    connection: &mut MultiplexedConnection,
) -> Result<Infallible, End> {
    loop {
        shared.holds_changed.notified().await;
        subscribe(shared, connection).await?;
    }
}

/// Says something to ourselves and waits until it is heard.
async fn probe(
    shared: &Shared,
    incoming: &Incoming,
    connection: &mut MultiplexedConnection,
) -> Result<(), End> {
    let number = shared.outbox().next_number();
    let to = Channel::Node(shared.speaker.node.clone());
    let probe = shared.envelope(Kind::Probe, number).encode();
    let heard = async {
        let mut publish = ::redis::cmd("PUBLISH");
        publish.arg(to.name()).arg(probe);
        publish.query_async::<i64>(connection).await?;
        while incoming.probe.load(Ordering::Acquire) != number {
            incoming.probed.notified().await;
        }
        Ok(())
    };
    timeout(PATIENCE, heard).await.unwrap_or(Err(End::Unheard))
}

async fn keep_probing(
    shared: &Shared,
    incoming: &Incoming,
    connection: &mut MultiplexedConnection,
) -> Result<Infallible, End> {
    loop {
        sleep(shared.probe_interval).await;
        probe(shared, incoming, connection).await?;
    }
}

/// Publishes what is said, until the backplane is closed: then what was said before, and a goodbye.
async fn publish(shared: &Shared, connection: &mut MultiplexedConnection) -> Result<(), End> {
    while !shared.is_closing() {
        publish_waiting(shared, connection).await?;
        tokio::select! {
            biased;
            () = shared.said.notified() => {}
            () = shared.close.notified() => {}
        }
    }
    publish_waiting(shared, connection).await?;
    // With the connection go its subscriptions.
    ::redis::cmd("QUIT").query_async::<()>(connection).await?;
    Ok(())
}

/// Publishes what waits, one pipeline after the other.
async fn publish_waiting(
    shared: &Shared,
    connection: &mut MultiplexedConnection,
) -> Result<(), RedisError> {
    let metrics = &shared.metrics.backplane;
    loop {
        let (batch, gap) = shared.take_waiting();
        if batch.is_empty() && gap.is_none() {
            return Ok(());
        }
        let mut pipeline = Pipeline::with_capacity(batch.len() + 1);
        if let Some(gap) = &gap {
            let everyone = Channel::Everyone.name();
            pipeline.cmd("PUBLISH").arg(everyone).arg(gap);
        }
        for (outgoing, _) in &batch {
            let name = outgoing.channel.name();
            pipeline.cmd("PUBLISH").arg(name).arg(&outgoing.payload);
        }
        let began = Instant::now();
        let receivers: Vec<i64> = pipeline.query_async(connection).await?;
        shared.outbox().under_way = false;
        metrics.pipeline.took(began.elapsed());
        let receivers = receivers.into_iter().skip(usize::from(gap.is_some()));
        for ((outgoing, echoes), receivers) in batch.into_iter().zip(receivers) {
            metrics.published.took(outgoing.said.elapsed());
            if let Some(counted) = outgoing.counted {
                let others = usize::try_from(receivers).unwrap_or(0);
                // Whoever asked may be gone.
                let _ = counted.send(others.saturating_sub(usize::from(echoes)));
            }
        }
    }
}

impl Shared {
    fn envelope(&self, kind: Kind, number: u64) -> Envelope {
        Envelope {
            kind,
            speaker: self.speaker.clone(),
            number,
            // It is about no subject, but the form has a place for one.
            subject: Subject::Nodes,
            body: Bytes::new(),
        }
    }

    /// The next pipeline, each message with whether it comes back; and before it the word that something is missing.
    fn take_waiting(&self) -> (Vec<(Outgoing, bool)>, Option<Vec<u8>>) {
        let mut outbox = self.outbox();
        let holds = self.holds();
        let batch = outbox.take(|channel| holds.echoes(channel));
        let batch = batch.into_iter().map(|it| {
            let echoes = holds.echoes(&it.channel);
            (it, echoes)
        });
        let batch: Vec<_> = batch.collect();
        drop(holds);
        let gap = std::mem::take(&mut outbox.owes_gap).then(|| {
            let number = outbox.next_number();
            self.envelope(Kind::Gap, number).encode()
        });
        let waiting = i64::try_from(outbox.len()).unwrap_or(i64::MAX);
        self.metrics.backplane.queue.set(waiting);
        outbox.under_way = gap.is_some() || !batch.is_empty();
        if std::mem::take(&mut outbox.overflowed) {
            // Some of it was also ours to hear.
            self.listeners.gap();
        }
        (batch, gap)
    }

    /// The link is up, if nothing is left to be subscribed to. Returns whether.
    fn begin(&self, connection: &MultiplexedConnection, run_id: &Arc<str>) -> bool {
        let mut outbox = self.outbox();
        let holds = self.holds();
        if !holds.is_settled() {
            return false;
        }
        outbox.up = true;
        let server = Server {
            run_id: Arc::clone(run_id),
            up_since: Instant::now(),
        };
        *self.current() = Some((connection.clone(), server));
        self.link.send_replace(Link::Up);
        drop(holds);
        self.metrics.backplane.up.set(1);
        self.listeners.gap();
        true
    }

    /// The link is down. Returns whether it was up.
    fn lost(&self) -> bool {
        let mut outbox = self.outbox();
        let (unheard, unsaid) = outbox.lost();
        // Before the word of it: whoever has heard that the link is down asks nothing any more.
        *self.current() = None;
        let was_up = self.link.send_replace(Link::Down) == Link::Up;
        for message in unheard {
            self.hear_own(message);
        }
        self.holds().lost();
        drop(outbox);
        let metrics = &self.metrics.backplane;
        metrics.up.set(0);
        metrics.queue.set(0);
        metrics.dropped.of("link_down").inc_by(unsaid as u64);
        if was_up {
            self.listeners.gap();
        }
        was_up
    }
}
