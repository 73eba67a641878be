//! What a device hears, and makes of it.

use otomo::protocol::command::Command;
use tokio::time::Instant;

use super::Device;
use crate::{
    invariants::promises::{ANSWERED_AS_WHAT_IT_IS, ANSWERED_ONCE},
    link::{Down, Up},
    support::{Json, field},
    trace::note,
};

impl Device {
    /// Takes in what comes on the connection that it has.
    pub fn hear(&mut self, down: Down) {
        self.heard_at = Instant::now();
        match down {
            Down::Ping => {
                if let Some(link) = &self.link {
                    link.say(Up::Pong);
                }
            }
            Down::Closed(code) => {
                note!("{} is told goodbye: {code}", self.name());
                self.gone();
            }
            Down::Cut => {
                note!("{} is cut off", self.name());
                self.gone();
            }
            Down::Event(event) => {
                note!("{} hears {event}", self.name());
                self.hear_event(&event);
            }
        }
    }

    fn hear_event(&mut self, event: &Json) {
        self.answered(event);
        self.learned.hear(event);
        self.connection.hear(event);
        self.received.hear(event);
        self.statuses.hear(event);
        self.hall.hear(event);
        self.typing.hear(event);
        self.stories.hear(&self.owner.name, event);
        if let Some(event) = self.over.without_what_is_late(event) {
            self.calls.hear(&self.owner.name, &event);
            self.phone.hear(&event);
        }
        match field(event, "type") {
            "ready" => self.ready = true,
            "closing" => self.told_goodbye(event),
            "new-message" if event["senderId"] != self.owner.name.as_str() => {
                let place = (event["conversationId"].clone(), event["messageSeq"].clone());
                self.unread = Some(place);
            }
            _ => {}
        }
    }

    /// Something may be the answer to a command.
    fn answered(&mut self, event: &Json) {
        let Some(id) = event["requestId"].as_str() else {
            return;
        };
        let (command, said_at) = match self.asked.remove(id) {
            Some(asked) => asked,
            // It is answered only if it is refused.
            None if field(event, "type") == "error" => return,
            None => panic!("{ANSWERED_ONCE}: {} {event}", self.name()),
        };
        let name = field(&command, "type");
        self.caught_up_with(id);
        if field(event, "type") == "error" {
            let code = field(event, "code");
            match name {
                "message_send" => self.outgoing.requeue(field(&command, "clientMessageId")),
                "message-read" | "otomo_status_set" => {}
                "room_join" if code == "ROOM_FORBIDDEN" => self.hall.refused(),
                "room_join" | "room_leave" => assert!(
                    ["UNAVAILABLE", "INTERNAL_ERROR"].contains(&code),
                    "no command may be refused with {code}: {command}"
                ),
                _ => self.phone.refused(&command, code),
            }
            return;
        }
        let expected = Command::answer(name);
        assert_eq!(
            Some(field(event, "type")),
            expected,
            "{ANSWERED_AS_WHAT_IT_IS}: {command}"
        );
        match name {
            "message_send" => self.outgoing.acknowledged(event),
            "room_join" => self.hall.came(said_at),
            _ => {}
        }
    }
}
