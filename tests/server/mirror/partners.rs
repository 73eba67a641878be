//! Who is there of one's friends and of those with whom one talks: `friend_status_snapshot`, and after it
//! `friend_status_changed`, or of the latter alone `user-online` and `user-offline`.

use std::collections::BTreeMap;

use crate::support::{Json, field};

/// Who is there, and when the others were last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partners {
    there: BTreeMap<String, Json>,
    last_seen: BTreeMap<String, Json>,
}

impl Partners {
    /// Takes in a snapshot, a coming or a going; nothing else changes it.
    pub fn hear(&mut self, event: &Json) {
        match field(event, "type") {
            "friend_status_snapshot" => {
                self.there = entries(&event["statuses"]);
                self.last_seen = entries(&event["lastSeen"]);
            }
            "user-online" => {
                let user = field(event, "userId").to_owned();
                self.last_seen.remove(&user);
                self.there.insert(user, true.into());
            }
            "user-offline" => {
                let user = field(event, "userId").to_owned();
                self.last_seen
                    .insert(user.clone(), event["lastSeen"].clone());
                self.there.insert(user, false.into());
            }
            "friend_status_changed" => {
                let user = field(event, "user_id").to_owned();
                let online = event["status"] == "online";
                if online {
                    self.last_seen.remove(&user);
                } else {
                    let seen = event["timestamp"].as_i64().expect("a number") / 1_000;
                    self.last_seen.insert(user.clone(), seen.into());
                }
                self.there.insert(user, online.into());
            }
            _ => {}
        }
    }
}

fn entries(object: &Json) -> BTreeMap<String, Json> {
    let entries = object.as_object().expect("an object").iter();
    entries
        .map(|(user, value)| (user.clone(), value.clone()))
        .collect()
}
