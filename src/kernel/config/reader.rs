//! The step from the first level to the second: each section asks for its keys, in the kind and the range
//! that it needs, and a value that does not fit is refused with both.
//!
//! The reader notes what it hands out, so that `check-config` can show what is in force, without secrets,
//! and a test can tell that every documented key is read.

use std::{
    collections::BTreeMap, fmt::Display, num::NonZeroU32, ops::RangeInclusive, path::PathBuf,
    str::FromStr, time::Duration,
};

use super::{
    fault::ConfigFault,
    raw::{Entry, Written},
    settings::{self, Setting, Settings},
    units::{format_duration, format_size, parse_duration, parse_size},
};
use crate::kernel::secret::Secret;

/// Hands out settings and notes which.
pub(super) struct Reader {
    entries: BTreeMap<String, Entry>,
    settings: Settings,
}

impl Reader {
    pub(super) fn new(entries: BTreeMap<String, Entry>) -> Self {
        Self {
            entries,
            settings: Settings::default(),
        }
    }

    pub(super) fn section(&mut self, name: &'static str) -> Section<'_> {
        Section {
            name,
            reader: self,
            reloadable: false,
        }
    }

    /// What was handed out.
    pub(super) fn finish(self) -> Settings {
        self.settings
    }
}

/// The settings of one section.
pub(super) struct Section<'a> {
    name: &'static str,
    reader: &'a mut Reader,
    /// Whether what is read can change while the server runs.
    reloadable: bool,
}

