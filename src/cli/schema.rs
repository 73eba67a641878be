//! `otomo schema`: what describes the protocol to programs. The files that it writes are kept with the sources, and a test
//! holds them equal to the code.

use std::{
    error::Error,
    io::{Write, stdout},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use crate::{
    app,
    protocol::{publishing, schema},
};

/// What to describe, and where to.
#[derive(Args)]
pub(super) struct SchemaArgs {
    /// What is described, on standard output.
    #[arg(required_unless_present = "write", conflicts_with = "write")]
    subject: Option<Subject>,
    /// Write every description into its file below this folder, which holds the sources and must be there.
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Subject {
    /// Every command and event, as JSON Schema (draft 2020-12).
    Messages,
    /// Every command and event, as types of TypeScript.
    Typescript,
    /// The sockets and their messages, as AsyncAPI 3.0.
    Asyncapi,
    /// The events that backends publish and clients get, as JSON Schema (draft 2020-12).
    Events,
    /// The endpoints for apps, backends, admins and operators, as OpenAPI 3.1.
    Openapi,
    /// What these endpoints take and answer, as types of TypeScript.
    TypescriptRest,
}

impl Subject {
    /// Where its file is among the sources.
    fn file(self) -> &'static str {
        match self {
            Self::Messages => "web/schemas/messages.json",
            Self::Typescript => "web/client/types/protocol.d.ts",
            Self::Asyncapi => "web/schemas/asyncapi.json",
            Self::Events => "web/schemas/events.json",
            Self::Openapi => "web/schemas/openapi.json",
            Self::TypescriptRest => "web/client/types/rest_api.d.ts",
        }
    }

    fn document(self) -> String {
        match self {
            Self::Messages => schema::messages::document(),
            Self::Typescript => schema::typescript::document(),
            Self::Asyncapi => schema::asyncapi::document(),
            Self::Events => publishing::document(),
            Self::Openapi => app::openapi(),
            Self::TypescriptRest => app::rest_types(),
        }
    }
}

pub(super) fn run(args: &SchemaArgs) -> Result<(), Box<dyn Error>> {
    if let Some(folder) = &args.write {
        return write_all(folder);
    }
    if let Some(subject) = args.subject {
        write!(stdout(), "{}", subject.document())?;
    }
    Ok(())
}

fn write_all(folder: &Path) -> Result<(), Box<dyn Error>> {
    // A name that was mistyped must not become a tree that nobody looks for.
    if !folder.is_dir() {
        let complaint = format!(
            "--write: {} is no folder; name the one that holds the sources",
            folder.display()
        );
        return Err(complaint.into());
    }
    for subject in Subject::value_variants() {
        let file = folder.join(subject.file());
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, subject.document())
            .map_err(|cause| format!("{} cannot be written: {cause}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_not_made() {
        let place = tempfile::tempdir().unwrap();
        let nowhere = place.path().join("none");
        let refused = write_all(&nowhere).unwrap_err().to_string();
        assert!(
            refused.ends_with("none is no folder; name the one that holds the sources"),
            "{refused}"
        );
        assert!(!nowhere.exists());
        write_all(place.path()).unwrap();
        assert!(place.path().join("web/schemas/events.json").is_file());
    }

    #[test]
    fn the_files_are_as_the_code_describes_itself() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        for subject in Subject::value_variants() {
            let kept = std::fs::read_to_string(sources.join(subject.file())).unwrap_or_default();
            assert!(
                kept == subject.document(),
                "{} is not what the code says: `cargo run -- schema --write .`",
                subject.file()
            );
        }
    }
}
