//! Whatever a client sends as a command.

use serde_json::Value;

use super::{Command, Inbound, REQUEST_ID_MAX_BYTES, Undecodable, decode_with, request_id};
use crate::kernel::fuzz::assert_plain;

/// The type of an action of the app.
const ACTION: &str = "shop_buy";

/// One message. It is a command, or it is refused with a code and a sentence in plain words; spelled otherwise it is the same
/// command.
pub(crate) fn commands(bytes: &[u8]) {
    match decode(bytes) {
        Ok(inbound) => assert_same_in_other_words(bytes, &inbound),
        Err(refused) => {
            let fault = &refused.fault;
            assert_plain(&fault.message, bytes);
            let code = fault.code.as_str();
            assert!(matches!(code, "BAD_REQUEST" | "UNKNOWN_TYPE"), "{code}");
            assert_known(refused.request_id.map(|id| id.0.into()));
        }
    }
    // What is refused unread still has its name.
    assert_known(request_id(bytes).map(|id| id.0.into()));
}

fn decode(bytes: &[u8]) -> Result<Inbound, Box<Undecodable>> {
    decode_with(bytes, |name| name == ACTION)
}

fn assert_known(id: Option<String>) {
    assert!(id.is_none_or(|id| id.len() <= REQUEST_ID_MAX_BYTES));
}

/// Its fields in another order, without spaces, and without what nobody reads.
fn assert_same_in_other_words(bytes: &[u8], inbound: &Inbound) {
    let name = inbound.command.name();
    assert!(name == "custom" || Command::NAMES.contains(&name), "{name}");
    // Numbers beyond every double may be in fields that nobody reads.
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let spelled = value.to_string();
    let again = decode(spelled.as_bytes()).unwrap_or_else(|refused| {
        panic!("{spelled}: {}", refused.fault);
    });
    assert_eq!(again.request_id, inbound.request_id);
    let (once, twice) = (Read::of(&inbound.command), Read::of(&again.command));
    assert_eq!(once, twice);
}

/// What was read of a command, however it was spelled.
#[derive(Debug, PartialEq)]
struct Read {
    /// All but the part of the app's own.
    fields: String,
    /// The part of the app's own, which is kept as it is spelled, spelled as we do.
    own: Option<String>,
}

impl Read {
    fn of(command: &Command) -> Self {
        let own = match command {
            Command::IceCandidate(it) => it.candidate.0.as_deref(),
            Command::MessageSend(it) => it.data.as_deref(),
            Command::GameAction(it) => Some(&*it.body),
            Command::AppAction(it) => Some(&*it.body),
            _ => None,
        };
        let fields = format!("{command:?}");
        let Some(own) = own else {
            return Self { fields, own: None };
        };
        let value: Value = serde_json::from_str(own.get()).expect("a part of what was read");
        Self {
            fields: fields.replace(&format!("{own:?}"), "the app's own"),
            own: Some(value.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Read {
        Read::of(&decode(json.as_bytes()).unwrap().command)
    }

    #[test]
    fn a_command_with_a_part_of_the_app_is_compared_with_it() {
        let message = |body: &str, data: &str| {
            let id = "0198c0de-0000-7000-8000-000000000001";
            read(&format!(
                r#"{{"type":"message_send","toUserId":"taro","clientMessageId":"{id}","body":"{body}","data":{data}}}"#
            ))
        };
        let one = message("RawValue", r#"{"a":1,"b":[]}"#);
        assert_eq!(one, message("RawValue", r#"{ "b": [], "a": 1 }"#));
        assert_ne!(one, message("RawValue", r#"{"a":2,"b":[]}"#));
        assert_ne!(one, message("RawValues", r#"{"a":1,"b":[]}"#));
        let action = |what: &str| read(&format!(r#"{{"type":"{ACTION}","what":{what}}}"#));
        assert_ne!(action("1"), action("2"));
    }
}
