//! The first level: what is written, where, and under which key. Nothing is understood here but the names;
//! the sections give the values their meaning ([`super::reader`]).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use config::{Config, FileFormat, Format, Map, Source, Value, ValueKind};

use super::fault::ConfigFault;

/// Every setting with its default: the file that documents them, so that the two cannot differ.
const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// What a variable must start with to be ours.
const VARIABLE_PREFIX: &str = "OTOMO_";

/// The variable that hosting platforms set for a database.
const DATABASE_VARIABLE: &str = "DATABASE_URL";

/// A value as it was written, before anybody asked what it means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Written {
    /// A text, a number or a truth value.
    One(String),
    /// A list, in a file; variables and flags write theirs as one text with commas.
    Many(Vec<String>),
    /// Something that no key takes: a table, a date, a list of lists.
    Other,
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) written: Written,
    /// None: it is the default.
    pub(super) origin: Option<String>,
}

/// One source of settings under their full names (`server.listen`), every name known.
#[derive(Clone, Debug)]
struct Layer(Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

/// A file of settings: its name, and what is in it.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl File {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigFault> {
        let path = path.to_owned();
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(source) => Err(ConfigFault::Unreadable { path, source }),
        }
    }
}

/// Lays files, variables and flags over the defaults. The result has an entry for every key there is.
pub(super) fn merge(
    files: &[File],
    variables: &[(String, String)],
    flags: &[(String, String)],
) -> Result<BTreeMap<String, Entry>, ConfigFault> {
    let defaults = defaults()?;
    let mut builder = Config::builder().add_source(Layer(defaults.clone()));
    for file in files {
        builder = builder.add_source(from_file(file, &defaults)?);
    }
    let merged = builder
        .add_source(from_variables(variables, &defaults)?)
        .add_source(from_flags(flags, &defaults)?)
        .build()
        .map_err(ConfigFault::Merge)?;
    let sections = merged.cache.into_table().map_err(ConfigFault::Merge)?;
    Ok(flatten(sections)
        .into_iter()
        .map(|(key, value)| (key, entry(value)))
        .collect())
}

fn defaults() -> Result<Map<String, Value>, ConfigFault> {
    parse(Path::new("config/default.toml"), None, DEFAULTS).map(flatten)
}

fn from_file(file: &File, known: &Map<String, Value>) -> Result<Layer, ConfigFault> {
    let origin = format!("file {}", file.path.display());
    let settings = flatten(parse(&file.path, Some(&origin), &file.text)?);
    for key in settings.keys() {
        check_known(key, &origin, known)?;
    }
    Ok(Layer(settings))
}

fn from_variables(
    variables: &[(String, String)],
    known: &Map<String, Value>,
) -> Result<Layer, ConfigFault> {
    let mut settings = Map::new();
    for (variable, value) in variables {
        let origin = format!("environment variable {variable}");
        let Some(name) = variable.strip_prefix(VARIABLE_PREFIX) else {
            // `DATABASE_URL` gives way to our own variable, whichever comes first.
            if variable == DATABASE_VARIABLE && !value.is_empty() {
                let value = Value::new(Some(&origin), value.as_str());
                settings.entry("database.url".to_owned()).or_insert(value);
            }
            continue;
        };
        match name.split_once("__") {
            Some((section, key)) => {
                let key = format!("{section}.{key}").to_lowercase();
                check_known(&key, &origin, known)?;
                settings.insert(key, Value::new(Some(&origin), value.as_str()));
            }
            None if is_of_kubernetes(variable, value) => {}
            None => return Err(without_section(variable, known)),
        }
    }
    Ok(Layer(settings))
}

fn from_flags(
    flags: &[(String, String)],
    known: &Map<String, Value>,
) -> Result<Layer, ConfigFault> {
    let origin = "command line".to_owned();
    let mut settings = Map::new();
    for (key, value) in flags {
        check_known(key, &origin, known)?;
        settings.insert(key.clone(), Value::new(Some(&origin), value.as_str()));
    }
    Ok(Layer(settings))
}

/// The variable that sets `key`.
pub(super) fn variable_of(key: &str) -> String {
    format!(
        "{VARIABLE_PREFIX}{}",
        key.replacen('.', "__", 1).to_uppercase()
    )
}

