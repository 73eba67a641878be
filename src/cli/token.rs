//! `otomo token`: a token that the server of the same configuration believes, alone on standard output, so that it can
//! be put where one is needed: `curl -H "Authorization: Bearer $(otomo token --sub hana --role otomo)"`.

use std::{
    error::Error,
    io::{Write, stdout},
    time::Duration,
};

use clap::Args;

use crate::kernel::{
    config::{Config, parse_duration},
    identity::{Identity, Role},
    ids::UserId,
    time::Clock,
    token::Issuer,
};

/// Whom the token speaks for.
#[derive(Args)]
pub(super) struct TokenArgs {
    /// The user's id.
    #[arg(long, value_name = "ID")]
    sub: UserId,
    /// What they may do: user, otomo, admin or service.
    #[arg(long)]
    role: Role,
    /// The name that others are shown.
    #[arg(long)]
    name: Option<String>,
    /// The address of a picture that others are shown.
    #[arg(long, value_name = "URL")]
    avatar: Option<String>,
    /// How long it is good, like 90s, 12h, 7d.
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = ttl)]
    ttl: Duration,
}

pub(super) fn run(config: &Config, args: TokenArgs) -> Result<(), Box<dyn Error>> {
    let identity = Identity {
        user: args.sub,
        role: args.role,
        name: args.name,
        avatar: args.avatar,
        rooms: Vec::new(),
        expires_at: Clock::system().now() + args.ttl,
    };
    let token = Issuer::new(&config.auth.now())?.sign(&identity)?;
    writeln!(stdout(), "{token}")?;
    Ok(())
}

/// Tokens count in whole seconds, so it must be at least one.
fn ttl(text: &str) -> Result<Duration, &'static str> {
    parse_duration(text)
        .filter(|ttl| *ttl >= Duration::from_secs(1))
        .ok_or("must be a duration of a second or more, like 90s, 12h, 7d")
}
