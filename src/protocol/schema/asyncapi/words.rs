//! What the schemas cannot say.

use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use crate::protocol::{close_code::CloseCode, spec::Kind};

/// The protocol in short, with its kinds and its close codes.
pub(super) fn description() -> String {
    let kinds: String = words_of::<Kind>()
        .map(|(kind, about)| format!("| {kind} | {about} |\n"))
        .collect();
    let codes: String = CloseCode::ALL.iter().map(close_code).collect();
    format!("{INTRODUCTION}\n{KINDS}{kinds}\n{CLOSE_CODES}{codes}\n{COMING_BACK}")
}

const INTRODUCTION: &str = "\
A message is a flat JSON object with a `type`. Either side skips fields that it does not know.

A command may carry a `requestId`, a text of up to 64 bytes: its answer, or its `error`, carries that back. A command that has no \
answer is answered only if it is refused.

A connection gets `connected`, the snapshots of its topics, the durable events that it missed, and `ready`, in this order. What \
follows is new.
";

const KINDS: &str = "\
## Kinds of events (`x-kind` of their schemas)

| kind | |
|---|---|
";

const CLOSE_CODES: &str = "\
## Close codes

Before it closes a connection the server says `closing`, for clients that cannot see codes.

| code | | come back |
|---|---|---|
";

const COMING_BACK: &str = "\
## Coming back

A client keeps the highest `seq` that it has dealt with, and says it as `lastSeq` when it connects (an `EventSource` says \
`Last-Event-ID`). It gets the durable events after that, in order, before anything new. `prev` of an event is the `seq` of the one \
that this connection was sent before it: where it is not the last that the client has, something is missing, and it connects \
again with its own. `resync` says that the stream does not reach back that far, or that an event in it is damaged: then it reads \
its state anew.
";

fn close_code(code: &CloseCode) -> String {
    let back = match (code.reconnect(), code.pause()) {
        (false, _) => "no",
        (true, true) => "after a pause",
        (true, false) => "after `retryAfterMs`, or at once where none was said",
    };
    format!("| {} | {} | {back} |\n", code.number(), code.description())
}

/// The words of an enum of the wire, with what each means.
fn words_of<T: JsonSchema>() -> impl Iterator<Item = (String, String)> {
    let mut schema = schema_for!(T).to_value();
    let words = match schema.get_mut("oneOf").map(Value::take) {
        Some(Value::Array(words)) => words,
        _ => Vec::new(),
    };
    let text = |word: &Value, keyword: &str| {
        let text = word.get(keyword).and_then(Value::as_str);
        text.unwrap_or_default().replace('\n', " ")
    };
    words
        .into_iter()
        .map(move |word| (text(&word, "const"), text(&word, "description")))
}
