//! A history as text: `<ms> #<connection> <user>/<device> <what>`, a line a moment.
//!
//! ```text
//! 12 #0 taro/phone opens after 7
//! 15 #0 taro/phone hears {"type":"connected","seq":7,"resumed":true}
//! 20 #0 taro/phone says {"type":"heartbeat","requestId":"1"}
//! 31 #0 taro/phone settles
//! 32 #0 taro/phone closes
//! ```

use std::{collections::BTreeMap, str::FromStr};

use super::{History, What};

impl History {
    /// One moment.
    pub(crate) fn line(&self, place: usize) -> String {
        let moment = &self.moments[place];
        let connection = &self.connections[moment.connection];
        let what = match (&moment.what, connection.last_seq) {
            (What::Opens, Some(seq)) => format!("opens after {seq}"),
            (What::Opens, None) => "opens".to_owned(),
            (What::Says(json), _) => format!("says {json}"),
            (What::Hears(json), _) => format!("hears {json}"),
            (What::Closes, _) => "closes".to_owned(),
            (What::Settles, _) => "settles".to_owned(),
        };
        let (user, device) = (&connection.user, &connection.device);
        format!(
            "{} #{} {user}/{device} {what}",
            moment.at, moment.connection
        )
    }

    /// `None` if the line is not one of a history.
    fn read(&mut self, line: &str, numbers: &mut BTreeMap<String, usize>) -> Option<()> {
        let (at, rest) = line.split_once(' ')?;
        let (number, rest) = rest.split_once(' ')?;
        let (who, what) = rest.split_once(' ')?;
        let (at, (user, device)) = (at.parse().ok()?, who.split_once('/')?);
        let (what, more) = what.split_once(' ').unwrap_or((what, ""));
        if what == "opens" {
            let last = more
                .strip_prefix("after ")
                .map(str::parse)
                .transpose()
                .ok()?;
            let opened = self.opens(at, user, device, last);
            numbers.insert(number.to_owned(), opened);
            return Some(());
        }
        let connection = *numbers.get(number)?;
        match what {
            "says" => self.says(at, connection, more.parse().ok()?),
            "hears" => self.hears(at, connection, more.parse().ok()?),
            "closes" => self.closes(at, connection),
            "settles" => self.settles(at, connection),
            _ => return None,
        }
        Some(())
    }
}

impl FromStr for History {
    type Err = String;

    /// Reads what was printed. Empty lines, and blanks before a line, count for nothing.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut history = Self::default();
        let mut numbers = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let read = history.read(line, &mut numbers);
            read.ok_or_else(|| format!("no moment of a history: {line}"))?;
        }
        Ok(history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = r#"12 #0 taro/phone opens after 7
15 #0 taro/phone hears {"seq":7,"type":"connected"}
16 #1 hana/desk opens
20 #0 taro/phone says {"type":"heartbeat"}
31 #0 taro/phone settles
32 #1 hana/desk closes
"#;

    #[test]
    fn what_was_printed_is_read_again() {
        let history: History = WRITTEN.parse().unwrap();
        assert_eq!(history.to_string(), WRITTEN);
        assert_eq!(history.to_string().parse(), Ok(history));
    }

    #[test]
    fn a_line_that_is_none_is_told() {
        for line in [
            "1 #0 taro/phone hears {}",
            "x #0 taro/phone opens",
            "1 #0 opens",
        ] {
            assert!(line.parse::<History>().unwrap_err().contains(line));
        }
    }
}
