//! Why there are no figures.

use std::{io, net::SocketAddr, time::Duration};

use super::transport::Foreign;
use crate::kernel::{
    ids::IdFault,
    token::{KeyFault, SignFault},
};

/// Why a run ends without a report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchFault {
    #[error("--url: {url:?} {problem}")]
    Url { url: String, problem: String },
    #[error("{0}")]
    Options(String),
    #[error("{option}: {file} cannot be used: {problem}")]
    File {
        option: &'static str,
        file: String,
        problem: String,
    },
    #[error(
        "{needed} descriptors are needed and this process may have {limit}: \
         raise the hard limit (ulimit -Hn), or ask for fewer connections"
    )]
    Descriptors { needed: u64, limit: u64 },
    #[error("the limit of descriptors cannot be read")]
    DescriptorLimit(#[source] io::Error),
    #[error("--pin: {0}")]
    Pin(String),
    #[error("a server could not be started")]
    Start(#[source] io::Error),
    #[error("the server that was started does not serve: {0}")]
    NoServer(String),
    #[error("no token can be signed")]
    Key(#[from] KeyFault),
    #[error("no token can be signed")]
    Sign(#[from] SignFault),
    #[error("a user has no usable name")]
    User(#[from] IdFault),
    #[error("{address} cannot be connected to")]
    Connect {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
    #[error("the server refused a connection: {0}")]
    Refused(String),
    #[error("the server refused a request: {0}")]
    NotTaken(String),
    #[error("/metrics of the server has no figures of commits")]
    NoMetrics,
    #[error("the server closed a connection: {code} {reason}")]
    Closed { code: u16, reason: String },
    #[error("the server ended a connection without a goodbye")]
    Ended,
    #[error("a connection broke")]
    Broken(#[source] io::Error),
    #[error("TLS with the server failed")]
    Tls(#[from] rustls::Error),
    #[error("the server does not speak the protocol")]
    Foreign(#[from] Foreign),
    #[error("the server does not read what it is sent")]
    NotRead,
    #[error("the server would not do what it was asked: {0}")]
    Unwilling(String),
    #[error("the server did wrong: {0}")]
    Wrong(String),
    #[error("nothing came for {0:?} although something was due")]
    Silent(Duration),
    #[error("the sockets cannot be waited for")]
    Wait(#[source] io::Error),
    #[error("{folder} cannot be written to")]
    Disk {
        folder: String,
        #[source]
        cause: io::Error,
    },
    #[error("{path} cannot be read: is the process still there?")]
    Process {
        path: String,
        #[source]
        cause: io::Error,
    },
}

impl BenchFault {
    /// What the server said when it would not.
    pub(crate) fn unwilling(message: &[u8]) -> Self {
        let message = String::from_utf8_lossy(message);
        Self::Unwilling(format!("{message}{}", hint(&message)))
    }

    /// What the server said when it let nobody in.
    pub(crate) fn refused(status: &str) -> Self {
        Self::Refused(format!("{status}{}", hint(status)))
    }
}

/// What to do about a refusal, where its reason is known to lie elsewhere than in the server.
fn hint(refusal: &str) -> &'static str {
    const HINTS: [(&str, &str); 3] = [
        (
            "RATE_LIMITED",
            " (the server limits its users: set its limits.commands_per_second, limits.messages_per_minute and \
             limits.calls_per_minute to \"none\")",
        ),
        (
            "\"reason\":\"busy\"",
            " (calls of a run that was cut short may still be open: the server ends them in time)",
        ),
        (
            " 401 ",
            " (is OTOMO_AUTH__HS256_SECRET of this tool the server's?)",
        ),
    ];
    let mut hints = HINTS.iter();
    let found = hints.find(|(reason, _)| refusal.contains(reason));
    found.map_or("", |(_, hint)| hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_say_what_to_do_about_them() {
        let limited = BenchFault::unwilling(br#"{"type":"error","code":"RATE_LIMITED"}"#);
        assert!(limited.to_string().contains("limits.calls_per_minute"));
        let busy = BenchFault::unwilling(br#"{"type":"call_rejected","reason":"busy"}"#);
        assert!(busy.to_string().contains("may still be open"));
        let stranger = BenchFault::refused("HTTP/1.1 401 Unauthorized");
        assert!(stranger.to_string().contains("OTOMO_AUTH__HS256_SECRET"));
        let other = BenchFault::refused("HTTP/1.1 503 Service Unavailable");
        assert!(other.to_string().ends_with("503 Service Unavailable"));
    }
}
