//! What this server is called.

use crate::kernel::{config::Config, ids::NodeId};

/// The name of a node that is alone.
const ONLY_NODE: &str = "otomo-1";

/// The longest name, in bytes (`cluster.node`).
const NAME_MAX: usize = 64;

/// `cluster.node`, or what follows from where the server runs: the same at each start.
pub(super) fn name(config: &Config) -> Option<NodeId> {
    if let Some(node) = &config.cluster.node {
        return Some(node.clone());
    }
    if config.redis.url.is_none() {
        return ONLY_NODE.parse().ok();
    }
    let machine = nix::unistd::gethostname().ok()?;
    fit(&machine.to_string_lossy())
}

/// A machine's name with only the characters that a node's may have.
fn fit(machine: &str) -> Option<NodeId> {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let fit: String = machine.chars().filter(allowed).take(NAME_MAX).collect();
    fit.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_gives_its_node_what_is_allowed_of_its_name() {
        let fit = |machine: &str| fit(machine).map(|node| node.to_string());
        assert_eq!(
            fit("ip-10-0-0-5.internal"),
            Some("ip-10-0-0-5internal".to_owned())
        );
        assert_eq!(fit(&"n".repeat(200)), Some("n".repeat(NAME_MAX)));
        assert_eq!(fit("..."), None);
    }
}
