//! Where an event is not what its type asks for, and what to do about it: without repeating what was sent, which may be long.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind},
    paths::LocationSegment,
};

use crate::{
    kernel::type_name,
    protocol::{error_code::ErrorCode, fault::Fault},
};

/// The first thing that is wrong with an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} {message}")]
pub struct Violation {
    /// Where: `type`, or a place in the data (`data.current_sp`, `data.items[2]`).
    pub path: String,
    /// What it must be; completes a sentence that begins with the path.
    pub message: String,
}

impl Violation {
    /// A fault of one's own finding.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }

    /// The same, seen from what the event is a part of (`events[3]`).
    #[must_use]
    pub fn within(mut self, whole: &str) -> Self {
        self.path = format!("{whole}.{}", self.path);
        self
    }

    pub(super) fn reserved_name() -> Self {
        let message =
            "is a name that the server or the client's library needs for itself; choose another";
        Self::new("type", message)
    }

    pub(super) fn malformed_name() -> Self {
        let most = type_name::MAX_BYTES;
        let message = format!("must be 1 to {most} letters, digits, or any of _ - . : (ASCII)");
        Self::new("type", message)
    }

    pub(super) fn other_type() -> Self {
        Self::new("data.type", "must be the same as type, or be left out")
    }

    pub(super) fn field_of_delivery(field: &str) -> Self {
        let message = "is a field that the server writes itself; give yours another name";
        Self::new(format!("data.{field}"), message)
    }

    pub(super) fn uncheckable() -> Self {
        Self::new(
            "type",
            "has a schema that cannot be used; report this as a fault of the server",
        )
    }

    pub(super) fn of(error: &ValidationError<'_>) -> Self {
        let mut path = "data".to_owned();
        for segment in error.instance_path().segments() {
            match segment {
                LocationSegment::Property(name) => path.extend([".", &name]),
                LocationSegment::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        if let ValidationErrorKind::Required { property } = error.kind() {
            path.extend([".", property.as_str().unwrap_or_default()]);
        }
        Self::new(path, wish(error.kind()))
    }
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Self::new(ErrorCode::EventInvalid, violation.to_string()).about("path", violation.path)
    }
}

/// What a value must be.
fn wish(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Required { .. } => "is missing".to_owned(),
        ValidationErrorKind::Type {
            kind: TypeKind::Single(kind),
        } => format!("must be of the type {kind}"),
        ValidationErrorKind::Type {
            kind: TypeKind::Multiple(kinds),
        } => {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            format!("must be of one of the types {}", kinds.join(", "))
        }
        ValidationErrorKind::Format { format } if format == "date-time" => {
            "must be a time like 2026-11-22T12:36:08Z".to_owned()
        }
        ValidationErrorKind::Format { format } => format!("must be a {format}"),
        ValidationErrorKind::Minimum { limit } => format!("must be {limit} or more"),
        ValidationErrorKind::Maximum { limit } => format!("must be {limit} or less"),
        ValidationErrorKind::MinLength { limit: 1 } => "must not be empty".to_owned(),
        ValidationErrorKind::MinLength { limit } => {
            format!("must have {limit} characters or more")
        }
        ValidationErrorKind::MaxLength { limit } => {
            format!("must have {limit} characters or less")
        }
        ValidationErrorKind::Pattern { pattern } => format!("must match {pattern}"),
        other => format!(
            "does not fit its schema ({}); see /schemas/events.json",
            other.keyword()
        ),
    }
}
