//! What is in force, for people: the output of `check-config`.

use std::{
    collections::HashMap,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::raw::Written;

/// Equal for equal values, in one process.
pub(super) fn digest(written: &Written) -> u64 {
    let mut hasher = DefaultHasher::new();
    written.hash(&mut hasher);
    hasher.finish()
}

/// One setting as it was handed out.
pub struct Setting {
    pub(super) section: &'static str,
    pub(super) key: String,
    /// None: a secret that is set.
    pub(super) value: Option<Written>,
    /// Tells it from another value, also where it is a secret.
    pub(super) digest: u64,
    /// None: it is the default.
    pub(super) origin: Option<String>,
    pub(super) reloadable: bool,
}

/// Every setting in force, in the order of the sections. `Display` writes a TOML file that sets the same
/// again, without its secrets, and says where each value comes from that is not the default.
#[derive(Default)]
pub struct Settings(Vec<Setting>);

impl Settings {
    pub(super) fn push(&mut self, setting: Setting) {
        self.0.push(setting);
    }

    /// Those that these others do not have, or have with another value.
    pub fn differing<'a>(&'a self, others: &'a Self) -> impl Iterator<Item = &'a Setting> {
        let others: HashMap<_, _> = others.0.iter().map(|it| (it.name(), it.digest)).collect();
        let differs = move |one: &&Setting| others.get(&one.name()) != Some(&one.digest);
        self.0.iter().filter(differs)
    }

    /// Every one of them.
    #[cfg(any(test, fuzzing))]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }

    /// The full names of the settings (`server.listen`).
    pub fn keys(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(Setting::name)
    }
}

impl Setting {
    /// Its full name (`server.listen`).
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// Whether it can change while the server runs.
    pub fn is_reloadable(&self) -> bool {
        self.reloadable
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for setting in &self.0 {
            if setting.section != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                section = setting.section;
                writeln!(f, "{gap}[{section}]")?;
            }
            writeln!(f, "{setting}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            None => write!(f, "# {} is set and not shown", self.key)?,
            Some(Written::Many(items)) => {
                let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
                write!(f, "{} = [{}]", self.key, items.join(", "))?;
            }
            Some(Written::One(text)) => write!(f, "{} = {}", self.key, bare_or_quoted(text))?,
            Some(Written::Other) => return Ok(()),
        }
        match &self.origin {
            Some(origin) => write!(f, "  # {}", origin.escape_debug()),
            None => Ok(()),
        }
    }
}

fn bare_or_quoted(text: &str) -> String {
    let bare = matches!(text, "true" | "false")
        || (text.parse::<u32>().is_ok_and(|n| n.to_string() == text));
    if bare { text.to_owned() } else { quoted(text) }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
