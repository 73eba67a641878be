//! `tests/golden/call_table.txt`: every phase, every command, every device, one line each. A changed rule
//! shows in review as a changed line. `UPDATE_GOLDEN=1 cargo test` writes the file anew.

use std::{fmt::Write as _, fs, path::Path};

use super::{
    cases::{self, NOW, Row},
    words, world,
};
use crate::calls::rules::{
    call::{Call, Phase, PhaseName, Side},
    effect::Step,
    policy::Policy,
    refusal::Refusal,
    request::open,
    step::step,
};

const HEAD: &str = "\
# The rules of calls, read aloud. Generated; see src/calls/rules/tests/golden.rs.
#
#   phase + command by devices -> what it becomes [what is written] who: hears what, in this order
#
# The caller requested on caller-1; from the accept on the otomo talks on otomo-1. Devices for which the
# outcome is the same share a line. `caller` and `otomo` alone are all devices of theirs, `all` is
# everybody, `asker` and `it` are the device of the command. A call that becomes `same` is as it was.
#
# Calls are free. The last sections are of a metered one: media came up 150 s ago, a minute costs 100 points, and two were
# charged. Of what is the same as in a free call they say nothing.
";

#[test]
fn the_table_is_as_it_was_reviewed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/call_table.txt");
    let table = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let reviewed = fs::read_to_string(&path).unwrap();
    let changed = table
        .lines()
        .zip(reviewed.lines())
        .find(|(is, was)| is != was);
    assert_eq!(changed, None, "UPDATE_GOLDEN=1 writes the table anew");
    assert_eq!(
        table.len(),
        reviewed.len(),
        "UPDATE_GOLDEN=1 writes the table anew"
    );
}

fn table() -> String {
    let policy = world::policy();
    let mut table = HEAD.to_owned();

    let mut rows = Vec::new();
    for (situation, facts, otomo) in cases::situations() {
        let request = cases::request(1, "caller-1", otomo);
        let outcome = open(&request, &facts, NOW, &policy);
        rows.push((format!("request, {situation}"), of_opening(None, outcome)));
    }
    section(&mut table, "no call", &rows);

    for call in cases::calls() {
        let mut rows = Vec::new();
        for (row, outcome) in cases::requests(&call) {
            rows.push((row, of_opening(Some(&call), outcome)));
        }
        for (row, command) in cases::commands(&call) {
            let outcome = step(&call, &command, cases::at(&call, &command, 0), &policy);
            rows.push((row, of_outcome(&call, outcome)));
        }
        section(&mut table, &describe(&call), &joined(rows));
    }
    for (purse, balance, policy) in cases::purses() {
        for call in [cases::metered(), cases::metered_unseen()] {
            let rows = of_metered(&call, balance, &policy);
            if !rows.is_empty() {
                section(&mut table, &format!("{}, {purse}", describe(&call)), &rows);
            }
        }
    }
    table
}

/// What is different because the call is metered.
fn of_metered(call: &Call, balance: i64, policy: &Policy) -> Vec<(String, String)> {
    let free = Call {
        tariff: None,
        ..call.clone()
    };
    let rows_of = |call: &Call| {
        let commands = cases::commands(call).into_iter();
        let rows = commands.map(|(row, command)| {
            let outcome = step(call, &command, cases::at(call, &command, balance), policy);
            (row, of_outcome(call, outcome))
        });
        joined(rows.collect())
    };
    let of_free = rows_of(&free);
    let mut rows = rows_of(call);
    let uncounted = |outcome: &str| outcome.replace(", 2 charges", "");
    rows.retain(|(row, outcome)| !of_free.contains(&(row.clone(), uncounted(outcome))));
    rows
}

fn section(table: &mut String, state: &str, rows: &[(String, String)]) {
    writeln!(table, "\n## {state}").unwrap();
    let width = rows.iter().map(|(command, _)| command.len()).max().unwrap();
    for (command, outcome) in rows {
        writeln!(table, "{state} + {command:<width$} -> {outcome}").unwrap();
    }
}

/// Rows that differ in nothing but the device, in one row.
fn joined(rows: Vec<(Row, String)>) -> Vec<(String, String)> {
    let mut joined: Vec<(Row, Vec<&str>, String)> = Vec::new();
    for (row, outcome) in rows {
        let outcome = match row.device {
            Some(device) => outcome.replace(device, row.pronoun),
            None => outcome,
        };
        let same =
            |(other, _, known): &&mut (Row, _, String)| other.text == row.text && *known == outcome;
        match joined.iter_mut().find(same) {
            Some((_, devices, _)) => devices.extend(row.device),
            None => joined.push((row.clone(), row.device.into_iter().collect(), outcome)),
        }
    }
    let readable = |(row, devices, outcome): (Row, Vec<&str>, String)| {
        (row.text.replace('@', &devices.join(", ")), outcome)
    };
    joined.into_iter().map(readable).collect()
}

/// The phase, and what else distinguishes the call.
fn describe(call: &Call) -> String {
    let mut state = call.phase.name().to_string();
    if let Some(end) = call.end() {
        write!(state, " ({}, {})", end.outcome(), end.reason()).unwrap();
    }
    for side in Side::ALL {
        if call.lost().until(*side).is_some() {
            write!(state, ", {side} lost").unwrap();
        }
    }
    let mut phase = call.phase.clone();
    if let Some(talk) = phase.talk_mut() {
        if talk.media_lost_until.is_some() {
            state.push_str(", media lost");
        }
        if talk.unseen_since.is_some() {
            state.push_str(", unseen");
        }
    }
    if call.tariff.is_some() && call.phase.name() != PhaseName::Requesting {
        write!(state, ", {} charges", call.charges()).unwrap();
    }
    if let Phase::Connecting { setup, .. } = &call.phase {
        for (side, reported) in [
            ("caller", setup.caller_reported),
            ("otomo", setup.otomo_reported),
        ] {
            if reported {
                write!(state, ", {side} reported").unwrap();
            }
        }
    }
    state
}

fn of_outcome(call: &Call, outcome: Result<Step, Refusal>) -> String {
    match outcome {
        Ok(step) => format!("{} {}", becomes(Some(call), &step), words::of_step(&step)),
        Err(refusal) => words::of_refusal(refusal),
    }
}

fn of_opening(call: Option<&Call>, outcome: Result<Vec<Step>, Refusal>) -> String {
    let steps = match outcome {
        Ok(steps) => steps,
        Err(refusal) => return words::of_refusal(refusal),
    };
    let steps = steps.iter().map(|step| {
        let new = call.is_none_or(|call| call.id != step.next.id);
        let which = if new { "new call: " } else { "" };
        let before = call.filter(|_| !new);
        format!("{which}{} {}", becomes(before, step), words::of_step(step))
    });
    steps.collect::<Vec<_>>().join("; ")
}

fn becomes(call: Option<&Call>, step: &Step) -> String {
    match call {
        Some(call) if *call == step.next => "same:".to_owned(),
        Some(_) | None => describe(&step.next),
    }
}
