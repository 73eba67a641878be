//! Who may connect at all, whatever the transport: our own count of connections (actix-server does not see those that were
//! taken over), handshakes per address, and whether the node drains.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use prometheus_client::metrics::gauge::Gauge;

use super::drain::Drain;
use crate::kernel::{
    config::{Changeable, LimitsConfig},
    keyed_rate::KeyedRate,
    metrics::Metrics,
};

/// Addresses remembered before those that are quiet again are forgotten.
const ADDRESSES_HIGH: usize = 65_536;

/// When a client that met a full or draining server should try again.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// The gate of one server, shared by all its workers.
pub struct Gate {
    open: Arc<AtomicUsize>,
    limits: Changeable<LimitsConfig>,
    handshakes: KeyedRate<IpAddr>,
    drain: Drain,
    metrics: Arc<Metrics>,
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// `limits.connections` is reached.
    #[error("the server has as many connections as it may; try again later")]
    Full(Duration),
    /// The node is about to stop.
    #[error("the server is about to stop; try again in a moment")]
    Draining(Duration),
    /// `limits.handshakes_per_address`.
    #[error("too many connections from this address in a short time; try again later")]
    TooFast(Duration),
}

impl Rejected {
    /// When to try again.
    pub fn retry_after(self) -> Duration {
        match self {
            Rejected::Full(wait) | Rejected::Draining(wait) | Rejected::TooFast(wait) => wait,
        }
    }

    const NAMES: [&'static str; 3] = ["full", "draining", "too_fast"];

    fn as_str(self) -> &'static str {
        let [full, draining, too_fast] = Self::NAMES;
        match self {
            Rejected::Full(_) => full,
            Rejected::Draining(_) => draining,
            Rejected::TooFast(_) => too_fast,
        }
    }
}

/// One connection that was let in; counted until it is dropped.
#[derive(Debug)]
pub struct Permit {
    open: Arc<AtomicUsize>,
    /// The connections of its transport.
    transport: Option<Gauge>,
}

impl Permit {
    /// Counted among the connections of a transport, too.
    #[must_use]
    pub fn counted_in(mut self, transport: Gauge) -> Self {
        transport.inc();
        self.transport = Some(transport);
        self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        if let Some(transport) = &self.transport {
            transport.dec();
        }
    }
}

impl Gate {
    /// An open gate.
    pub fn new(limits: &Changeable<LimitsConfig>, metrics: Arc<Metrics>) -> Self {
        // From 0 on, or the first refusals would be no rise to who looks at the metrics.
        for name in Rejected::NAMES {
            metrics.handshakes_refused.of(name);
        }
        Self {
            open: Arc::default(),
            handshakes: KeyedRate::per_second(limits, |limits| limits.handshakes_per_address),
            limits: limits.clone(),
            drain: Drain::default(),
            metrics,
        }
    }

    /// Lets a connection in. `must_return` says that its user is in a live call, for whom the gate
    /// stays open while the node drains.
    ///
    /// # Errors
    /// Why not, and when to try again.
    pub fn admit(&self, address: Option<IpAddr>, must_return: bool) -> Result<Permit, Rejected> {
        let admitted = self.judge(address, must_return);
        if let Err(rejected) = admitted {
            self.metrics.handshakes_refused.of(rejected.as_str()).inc();
        }
        admitted
    }

    fn judge(&self, address: Option<IpAddr>, must_return: bool) -> Result<Permit, Rejected> {
        if self.drain.has_begun() && !must_return {
            return Err(Rejected::Draining(TRY_AGAIN));
        }
        // Behind a proxy on the same machine everybody comes from loopback.
        if let Some(address) = address.map(household).filter(|it| !it.is_loopback()) {
            if self.handshakes.len() > ADDRESSES_HIGH {
                self.handshakes.tidy();
            }
            if let Some(wait) = self.handshakes.take(&address) {
                return Err(Rejected::TooFast(wait));
            }
        }
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        let permit = Permit {
            open: Arc::clone(&self.open),
            transport: None,
        };
        match self.limits.now().connections {
            Some(most) if before >= most.get() as usize => Err(Rejected::Full(TRY_AGAIN)),
            _ => Ok(permit),
        }
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// The drain of the node: once it has begun nobody is let in any more but those who must return.
    pub fn drain(&self) -> &Drain {
        &self.drain
    }
}

/// Whose handshakes are counted together: of IPv6 the network of 64 bits, all of whose addresses whoever has one of them may use
/// (RFC 4291, section 2.5.4). An address of IPv4 is the same however it is written.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(own) if !own.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(own.to_bits() & !u128::from(u64::MAX)))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::config::{Sources, load};

    fn gate(key: &str, value: &str) -> Gate {
        let config = load(&Sources::default().with(key, value)).unwrap();
        Gate::new(&config.limits, Arc::default())
    }

    #[test]
    fn connections_are_counted_until_they_end() {
        let gate = gate("limits.connections", "2");
        let first = gate.admit(None, false).unwrap();
        let _second = gate.admit(None, false).unwrap();
        assert!(matches!(gate.admit(None, false), Err(Rejected::Full(_))));
        drop(first);
        assert!(gate.admit(None, false).is_ok());
    }

    #[test]
    fn an_address_may_come_only_so_often_but_a_proxy_beside_us_speaks_for_many() {
        let gate = gate("limits.handshakes_per_address", "2");
        let far: IpAddr = "192.0.2.7".parse().unwrap();
        let near: IpAddr = "127.0.0.1".parse().unwrap();
        assert!(gate.admit(Some(far), false).is_ok());
        assert!(gate.admit(Some(far), false).is_ok());
        assert!(matches!(
            gate.admit(Some(far), false),
            Err(Rejected::TooFast(_))
        ));
        assert!((0..50).all(|_| gate.admit(Some(near), false).is_ok()));
    }

    #[test]
    fn another_address_of_the_same_network_is_no_other_stranger() {
        let gate = gate("limits.handshakes_per_address", "2");
        let admitted = |address: &str| gate.admit(address.parse().ok(), false).is_ok();
        assert!(admitted("2001:db8:0:1::1") && admitted("2001:db8:0:1:ffff::2"));
        assert!(!admitted("2001:db8:0:1:1234:5678:9abc:def0"));
        assert!(admitted("2001:db8:0:2::1"), "the neighbours");
        // One of IPv4, as a socket of IPv6 shows it.
        assert!(admitted("192.0.2.7") && admitted("::ffff:192.0.2.7"));
        assert!(!admitted("192.0.2.7"));
        assert!((0..50).all(|_| admitted("::1") && admitted("::ffff:127.0.0.1")));
    }

    #[test]
    fn while_the_node_drains_only_those_in_a_call_come_back() {
        let gate = gate("limits.connections", "10");
        gate.drain().begin();
        assert!(matches!(
            gate.admit(None, false),
            Err(Rejected::Draining(_))
        ));
        assert!(gate.admit(None, true).is_ok());
    }
}
