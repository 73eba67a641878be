//! By which names a server may be asked. In development mode anybody may be anybody, so only this machine may ask; and a
//! page from elsewhere runs on this machine. Browsers let it ask its own host alone, but whoever owns that name can have
//! it lead to 127.0.0.1 (DNS rebinding): the page then asks us, by a name that is not ours.

use std::net::{IpAddr, Ipv6Addr};

/// What a client is told that asks for another.
pub const FOREIGN_HOST: &str = "in development mode this server answers as localhost, 127.0.0.1 or [::1] only; \
     configure credentials (section auth) to serve it under a name";

/// Whether a host, as in the header of that name, is this machine: `localhost` or a loopback address, on any port.
pub(super) fn is_this_machine(host: &str) -> bool {
    if let Some(bracketed) = host.strip_prefix('[') {
        let address = bracketed.split_once(']').map(|(address, _port)| address);
        let address = address.and_then(|it| it.parse::<Ipv6Addr>().ok());
        return address.is_some_and(|address| address.is_loopback());
    }
    let name = host.split_once(':').map_or(host, |(name, _port)| name);
    let address = name.parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_localhost_and_loopback_addresses_are_this_machine() {
        for own in [
            "localhost",
            "LocalHost:8080",
            "127.0.0.1:8080",
            "127.0.0.2",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(is_this_machine(own), "{own} was refused");
        }
        for foreign in [
            "",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.1:8080",
            "[2001:db8::1]:8080",
            "[::1",
            "user@localhost",
        ] {
            assert!(!is_this_machine(foreign), "{foreign:?} was taken");
        }
    }
}
