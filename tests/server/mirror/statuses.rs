//! Who can be called: `otomo_status_snapshot`, and after it `otomo_status_update`.

use std::collections::BTreeMap;

use crate::support::{Json, field};

/// The status of every otomo, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statuses(BTreeMap<String, (String, Json)>);

impl Statuses {
    /// Takes in a snapshot or an update; nothing else changes it.
    pub fn hear(&mut self, event: &Json) {
        match field(event, "type") {
            "otomo_status_snapshot" => {
                self.0.clear();
                let listed = event["otomos"].as_array().expect("a list");
                listed.iter().for_each(|entry| self.put(entry));
            }
            "otomo_status_update" => self.put(event),
            _ => {}
        }
    }

    fn put(&mut self, entry: &Json) {
        let status = (
            field(entry, "status").to_owned(),
            entry["timestamp"].clone(),
        );
        self.0.insert(field(entry, "userId").to_owned(), status);
    }
}
