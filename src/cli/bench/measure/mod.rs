//! How things are counted: [`pace`] says when the next is due, [`meter`] counts what came and how long it took
//! ([`latencies`]), [`cost`] says what that cost both sides, [`progress`] shows it meanwhile.

mod cost;
mod latencies;
mod meter;
mod pace;
mod progress;

pub(crate) use self::{
    cost::Cost,
    latencies::Latencies,
    meter::{Meter, Moment},
    pace::Pace,
    progress::Progress,
};
