//! What is drawn is well-formed, on the paper, and can be told apart.

use super::*;

/// Names of elements that are open at the end, or where something is not well-formed.
fn open_elements(svg: &str) -> Result<Vec<&str>, &str> {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some((text, after)) = rest.split_once('<') {
        if text.contains('>') || (open.is_empty() && !text.trim().is_empty()) {
            return Err(text);
        }
        let (tag, after) = after.split_once('>').ok_or(after)?;
        if tag.matches('"').count() % 2 != 0 || tag.contains('<') {
            return Err(tag);
        }
        let name = tag.split([' ', '/']).find(|it| !it.is_empty()).ok_or(tag)?;
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) if open.pop() != Some(name) => return Err(tag),
            (true, _) | (_, true) => {}
            (false, false) => open.push(name),
        }
        rest = after;
    }
    let mut entities = svg.split('&').skip(1);
    let known = ["amp;", "lt;", "gt;", "quot;"];
    match entities.find(|it| !known.iter().any(|known| it.starts_with(known))) {
        Some(unknown) => Err(unknown),
        None => Ok(open),
    }
}

fn chart(labels: &[&str], moments: &[Moment]) -> String {
    let mut micros = Histogram::new(3).unwrap();
    for latency in 1..=5_000_u64 {
        micros.record(latency).unwrap();
    }
    let series = labels.iter().map(|label| Series {
        label: (*label).to_owned(),
        micros: &micros,
        moments,
    });
    svg(
        "fan-out <& \"more\">\u{1b}",
        "deliveries",
        &series.collect::<Vec<_>>(),
    )
}

#[test]
fn a_chart_is_well_formed_whatever_is_written_on_it() {
    let moments = [1.0, 2.0].map(|at| Moment {
        at,
        rate: at * 1_234.5,
    });
    for (labels, moments) in [
        (&["one"][..], &moments[..]),
        (&["a <b>", "c & d"], &moments),
        (&["nothing"], &[]),
        (&[], &[]),
    ] {
        let svg = chart(labels, moments);
        assert_eq!(open_elements(&svg), Ok(vec![]), "{svg}");
        assert_eq!(svg.matches("<polyline").count(), labels.len() * 2);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
    assert_eq!(open_elements("<svg><g></svg>"), Err("/svg"));
    assert_eq!(open_elements("<svg>&nbsp;</svg>"), Err("nbsp;</svg>"));
}

#[test]
fn every_point_is_on_the_paper() {
    let moments = [Moment { at: 1.0, rate: 1e9 }];
    let svg = chart(&["one"], &moments);
    let curves = svg.split("points=\"").skip(1);
    for point in curves.flat_map(|it| it.split('"').next().unwrap().split(' ')) {
        let (x, y) = point.split_once(',').unwrap();
        let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
        assert!((LEFT..=RIGHT).contains(&x), "{point}");
        assert!((LATENCIES.0..=THROUGHPUT.1).contains(&y), "{point}");
    }
}

#[test]
fn marks_are_round_numbers() {
    let marks = |most| Scale::over(most).marks().map(short).collect::<Vec<_>>();
    assert_eq!(marks(4.7), ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(
        marks(1_700_000.0),
        ["0", "500,000", "1,000,000", "1,500,000", "2,000,000"]
    );
    assert_eq!(marks(0.07), ["0", "0.02", "0.04", "0.06", "0.08"]);
    assert_eq!(marks(0.0).len(), 6);
}

#[test]
fn a_run_of_a_second_has_a_line_of_throughput_too() {
    let moments = [Moment {
        at: 1.0,
        rate: 500.0,
    }];
    let svg = chart(&["one"], &moments);
    let throughput = svg.rsplit("points=\"").next().unwrap();
    let points: Vec<_> = throughput.split('"').next().unwrap().split(' ').collect();
    assert_eq!(points.len(), 2, "{points:?}");
    assert!(points[0].starts_with(&format!("{LEFT:.1},")));
}

#[test]
fn many_series_have_a_place_and_a_look_each() {
    let labels = ["1", "2", "4", "8", "16", "32", "64"];
    let svg = chart(&labels, &[]);
    let places = svg.split("<rect class=\"key\" ").skip(1);
    let mut places: Vec<_> = places
        .map(|it| it.split(" width").next().unwrap())
        .collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), labels.len());
    let mut looks: Vec<_> = (0..labels.len()).map(look).collect();
    looks.sort_unstable();
    looks.dedup();
    assert_eq!(looks.len(), labels.len());
    for look in looks {
        assert_eq!(svg.matches(&format!("<g class=\"{look}\">")).count(), 1);
    }
}
