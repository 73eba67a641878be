//! The schema of one message: its fields, and what messages have beside these.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::protocol::{
    command::{Command, RequestId},
    described::Described,
    event::{Body as _, Error, OtomoStatusUpdate, RoomEvent},
    publishing::{Publishable, publishable},
    spec::{Kind, Spec},
};

/// A command, with the name that its sender gives it.
pub(super) fn command(described: &Described, generator: &mut SchemaGenerator) -> Value {
    let answer = Command::answer(described.name);
    let answered = answer.map_or_else(
        || "Answered only if it is refused.".to_owned(),
        |answer| format!("Answered with `{answer}`."),
    );
    let mut message = Message::new(described, generator);
    message.set("title", format!("{}Command", pascal_case(described.name)));
    message.set(
        "description",
        format!("{} {answered}", described.description()),
    );
    message.set("x-answer", answer);
    let named = "The sender's own name for it: its answer, or its error, carries that back.";
    message.field("requestId", of::<RequestId>(generator), named);
    message.finish()
}

/// An event, with what delivery writes into it.
pub(super) fn event(described: &Described, spec: &Spec, generator: &mut SchemaGenerator) -> Value {
    let mut message = Message::new(described, generator);
    message.set("title", (described.title)());
    message.set("description", described.description());
    message.set("x-kind", spec.kind.as_str());
    message.set("x-topic", spec.topic.as_str());
    if is_answer(spec.name) {
        let named = "What the sender of the command called it, if anything.";
        message.field("requestId", of::<RequestId>(generator), named);
    }
    if spec.name == OtomoStatusUpdate::TYPE {
        let counts = "Counts the changes of this otomo, for clients that ask for it with `?v=1`.";
        message.field("v", of::<u64>(generator), counts);
    }
    let published = publishable(spec.name) == Publishable::Known;
    let may_be_kept = published || spec.name == RoomEvent::TYPE;
    if may_be_kept || spec.kind == Kind::Durable {
        let place = "Its place in the user's stream of durable events.";
        let before = "The durable event that this connection was sent before it. A client that has not got that one lacks something.";
        message.field("seq", of::<u64>(generator), place);
        message.field("prev", of::<u64>(generator), before);
    }
    if published {
        message.set("additionalProperties", true);
    }
    // A backend may have its event kept or not, whatever is usual.
    if spec.kind == Kind::Durable && !may_be_kept {
        message.required.extend(["seq".into(), "prev".into()]);
    }
    message.finish()
}

/// The words of a type of the wire as one word: `call_request` and `new-message` are `CallRequest` and `NewMessage`.
pub(super) fn pascal_case(name: &str) -> String {
    let words = name.split(['_', '-']).map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_uppercase() + rest
    });
    words.collect()
}

/// Whether an event answers a command.
fn is_answer(name: &str) -> bool {
    let mut commands = Command::NAMES.iter();
    name == Error::TYPE || commands.any(|command| Command::answer(command) == Some(name))
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// A schema that is being written.
struct Message {
    keywords: Map<String, Value>,
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl Message {
    /// The fields of a message, and its `type`.
    fn new(described: &Described, generator: &mut SchemaGenerator) -> Self {
        let mut fields = (described.fields)(generator).to_value();
        let mut part = |keyword: &str| fields.get_mut(keyword).map(Value::take);
        let mut properties = match part("properties") {
            Some(Value::Object(properties)) => properties,
            _ => Map::new(),
        };
        let mut required = match part("required") {
            Some(Value::Array(required)) => required,
            _ => Vec::new(),
        };
        properties.insert("type".to_owned(), json!({ "const": described.name }));
        required.insert(0, "type".into());
        let keywords = match fields {
            Value::Object(keywords) => keywords,
            _ => Map::new(),
        };
        Self {
            keywords,
            properties,
            required,
        }
    }

    fn set(&mut self, keyword: &str, value: impl Into<Value>) {
        self.keywords.insert(keyword.to_owned(), value.into());
    }

    /// Adds a field that may be there.
    fn field(&mut self, name: &str, mut schema: Value, description: &str) {
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), description.into());
        }
        self.properties.insert(name.to_owned(), schema);
    }

    fn finish(self) -> Value {
        let Self {
            mut keywords,
            properties,
            required,
        } = self;
        keywords.insert("properties".to_owned(), properties.into());
        keywords.insert("required".to_owned(), required.into());
        Value::Object(keywords)
    }
}