impl Section<'_> {
    /// The same, for settings that can change while the server runs.
    pub(super) fn reloadable(&mut self) -> Section<'_> {
        self.with(true)
    }

    /// The same, for settings that change only with a restart, as all do of which nothing is said.
    pub(super) fn restart_only(&mut self) -> Section<'_> {
        self.with(false)
    }

    fn with(&mut self, reloadable: bool) -> Section<'_> {
        Section {
            name: self.name,
            reader: self.reader,
            reloadable,
        }
    }

    /// A whole number.
    pub(super) fn count<T>(&mut self, key: &str, range: RangeInclusive<T>) -> Result<T, ConfigFault>
    where
        T: FromStr + PartialOrd + Display,
    {
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        self.parsed(key, &allowed, |text| {
            text.parse().ok().filter(|n| range.contains(n))
        })
    }

    /// A limit that 0 or `none` switches off.
    pub(super) fn count_or_none(
        &mut self,
        key: &str,
        max: u32,
    ) -> Result<Option<NonZeroU32>, ConfigFault> {
        let allowed = format!("a whole number from 1 to {max}, or 0 or none to switch it off");
        self.parsed(key, &allowed, |text| match text {
            "none" => Some(None),
            _ => text.parse().ok().filter(|n| *n <= max).map(NonZeroU32::new),
        })
    }

    /// A span of time.
    pub(super) fn duration(
        &mut self,
        key: &str,
        range: RangeInclusive<Duration>,
    ) -> Result<Duration, ConfigFault> {
        let allowed = durations(&range);
        self.parsed(key, &allowed, |text| {
            parse_duration(text).filter(|span| range.contains(span))
        })
    }

    /// A span of time that 0 or `none` makes endless.
    pub(super) fn duration_or_none(
        &mut self,
        key: &str,
        range: RangeInclusive<Duration>,
    ) -> Result<Option<Duration>, ConfigFault> {
        let allowed = format!("{}, or 0 or none to switch it off", durations(&range));
        self.parsed(key, &allowed, |text| match (text, parse_duration(text)) {
            ("none", _) | (_, Some(Duration::ZERO)) => Some(None),
            (_, span) => span.filter(|span| range.contains(span)).map(Some),
        })
    }

    /// A number of bytes.
    pub(super) fn size(
        &mut self,
        key: &str,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ConfigFault> {
        let (min, max) = (format_size(*range.start()), format_size(*range.end()));
        let allowed = format!("a size from {min} to {max} (bytes, or like 64KiB)");
        self.parsed(key, &allowed, |text| {
            parse_size(text).filter(|bytes| range.contains(bytes))
        })
    }

    /// `true` or `false`.
    pub(super) fn switch(&mut self, key: &str) -> Result<bool, ConfigFault> {
        self.choice(key, &[("true", true), ("false", false)])
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<T, ConfigFault> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let allowed = format!("one of {}", words.join(", "));
        self.parsed(key, &allowed, |text| {
            choices
                .iter()
                .find(|(word, _)| *word == text)
                .map(|(_, choice)| *choice)
        })
    }

    /// A text; none if it is empty.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, ConfigFault> {
        self.parsed(key, "a text", |text| {
            Some((!text.is_empty()).then(|| text.to_owned()))
        })
    }

    /// A text that may hold a secret: what is shown of it is what `shown` makes of it.
    pub(super) fn text_shown_as(
        &mut self,
        key: &str,
        shown: impl FnOnce(&str) -> String,
    ) -> Result<String, ConfigFault> {
        let entry = self.take(key)?;
        let Written::One(text) = &entry.written else {
            return Err(self.refused(key, &entry, "a text", None));
        };
        self.note(key, &entry, Written::One(shown(text)));
        Ok(text.trim().to_owned())
    }

    /// The path of a file; none if it is empty.
    pub(super) fn path(&mut self, key: &str) -> Result<Option<PathBuf>, ConfigFault> {
        Ok(self.text(key)?.map(PathBuf::from))
    }

    /// A value with a form of its own; `allowed` completes "must be".
    pub(super) fn parsed<T>(
        &mut self,
        key: &str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigFault> {
        let entry = self.take(key)?;
        if let Written::One(text) = &entry.written
            && let Some(value) = parse(text.trim())
        {
            self.note(key, &entry, entry.written.clone());
            return Ok(value);
        }
        let found = match &entry.written {
            Written::One(text) => text.clone(),
            Written::Many(_) => "a list".to_owned(),
            Written::Other => "a table".to_owned(),
        };
        Err(self.refused(key, &entry, allowed, Some(found)))
    }

    /// Several values with one form; `allowed` completes "must be".
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        allowed: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, ConfigFault> {
        let entry = self.take(key)?;
        let Some(items) = items(&entry.written) else {
            return Err(self.refused(key, &entry, allowed, None));
        };
        let mut values = Vec::with_capacity(items.len());
        for item in &items {
            match parse(item) {
                Some(value) => values.push(value),
                None => return Err(self.refused(key, &entry, allowed, Some(item.clone()))),
            }
        }
        self.note(key, &entry, Written::Many(items));
        Ok(values)
    }

    /// A text that nobody may see; none if it is empty. Taken as it is, spaces and all.
    pub(super) fn secret(&mut self, key: &str) -> Result<Option<Secret>, ConfigFault> {
        let entry = self.take(key)?;
        match &entry.written {
            Written::One(text) if text.is_empty() => {
                self.note(key, &entry, entry.written.clone());
                Ok(None)
            }
            Written::One(text) => {
                let secret = Secret::new(text);
                self.note_secret(key, &entry);
                Ok(Some(secret))
            }
            Written::Many(_) | Written::Other => Err(self.refused(key, &entry, "a text", None)),
        }
    }

    /// Several texts that nobody may see.
    pub(super) fn secrets(&mut self, key: &str) -> Result<Vec<Secret>, ConfigFault> {
        let entry = self.take(key)?;
        let Some(items) = items(&entry.written) else {
            return Err(self.refused(key, &entry, "a list of texts", None));
        };
        if items.is_empty() {
            self.note(key, &entry, Written::Many(items));
            return Ok(Vec::new());
        }
        self.note_secret(key, &entry);
        Ok(items.into_iter().map(Secret::new).collect())
    }

    /// A fault of one key that only its section can see.
    pub(super) fn refuse(&mut self, key: &str, allowed: &str) -> ConfigFault {
        match self.take(key) {
            Ok(entry) => self.refused(key, &entry, allowed, None),
            Err(fault) => fault,
        }
    }

    fn take(&self, key: &str) -> Result<Entry, ConfigFault> {
        let name = self.full_name(key);
        match self.reader.entries.get(&name) {
            Some(entry) => Ok(entry.clone()),
            None => Err(ConfigFault::Unknown {
                name,
                origin: "code".to_owned(),
                allowed: "config/default.toml has no such key".to_owned(),
            }),
        }
    }

    fn full_name(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    fn refused(
        &self,
        key: &str,
        entry: &Entry,
        allowed: &str,
        found: Option<String>,
    ) -> ConfigFault {
        ConfigFault::Refused {
            key: self.full_name(key),
            origin: entry.origin.clone().unwrap_or_else(|| "default".to_owned()),
            allowed: allowed.to_owned(),
            found,
        }
    }

    fn note(&mut self, key: &str, entry: &Entry, value: Written) {
        self.push(key, entry, Some(value));
    }

    fn note_secret(&mut self, key: &str, entry: &Entry) {
        self.push(key, entry, None);
    }

    fn push(&mut self, key: &str, entry: &Entry, value: Option<Written>) {
        let setting = Setting {
            section: self.name,
            key: key.to_owned(),
            value,
            digest: settings::digest(&entry.written),
            origin: entry.origin.clone(),
            reloadable: self.reloadable,
        };
        self.reader.settings.push(setting);
    }
}

/// The items of a list, however it was written: a TOML list, or one text with commas.
fn items(written: &Written) -> Option<Vec<String>> {
    let trimmed = |item: &str| {
        let item = item.trim();
        (!item.is_empty()).then(|| item.to_owned())
    };
    match written {
        Written::One(text) => Some(text.split(',').filter_map(trimmed).collect()),
        Written::Many(items) => Some(items.iter().filter_map(|item| trimmed(item)).collect()),
        Written::Other => None,
    }
}

fn durations(range: &RangeInclusive<Duration>) -> String {
    let (min, max) = (
        format_duration(*range.start()),
        format_duration(*range.end()),
    );
    format!("a duration from {min} to {max} (like 250ms, 15s, 7d)")
}
