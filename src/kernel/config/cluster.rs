//! `[cluster]`: this node among others.

use std::time::Duration;

use actix_http::Uri;

use super::{fault::ConfigFault, reader::Section};
use crate::kernel::{ids::NodeId, secret::Secret};

/// The longest name of a node, in bytes: it is part of each Socket.IO session's id.
const NODE_MAX_BYTES: usize = 64;

/// This node among others.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// Its name, different from that of every other node. None: it follows from the machine.
    pub node: Option<NodeId>,
    /// Where other nodes reach it, without a path. None: they pass nothing on to it.
    pub advertise: Option<Uri>,
    /// Signs what nodes pass on to each other. None: this one passes nothing on, and takes nothing.
    pub secret: Option<Secret>,
    /// Requests that may be passed on to other nodes at a time.
    pub forwards: usize,
    /// How long a node counts as alive without a sign of life, which it gives every third of this. 300 ms to 5 min.
    pub lease: Duration,
}

impl ClusterConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let node = section.text("node")?;
        let node = node.map(|name| name_of(&name).ok_or(name)).transpose();
        let advertise = section.text("advertise")?;
        let advertise = advertise.map(|text| address(&text).ok_or(text)).transpose();
        Ok(Self {
            node: node.map_err(|_unfit| {
                section.refuse("node", "1 to 64 letters, digits, or any of _ - (ASCII)")
            })?,
            advertise: advertise.map_err(|_unfit| {
                section.refuse(
                    "advertise",
                    "an address like http://10.0.0.5:8080, without a path",
                )
            })?,
            secret: section.secret("secret")?,
            forwards: section.count("forwards", 1..=1_000_000)?,
            lease: section
                .duration("lease", Duration::from_millis(300)..=Duration::from_mins(5))?,
        })
    }
}

fn name_of(text: &str) -> Option<NodeId> {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let fits = text.len() <= NODE_MAX_BYTES && text.bytes().all(fit);
    fits.then(|| text.parse().ok()).flatten()
}

fn address(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let known = matches!(url.scheme_str(), Some("http" | "https"));
    let bare = matches!(url.path_and_query().map(|it| it.as_str()), None | Some("/"));
    let authority = url.authority()?;
    let plain = !authority.host().is_empty() && !authority.as_str().contains('@');
    (known && bare && plain).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_a_name_that_fits_into_an_id_and_an_address_without_a_path() {
        for good in ["n1", "otomo-1", "tokyo_a-7"] {
            assert!(name_of(good).is_some(), "{good}");
        }
        for bad in ["", "a.b", "a b", "ä", &"n".repeat(65)] {
            assert!(name_of(bad).is_none(), "{bad}");
        }
        for good in [
            "http://10.0.0.5:8080",
            "https://node-1.internal",
            "http://h/",
        ] {
            assert!(address(good).is_some(), "{good}");
        }
        for bad in [
            "10.0.0.5:8080",
            "http://u:p@h",
            "http://h/path",
            "ws://h",
            "",
        ] {
            assert!(address(bad).is_none(), "{bad}");
        }
    }
}
