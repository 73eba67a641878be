//! Where connections come from. One address has fewer ports than a server has clients.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::cli::bench::fault::BenchFault;

/// Connections from one source address: far fewer than there are ports (28,000 by default), so that
/// those of the last run may still be closing.
const PER_SOURCE: usize = 4_000;

/// Most addresses of a range: more than sixteen million connections.
const RANGE_MAX: u32 = 4_096;

/// The addresses that connections come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sources {
    /// Whichever the system takes.
    Any,
    /// Loopback has sixteen million addresses, from this one on.
    Loopback(Ipv4Addr),
    /// These in turn.
    Listed(Vec<IpAddr>),
}

impl Sources {
    /// Those that are asked for, or what fits the server.
    pub(crate) fn of(server: SocketAddr, asked: &[String]) -> Result<Self, BenchFault> {
        if !asked.is_empty() {
            let listed = asked.iter().map(|text| listed(text));
            let listed = listed.collect::<Result<Vec<_>, _>>()?;
            return Ok(Self::Listed(listed.concat()));
        }
        Ok(match server.ip() {
            IpAddr::V4(address) if address.is_loopback() => {
                Self::Loopback(Ipv4Addr::new(127, 0, 0, 2))
            }
            _ => Self::Any,
        })
    }

    /// The address from which the connection with this number comes, if it matters.
    pub(crate) fn of_connection(&self, number: usize) -> Option<SocketAddr> {
        let turn = number / PER_SOURCE;
        let address = match self {
            Self::Any => return None,
            Self::Loopback(first) => {
                let turn = u32::try_from(turn).ok()?;
                IpAddr::V4(Ipv4Addr::from(u32::from(*first) + turn))
            }
            Self::Listed(listed) => *listed.get(turn % listed.len().max(1))?,
        };
        Some(SocketAddr::from((address, 0)))
    }
}

/// The addresses of `10.0.0.7` or `10.0.0.0/28`.
fn listed(text: &str) -> Result<Vec<IpAddr>, BenchFault> {
    let unfit = || {
        let range = "is no address, and no range of at most 4,096 like 10.0.0.0/28";
        BenchFault::Options(format!("--source: {text:?} {range}"))
    };
    let Some((base, bits)) = text.split_once('/') else {
        let address = text.parse().map_err(|_unclear| unfit())?;
        return Ok(vec![address]);
    };
    let base: Ipv4Addr = base.parse().map_err(|_unclear| unfit())?;
    let bits: u32 = bits.parse().map_err(|_unclear| unfit())?;
    let host_bits = 32_u32.checked_sub(bits).ok_or_else(unfit)?;
    let size = 1_u32.checked_shl(host_bits).filter(|it| *it <= RANGE_MAX);
    let size = size.ok_or_else(unfit)?;
    let first = u32::from(base) & !(size - 1);
    let addresses = (first..=first + (size - 1)).map(|it| IpAddr::V4(it.into()));
    Ok(addresses.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(server: &str, asked: &[&str]) -> Result<Sources, BenchFault> {
        let asked: Vec<String> = asked.iter().map(|it| (*it).to_owned()).collect();
        Sources::of(server.parse().unwrap(), &asked)
    }

    #[test]
    fn connections_to_this_machine_come_from_many_addresses() {
        let near = sources("127.0.0.1:8080", &[]).unwrap();
        let source = |number| near.of_connection(number).unwrap().to_string();
        assert_eq!(source(0), "127.0.0.2:0");
        assert_eq!(source(4_000), "127.0.0.3:0");
        let far = sources("192.0.2.1:80", &[]).unwrap();
        assert_eq!(far.of_connection(0), None);
    }

    #[test]
    fn addresses_and_ranges_are_taken_in_turn() {
        let asked = ["192.0.2.9", "10.0.0.5/31"];
        let listed = sources("192.0.2.1:80", &asked).unwrap();
        let source = |turn: usize| listed.of_connection(turn * 4_000).unwrap().ip().to_string();
        assert_eq!(
            [0, 1, 2, 3].map(source),
            ["192.0.2.9", "10.0.0.4", "10.0.0.5", "192.0.2.9"]
        );
    }

    #[test]
    fn what_is_no_address_is_named() {
        for unfit in ["here", "10.0.0.0/33", "10.0.0.0/8", "::1/120", ""] {
            let fault = sources("192.0.2.1:80", &[unfit]).unwrap_err().to_string();
            assert!(fault.contains(&format!("{unfit:?}")), "{fault}");
        }
    }
}
