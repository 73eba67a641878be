//! Development mode, which lends identities. A process of its own: its secret belongs to the working directory.

use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::port_in;

struct Development {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Development {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port_file = folder.path().join("port");
        let process = Command::new(env!("CARGO_BIN_EXE_otomo"))
            .current_dir(folder.path())
            .env_clear()
            .args(["serve", "--listen", "127.0.0.1:0", "--port-file"])
            .arg(&port_file)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port = port_in(&port_file).await;
        Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            _folder: folder,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Development {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_page_borrows_an_identity_and_is_known_by_it() {
    let server = Development::start().await;
    let http = Client::new();
    let people = http.get(server.url("/dev/people")).send().await.unwrap();
    let people: Vec<Value> = people.json().await.unwrap();
    for role in ["user", "otomo"] {
        let somebody = people.iter().find(|person| person["role"] == role).unwrap();
        let lent = http
            .post(server.url("/dev/token"))
            .json(somebody)
            .send()
            .await
            .unwrap();
        let lent: Value = lent.json().await.unwrap();
        let token = lent["token"].as_str().unwrap();
        let me = http
            .get(server.url("/api/me"))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        let me: Value = me.json().await.unwrap();
        for field in ["userId", "role", "name"] {
            assert_eq!(me[field], somebody[field]);
        }
    }
    let unfit = json!({"userId": "not an id", "role": "user", "name": "x"});
    let refused = http
        .post(server.url("/dev/token"))
        .json(&unfit)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
}

/// DNS rebinding: a page's own name leads to us, so its browser lets it ask, and says whom it asks.
#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_this_machine() {
    let server = Development::start().await;
    let http = Client::new();
    let port = server.address.port();
    let foreign = format!("evil.example:{port}");
    let taro = json!({"userId": "taro", "role": "admin", "name": "x"});
    let asked = |host: String| {
        let from = |request: reqwest::RequestBuilder| {
            request
                .header("origin", format!("http://{host}"))
                .header("host", host.clone())
        };
        [
            from(http.get(server.url("/dev/people"))),
            from(http.post(server.url("/dev/token")).json(&taro)),
            from(http.get(server.url("/ws")))
                .header("connection", "upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
    };
    for request in asked(foreign) {
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), 403, "{}", refused.url());
        let error: Value = refused.json().await.unwrap();
        assert_eq!(error["error"]["code"], "FORBIDDEN");
    }
    for own in ["localhost", "127.0.0.1", "[::1]"] {
        for request in asked(format!("{own}:{port}")) {
            let answer = request.send().await.unwrap();
            assert!(
                [200, 101].contains(&answer.status().as_u16()),
                "{own}: {answer:?}"
            );
        }
    }
}
