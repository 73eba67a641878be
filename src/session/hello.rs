//! What a client said when it came: the same for every transport.

use std::net::IpAddr;

use crate::{
    kernel::{
        identity::Identity,
        ids::{DeviceId, UserId},
    },
    protocol::{close_code::CloseCode, spec::Topics},
};

/// What a client said when it came.
#[derive(Debug, Clone)]
pub struct Hello {
    /// Who it is, as far as the handshake said so.
    pub credentials: Credentials,
    /// The rest of what it wants; `init_connection` may override it.
    pub options: Options,
    /// Where it comes from.
    pub address: Option<IpAddr>,
}

/// Who a client is.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A token that was checked.
    Known(Box<Identity>),
    /// Nothing yet: `init_connection` is due.
    Awaited,
    /// Something for which it is refused: told by a close code, which a page can see.
    Refused(CloseCode, &'static str),
}

/// How a client wants to be served.
#[derive(Debug, Clone)]
pub struct Options {
    /// The last durable event that it has.
    pub last_seq: Option<u64>,
    /// What it wants to hear of.
    pub topics: Topics,
    /// What its device is called over reconnects.
    pub device: Option<DeviceId>,
    /// The one person with whom chat is to be heard (`customerId`, source document 002); `None`: everybody.
    pub partner: Option<UserId>,
    /// Whether state events carry their version.
    pub versioned: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            last_seq: None,
            topics: Topics::ALL,
            device: None,
            partner: None,
            versioned: false,
        }
    }
}
