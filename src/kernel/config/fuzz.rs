//! Whatever people write into a file or a variable.

use std::collections::BTreeMap;

use super::{Config, ConfigFault, check, raw, raw::File};

/// What nobody may see.
const SECRET: &str = "hunter2-of-the-fuzzer";

/// Lines of this kind are variables, the others are a file.
const VARIABLES: [&str; 2] = ["OTOMO_", "DATABASE_URL="];

/// Settings. They are in force, and what is told of them sets the same again; or a fault names the key. As secrets they are in
/// nothing that is told.
pub(crate) fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let is_variable = |line: &&str| VARIABLES.iter().any(|prefix| line.starts_with(prefix));
    let (variables, lines): (Vec<&str>, Vec<&str>) = text.lines().partition(is_variable);
    let variables = variables
        .into_iter()
        .filter_map(|line| line.split_once('='));
    let variables: Vec<(&str, &str)> = variables.collect();
    match load(&lines.join("\n"), &variables) {
        Ok(config) => assert_sets_the_same(&config),
        Err(fault) => assert_names_its_place(&fault, text),
    }
    for (file, variables) in with_secrets(text) {
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_keeps_secrets(load(&file, &variables));
    }
}

fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigFault> {
    let file = File {
        path: "otomo.toml".into(),
        text: file.to_owned(),
    };
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables: Vec<(String, String)> = variables.iter().map(owned).collect();
    check(raw::merge(&[file], &variables, &[])?)
}

fn is_key(name: &str) -> bool {
    let known = raw::merge(&[], &[], &[]).expect("the defaults are in order");
    known.contains_key(name)
}

fn assert_names_its_place(fault: &ConfigFault, text: &str) {
    let told = fault.to_string();
    match fault {
        ConfigFault::Refused { key, allowed, .. } => {
            assert!(
                is_key(key) && told.contains(key) && !allowed.is_empty(),
                "{told}"
            );
        }
        ConfigFault::Conflict { keys, problem } => {
            assert!(
                keys.iter().all(|key| is_key(key)) && !problem.is_empty(),
                "{told}"
            );
        }
        ConfigFault::Unknown { name, allowed, .. } => {
            // A table inside of a table is told by its own name alone.
            let last = name.rsplit('.').next().unwrap_or_default().to_lowercase();
            let written = text.to_lowercase().contains(&last) || text.contains('\\');
            assert!(written && !allowed.is_empty(), "{told}");
        }
        ConfigFault::Malformed { problem, .. } => {
            assert!(told.contains("otomo.toml") && !problem.is_empty(), "{told}");
        }
        ConfigFault::Unreadable { .. } | ConfigFault::Merge(_) => panic!("{told}"),
    }
}

/// What `check-config` shows, as a file: with secrets it would lack them.
fn assert_sets_the_same(config: &Config) {
    let settings = values(config);
    if settings.values().any(Option::is_none) {
        return;
    }
    let shown = config.settings().to_string();
    let again = load(&shown, &[]).unwrap_or_else(|fault| panic!("{fault}\n{shown}"));
    assert_eq!(values(&again), settings, "{shown}");
}

/// Every setting but the address of a database, of which passwords are cut.
fn values(config: &Config) -> BTreeMap<String, Option<raw::Written>> {
    let settings = config.settings().iter();
    let shown = settings.filter(|setting| setting.name() != "database.url");
    shown
        .map(|setting| (setting.name(), setting.value.clone()))
        .collect()
}

/// The text as it may stand in secrets, each with one in front of it.
fn with_secrets(text: &str) -> [(String, Vec<(&'static str, String)>); 4] {
    let secret = format!("{SECRET}{text}");
    let everywhere = vec![
        ("OTOMO_AUTH__HS256_SECRET", secret.clone()),
        ("OTOMO_AUTH__HS256_PREVIOUS_SECRET", secret.clone()),
        ("OTOMO_AUTH__API_KEYS", secret.clone()),
        ("OTOMO_CALLS__ICE_SERVERS", "turn:h".to_owned()),
        ("OTOMO_CALLS__TURN_SECRET", secret.clone()),
        ("OTOMO_CLUSTER__SECRET", secret.clone()),
        ("OTOMO_ACTIONS__SECRET", secret.clone()),
    ];
    let redis = format!("redis://otomo:{secret}@h:1/2");
    let database = format!("postgres://otomo:{secret}@h:1/otomo");
    [
        (String::new(), everywhere),
        (String::new(), vec![("OTOMO_REDIS__URL", redis)]),
        (String::new(), vec![("DATABASE_URL", database)]),
        (format!("[auth]\nhs256_secret = \"{secret}"), Vec::new()),
    ]
}

fn assert_keeps_secrets(loaded: Result<Config, ConfigFault>) {
    let told = match loaded {
        Err(fault) => format!("{fault} {fault:?}"),
        Ok(config) => format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            config.settings(),
            config.warnings(),
            config.database,
            config.redis,
            config.cluster,
            config.auth.now(),
            config.calls,
            config.actions,
        ),
    };
    assert!(!told.contains(SECRET), "{told}");
}