fn check_known(key: &str, origin: &str, known: &Map<String, Value>) -> Result<(), ConfigFault> {
    if known.contains_key(key) {
        return Ok(());
    }
    let section = key.split('.').next().unwrap_or(key);
    let mut near: Vec<&str> = known
        .keys()
        .filter_map(|name| name.split_once('.'))
        .filter(|(other, _)| *other == section)
        .map(|(_, key)| key)
        .collect();
    let mut place = format!("[{section}] has");
    if near.is_empty() {
        near = known
            .keys()
            .filter_map(|name| name.split('.').next())
            .collect();
        place = "the sections are".to_owned();
    }
    near.sort_unstable();
    near.dedup();
    Err(ConfigFault::Unknown {
        name: key.to_owned(),
        origin: origin.to_owned(),
        allowed: format!("{place} {}", near.join(", ")),
    })
}

/// The fault of a variable that begins like ours and names no section: it misses an underscore, or more.
fn without_section(variable: &str, known: &Map<String, Value>) -> ConfigFault {
    let meant = known
        .keys()
        .map(|key| variable_of(key))
        .find(|ours| ours.replacen("__", "_", 1) == variable);
    ConfigFault::Unknown {
        name: variable.to_owned(),
        origin: "environment".to_owned(),
        allowed: meant.map_or_else(
            || format!("a setting is {VARIABLE_PREFIX}<SECTION>__<KEY>"),
            |ours| format!("write {ours}"),
        ),
    }
}

/// Whether Kubernetes has set a variable. It tells every container where the services beside it are, by variables that
/// begin with the name of the service, and "otomo" is a likely name for ours: `OTOMO_SERVICE_HOST`,
/// `OTOMO_PORT=tcp://10.0.0.1:80`, `OTOMO_PORT_80_TCP_ADDR`.
fn is_of_kubernetes(variable: &str, value: &str) -> bool {
    let numbered = |(_, port): (&str, &str)| port.starts_with(|c: char| c.is_ascii_digit());
    variable.ends_with("_SERVICE_HOST")
        || variable.contains("_SERVICE_PORT")
        || (variable.ends_with("_PORT") && value.contains("://"))
        || variable.split_once("_PORT_").is_some_and(numbered)
}

fn parse(
    path: &Path,
    origin: Option<&String>,
    text: &str,
) -> Result<Map<String, Value>, ConfigFault> {
    FileFormat::Toml
        .parse(origin, text)
        .map_err(|fault| ConfigFault::Malformed {
            path: path.to_owned(),
            problem: without_excerpt(&fault.to_string()),
        })
}

/// A parser's message without the lines that repeat the file: what is wrong there may be a secret.
fn without_excerpt(message: &str) -> String {
    let excerpt = |line: &&str| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        !rest.starts_with('|')
    };
    let lines: Vec<&str> = message.lines().filter(excerpt).map(str::trim).collect();
    lines.join(": ")
}

/// Sections of keys to full names. A section that is not a table stays under its own name, and is unknown there.
fn flatten(sections: Map<String, Value>) -> Map<String, Value> {
    let mut settings = Map::new();
    for (section, value) in sections {
        match value.kind {
            ValueKind::Table(keys) => {
                settings.extend(
                    keys.into_iter()
                        .map(|(key, value)| (format!("{section}.{key}"), value)),
                );
            }
            _ => {
                settings.insert(section, value);
            }
        }
    }
    settings
}

fn entry(value: Value) -> Entry {
    let origin = value.origin().map(str::to_owned);
    let written = match value.kind {
        ValueKind::Array(items) => items
            .into_iter()
            .map(|item| scalar(item.kind))
            .collect::<Option<_>>()
            .map(Written::Many),
        kind => scalar(kind).map(Written::One),
    };
    Entry {
        written: written.unwrap_or(Written::Other),
        origin,
    }
}

fn scalar(kind: ValueKind) -> Option<String> {
    match kind {
        ValueKind::String(text) => Some(text),
        ValueKind::Boolean(truth) => Some(truth.to_string()),
        ValueKind::I64(number) => Some(number.to_string()),
        ValueKind::I128(number) => Some(number.to_string()),
        ValueKind::U64(number) => Some(number.to_string()),
        ValueKind::U128(number) => Some(number.to_string()),
        ValueKind::Float(number) => Some(number.to_string()),
        ValueKind::Nil | ValueKind::Table(_) | ValueKind::Array(_) => None,
    }
}
