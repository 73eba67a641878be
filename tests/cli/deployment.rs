//! What is in `config` for those who run Otomo: the example of a cluster, the service, the container.

use std::collections::HashMap;

use otomo::kernel::config::parse_duration;

use super::*;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// What the example leaves to the second file of each node.
const OF_A_NODE: &str = r#"
[cluster]
node = "n1"
advertise = "http://10.0.0.11:8080"
secret = "hidden: what the nodes share, 32 bytes"
[database]
url = "postgres://otomo:hidden@10.0.0.5/otomo"
[redis]
url = "redis://:hidden@10.0.0.6"
[auth]
hs256_secret = "hidden: what the app signs with, 32 bytes"
api_keys = ["hidden: the key of the app's own backend"]
"#;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(HERE).join(name)).unwrap()
}

/// The values of a unit's keys.
fn unit() -> HashMap<String, String> {
    let text = read("config/otomo.service");
    let set = text.lines().filter_map(|line| line.split_once('='));
    set.filter(|(key, _)| !key.starts_with('#'))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// A setting of the example, in force.
fn setting(key: &str) -> String {
    let place = Place::new();
    fs::write(place.path().join("secrets.toml"), OF_A_NODE).unwrap();
    let example = format!("{HERE}/config/cluster.example.toml");
    let args = [
        "check-config",
        "--config",
        &example,
        "--config",
        "secrets.toml",
    ];
    let printed = place.otomo(&args).printed();
    assert!(!printed.contains("hidden"), "a secret is shown: {printed}");
    let (section, key) = key.split_once('.').unwrap();
    let (_, section) = printed.split_once(&format!("[{section}]\n")).unwrap();
    let line = section.lines().find(|line| line.starts_with(key)).unwrap();
    let value = line.split_once('=').unwrap().1.split('#').next().unwrap();
    value.trim().trim_matches('"').to_owned()
}

#[test]
fn a_node_starts_with_the_example_of_a_cluster_and_a_file_of_its_own() {
    assert_eq!(setting("server.listen"), "0.0.0.0:8080");
    assert_eq!(setting("cluster.node"), "n1");
    assert_eq!(setting("cluster.advertise"), "http://10.0.0.11:8080");
    assert_eq!(setting("limits.handshakes_per_address"), "none");
}

#[test]
fn the_service_waits_for_calls_to_end() {
    let stop = parse_duration(&unit()["TimeoutStopSec"]).unwrap();
    let drain = parse_duration(&setting("server.drain_limit")).unwrap();
    assert!(stop > drain, "{stop:?} {drain:?}");
    let connections: u64 = setting("limits.connections").parse().unwrap();
    let descriptors: u64 = unit()["LimitNOFILE"].parse().unwrap();
    assert!(descriptors > 2 * connections);
}

#[test]
fn systemd_understands_the_service() {
    let Ok(tool) = Command::new("systemd-analyze").arg("--version").output() else {
        // There is no systemd here.
        return;
    };
    assert!(tool.status.success());
    let place = Place::new();
    // It looks whether the program is there.
    let unit = read("config/otomo.service").replace("/usr/local/bin/otomo", "/bin/true");
    let file = place.path().join("otomo.service");
    fs::write(&file, unit).unwrap();
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&file)
        .output();
    let verified = verified.unwrap();
    let complaints = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "{complaints}");
    assert!(!complaints.contains("otomo.service"), "{complaints}");
}

#[test]
fn the_container_is_built_from_what_is_there_with_the_compiler_that_is_asked_for() {
    let file = read("config/Containerfile");
    let copied = file.lines().filter_map(|line| line.strip_prefix("COPY "));
    for line in copied.filter(|line| !line.starts_with("--from")) {
        let mut parts: Vec<&str> = line.split_whitespace().collect();
        parts.pop();
        for part in parts {
            assert!(Path::new(HERE).join(part).exists(), "{part}");
        }
    }
    let manifest = read("Cargo.toml");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    let version = version.unwrap().trim_matches('"');
    assert!(file.contains(&format!("rust:{version}-slim")), "{version}");
}
