//! Who can be called: `otomo_status_snapshot`, and after it `otomo_status_update`.

use std::collections::BTreeMap;

use crate::support::{Json, field};

/// The status of every otomo, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statuses {
    of: BTreeMap<String, (String, Json)>,
    /// The snapshot goes on with the next message of its type.
    more: bool,
}

impl Statuses {
    /// Takes in a snapshot or an update; nothing else changes it.
    pub fn hear(&mut self, event: &Json) {
        match field(event, "type") {
            "otomo_status_snapshot" => {
                if !self.more {
                    self.of.clear();
                }
                self.more = event["more"] == true;
                let listed = event["otomos"].as_array().expect("a list");
                listed.iter().for_each(|entry| self.put(entry));
            }
            "otomo_status_update" => self.put(event),
            _ => {}
        }
    }

    /// Whether an otomo has this status, as far as one was told.
    #[allow(dead_code, reason = "for those who look into the database")]
    pub fn shows(&self, otomo: &str, status: &str) -> bool {
        self.of.get(otomo).is_some_and(|(told, _)| told == status)
    }

    fn put(&mut self, entry: &Json) {
        let status = (
            field(entry, "status").to_owned(),
            entry["timestamp"].clone(),
        );
        self.of.insert(field(entry, "userId").to_owned(), status);
    }
}
