//! Why the server closes a connection, as numbers whose range tells a client whether to come back:
//! 4000-4099 do not come back, 4100-4199 after a pause, 4200-4299 at once; below 4000 as RFC 6455 says.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])* $variant:ident = $number:literal $text:literal,)*) => {
        /// A WebSocket close code that this server sends.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum CloseCode {
            $($(#[doc = $doc])* $variant = $number,)*
        }

        impl CloseCode {
            /// Every code there is.
            pub const ALL: &'static [CloseCode] = &[$(CloseCode::$variant,)*];

            /// The number on the wire.
            pub const fn number(self) -> u16 {
                match self { $(CloseCode::$variant => $number,)* }
            }

            /// What it says, in words.
            pub fn description(self) -> String {
                let lines: &[&str] = match self { $(CloseCode::$variant => &[$($doc),*],)* };
                lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
            }

            /// The name in logs and metrics, and the reason where nothing better is known.
            pub const fn as_str(self) -> &'static str {
                match self { $(CloseCode::$variant => $text,)* }
            }
        }
    };
}

catalogue! {
    /// The answer to a client's own goodbye.
    Normal = 1000 "normal",
    /// The server ends.
    GoingAway = 1001 "going_away",
    /// A frame that RFC 6455 forbids.
    Protocol = 1002 "protocol_error",
    /// Binary where text is due.
    Unsupported = 1003 "binary_unsupported",
    /// Text that is not UTF-8.
    InvalidUtf8 = 1007 "invalid_utf8",
    /// A message above `limits.message_size`, or of too many fragments.
    TooLarge = 1009 "message_too_large",
    /// Our fault.
    Internal = 1011 "internal_error",
    /// No token, a forged one, or none in time.
    BadToken = 4001 "bad_token",
    /// A page of an origin that is not on the list.
    ForbiddenOrigin = 4002 "forbidden_origin",
    /// The user is disabled, or an admin closed their connections.
    Disabled = 4003 "disabled",
    /// Too many faulty messages.
    ProtocolErrors = 4004 "too_many_errors",
    /// The user connected elsewhere and the policy keeps the newest.
    Replaced = 4005 "replaced",
    /// The client reads too slowly for what it subscribes to.
    SlowConsumer = 4100 "slow_consumer",
    /// The user has too many connections already.
    TooManyConnections = 4101 "too_many_connections",
    /// Too many commands after all warnings.
    RateLimited = 4102 "rate_limited",
    /// The node drains: come back, another one (or the restarted one) takes over.
    Drain = 4200 "drain",
    /// A ping went unanswered.
    NoPong = 4201 "no_pong",
    /// The token ran out, or names a role that its user has no more: come back with a new one.
    TokenExpired = 4202 "token_expired",
}

impl JsonSchema for CloseCode {
    fn schema_name() -> Cow<'static, str> {
        "CloseCode".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let each = CloseCode::ALL.iter().map(
            |code| json_schema!({ "const": code.number(), "description": code.description() }),
        );
        json_schema!({
            "description": "Why the server closes a connection. A client does not come back after 4000 to 4099, comes back after a pause after 4100 to 4199, and without one after 4200 to 4299; in each case not before `retryAfterMs` of the `closing` that came before.",
            "oneOf": each.collect::<Vec<_>>(),
        })
    }
}

impl CloseCode {
    /// Whether the client should connect again by itself.
    pub const fn reconnect(self) -> bool {
        matches!(self.number(), 1001 | 1011 | 4100..=4299)
    }

    /// Whether the client should wait before it does.
    pub const fn pause(self) -> bool {
        matches!(self.number(), 4100..4200)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_comes_back_unless_it_was_at_fault_and_waits_where_there_was_too_much_of_it() {
        use CloseCode::{
            Drain, GoingAway, Internal, NoPong, RateLimited, SlowConsumer, TokenExpired,
            TooManyConnections,
        };
        let after_a_pause = [SlowConsumer, TooManyConnections, RateLimited];
        let at_once = [GoingAway, Internal, Drain, NoPong, TokenExpired];
        for code in CloseCode::ALL {
            let waits = after_a_pause.contains(code);
            assert_eq!(code.pause(), waits, "{code:?}");
            assert_eq!(
                code.reconnect(),
                waits || at_once.contains(code),
                "{code:?}"
            );
        }
    }
}
