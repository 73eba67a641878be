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
    // The fields of the app's own are kept as they are spelled.
    let (once, twice) = (
        format!("{:?}", inbound.command),
        format!("{:?}", again.command),
    );
    assert!(once == twice || once.contains("RawValue"), "{once} {twice}");
}
