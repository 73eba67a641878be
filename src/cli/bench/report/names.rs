//! What figures are called in conditions.

use super::figure::{Figure, PERCENTILES, Unit};

/// The figure of this name, and which of a latency's is meant. `p99` alone is of the first latency.
pub(super) fn named(figures: &[Figure], name: &str) -> Option<(Figure, Option<usize>)> {
    let share = |name: &str| PERCENTILES.iter().position(|share| *share == name);
    let is_latency = |figure: &&Figure| figure.unit == Unit::Latency;
    if let Some(share) = share(name) {
        let first = figures.iter().find(is_latency)?;
        return Some((*first, Some(share)));
    }
    if let Some((name, last)) = name.split_once('.') {
        let mut latencies = figures.iter().filter(is_latency);
        let figure = latencies.find(|it| it.name == name || it.short == Some(name))?;
        return Some((*figure, Some(share(last)?)));
    }
    let mut figures = figures.iter().filter(|it| it.unit != Unit::Latency);
    let figure = figures.find(|it| it.name == name || it.short == Some(name))?;
    Some((*figure, None))
}

/// What conditions may name.
pub(super) fn all_names(figures: &[Figure]) -> Vec<String> {
    let mut names = Vec::new();
    let mut first = true;
    for figure in figures {
        if figure.unit == Unit::Latency {
            let prefix = match std::mem::take(&mut first) {
                true => String::new(),
                false => format!("{}.", figure.short.unwrap_or(figure.name)),
            };
            names.extend(PERCENTILES.map(|share| format!("{prefix}{share}")));
        } else {
            names.push(figure.short.unwrap_or(figure.name).to_owned());
        }
    }
    names
}

/// The figures of a scenario, for its help.
pub(crate) fn help(figures: &[Figure]) -> String {
    let mut help = "Figures, by their names in --expect and in JSON:\n".to_owned();
    let mut first = true;
    for figure in figures {
        let (short, name) = (figure.short, figure.name);
        let names = match figure.unit {
            Unit::Latency if std::mem::take(&mut first) => PERCENTILES.join(", "),
            Unit::Latency => PERCENTILES
                .map(|it| format!("{}.{it}", short.unwrap_or(name)))
                .join(", "),
            _ => short.map_or(name.to_owned(), |short| format!("{short}, {name}")),
        };
        let unit = match figure.unit.says() {
            "" => String::new(),
            unit => format!(", {unit}"),
        };
        help += &format!("  {names}\n          {}{unit}\n", figure.says);
    }
    help
}
