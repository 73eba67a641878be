//! `config/monitoring`: the dashboard and the alert rules ask for metrics that a server has.

use std::{collections::BTreeSet, path::Path, process::Command};

use otomo::{kernel::identity::Role, protocol::close_code::CloseCode};
use reqwest::Method;
use serde_json::json;

use crate::{
    api::{Api, WITH_KEY, send},
    support::TestServer,
};

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/monitoring");
    std::fs::read_to_string(folder.join(name)).expect("a file")
}

/// The metrics that a text names, without what Prometheus adds to the name of a series.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| word.starts_with("otomo_"))
        .map(|word| {
            let added = ["_bucket", "_count", "_sum", "_total"].into_iter();
            let mut bare = added.filter_map(|added| word.strip_suffix(added));
            bare.next().unwrap_or(word).to_owned()
        })
        .collect()
}

/// The page of a server on which everything has happened once that has a series only then.
async fn page_after_a_while() -> String {
    let server = TestServer::start_with(&[WITH_KEY, ("limits.connections", "2")]).await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let refused = server.connecting("mika", Role::User).try_open().await;
    assert!(refused.is_err(), "there is no room");
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.reject(call).await;
    let grant = Api::backend(&server)
        .request(Method::POST, "/api/server/points/taro/grant")
        .header("Idempotency-Key", "once")
        .json(&json!({"amount": 1, "transaction_type": "grant"}));
    send(grant).await.ok();
    taro.log_out().await;
    let ended = "otomo_closes_total{code=\"client\"} 1";
    server.metric(ended).await;
    Api::stranger(&server).get("/metrics").await.text
}

#[tokio::test]
async fn dashboard_and_alerts_ask_for_metrics_that_there_are() {
    let page = page_after_a_while().await;
    let known = metrics_in(&page);
    for name in [
        "otomo-dashboard.json",
        "otomo-alerts.yml",
        "otomo-alerts.test.yml",
    ] {
        let asked = metrics_in(&file(name));
        assert!(!asked.is_empty(), "{name}");
        let unknown: Vec<_> = asked.difference(&known).collect();
        assert!(unknown.is_empty(), "{name} asks for {unknown:?}");
    }
}

#[test]
fn close_codes_that_alerts_look_for_are_closed_with() {
    let rules = file("otomo-alerts.yml");
    let codes = rules.split("code=\"").skip(1);
    for code in codes.map(|rest| rest.split('"').next().expect("a value")) {
        let known = CloseCode::ALL.iter().any(|it| it.as_str() == code);
        assert!(known, "{code}");
    }
}

#[test]
fn every_alert_is_tested_and_says_what_to_do() {
    let (rules, tests) = (file("otomo-alerts.yml"), file("otomo-alerts.test.yml"));
    let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    assert!(alerts.len() > 10);
    for alert in alerts {
        let name = alert.lines().next().expect("a name");
        for what in ["summary: ", "description: ", "runbook: ", "severity: "] {
            assert!(alert.contains(what), "{name} has no {what}");
        }
        for what in ["fires", "is quiet"] {
            assert!(
                tests.contains(&format!("- name: {name} {what}\n")),
                "{name} {what}"
            );
        }
    }
}

#[test]
fn commands_that_runbooks_name_are_there() {
    let rules = file("otomo-alerts.yml");
    let named = rules.split("`otomo ").skip(1);
    let named: BTreeSet<&str> = named
        .filter_map(|rest| rest.split(['`', ' ']).next())
        .collect();
    assert!(!named.is_empty());
    for command in named {
        let help = Command::new(env!("CARGO_BIN_EXE_otomo"))
            .args([command, "--help"])
            .output()
            .expect("the binary");
        assert!(help.status.success(), "otomo {command}: {help:?}");
    }
}

#[test]
fn every_panel_says_what_it_shows() {
    let dashboard: serde_json::Value =
        serde_json::from_str(&file("otomo-dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let panels = panels.filter(|panel| panel["type"] != "row");
    let mut count = 0;
    for panel in panels {
        let targets = panel["targets"].as_array().expect("queries");
        assert!(!targets.is_empty(), "{}", panel["title"]);
        assert!(
            panel["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        count += 1;
    }
    assert!(count > 20, "{count}");
}
