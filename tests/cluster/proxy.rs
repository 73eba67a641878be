//! nginx from Debian's package with `config/nginx.conf` in front of three nodes: each way to connect, through it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use otomo::kernel::identity::Role;
use reqwest::Client as Http;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    calls::talk,
    harness::Cluster,
    support::{Certificate, Endpoint, Json, eventually, field},
};

/// What an nginx needs around the file of a site, to run without any rights.
const AROUND: &str = "daemon off; master_process off; pid FOLDER/pid; error_log stderr; events {}
http {
    client_body_temp_path FOLDER; proxy_temp_path FOLDER; fastcgi_temp_path FOLDER; scgi_temp_path FOLDER;
    uwsgi_temp_path FOLDER; access_log off;
    include FOLDER/site.conf;
}";

/// A running nginx. Dropped, it ends.
struct Nginx {
    endpoint: Endpoint,
    process: Child,
    _folder: TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn nginx() -> PathBuf {
    // Not on everybody's PATH.
    let debian = Path::new("/usr/sbin/nginx");
    match debian.exists() {
        true => debian.to_owned(),
        false => "nginx".into(),
    }
}

/// The example, with the addresses of these nodes in place of its own, in a folder with what is around it.
fn configure(site: &str, nodes: &[SocketAddr]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut site = site.to_owned();
    for (node, own) in nodes
        .iter()
        .zip(["10.0.0.11:8080", "10.0.0.12:8080", "10.0.0.13:8080"])
    {
        assert!(site.contains(own));
        site = site.replace(own, &node.to_string());
    }
    let path = folder.path().to_str().unwrap();
    fs::write(folder.path().join("site.conf"), site).unwrap();
    let around = AROUND.replace("FOLDER", path);
    fs::write(folder.path().join("nginx.conf"), around).unwrap();
    folder
}

fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/nginx.conf");
    fs::read_to_string(path).unwrap()
}

fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

impl Nginx {
    /// Starts one in front of the nodes of a cluster, that speaks plain HTTP.
    async fn start(cluster: &Cluster, change: impl Fn(String) -> String) -> Self {
        let address: SocketAddr = ([127, 0, 0, 1], free_port()).into();
        let plain = |line: &&str| {
            let line = line.trim();
            !line.starts_with("ssl_") && !line.starts_with("listen [::]")
        };
        let site: Vec<String> = example()
            .lines()
            .filter(plain)
            .map(|line| line.replace("listen 443 ssl http2;", &format!("listen {address};")))
            .collect();
        let nodes: Vec<SocketAddr> = cluster.nodes().iter().map(|node| node.address()).collect();
        let folder = configure(&change(site.join("\n")), &nodes);
        let process = Command::new(nginx())
            .arg("-c")
            .arg(folder.path().join("nginx.conf"))
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx is installed: apt-get install nginx-light");
        let nginx = Self {
            endpoint: Endpoint::new(address),
            process,
            _folder: folder,
        };
        eventually("nginx serves", async || {
            Http::new().get(nginx.url("/")).send().await.is_ok()
        })
        .await;
        nginx
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.endpoint.address())
    }
}

#[test]
fn nginx_understands_the_example_as_it_is() {
    let certificate = Certificate::new();
    let [(_, cert), (_, key)] = certificate.settings();
    let site = example()
        .replace("/etc/ssl/live.example.com/fullchain.pem", cert)
        .replace("/etc/ssl/live.example.com/privkey.pem", key);
    let folder = configure(&site, &[]);
    let tested = Command::new(nginx())
        .arg("-t")
        .arg("-c")
        .arg(folder.path().join("nginx.conf"))
        .output()
        .expect("nginx is installed: apt-get install nginx-light");
    let said = String::from_utf8_lossy(&tested.stderr);
    assert!(tested.status.success(), "{said}");
    assert!(!said.contains("[warn]"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_call_and_write_through_nginx_over_websockets_and_event_streams() {
    let cluster = Cluster::start(3).await;
    let nginx = Nginx::start(&cluster, |site| site).await;
    let door = &nginx.endpoint;
    let mut nodes = std::collections::BTreeSet::new();
    let mut watchers = Vec::new();
    for number in 0..6 {
        let mut watcher = door
            .connecting(&format!("watcher-{number}"), Role::User)
            .open()
            .await;
        nodes.insert(field(&watcher.expect("connected").await, "node").to_owned());
        watcher.expect("ready").await;
        watchers.push(watcher);
    }
    assert_eq!(nodes.len(), 3, "all nodes are in use: {nodes:?}");
    let mut hana = door.otomo("hana").await;
    let mut taro = door.user("taro").await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    talk(&mut taro, &mut hana, call).await;
    // An event is there when it comes, not when a buffer is full.
    for path in ["/sse", "/api/chat/sse"] {
        let mut stream = door.connecting("jiro", Role::User).stream(path).await;
        stream.expect("ready").await;
        assert_eq!(stream.header("x-accel-buffering"), None, "it is for nginx");
        let message = json!({
            "type": "message_send", "toUserId": "jiro", "clientMessageId": path, "body": path,
        });
        taro.ask(message).await;
        stream.until("the message", |it| it["body"] == path).await;
        stream.leave();
    }
    for watcher in &mut watchers {
        watcher.sees("hana", "busy").await;
    }
}

/// A request of a client of Engine.IO.
async fn engine(nginx: &Nginx, sid: Option<&str>, body: Option<&str>) -> (u16, String) {
    let sid = sid.map_or(String::new(), |sid| format!("&sid={sid}"));
    let url = nginx.url(&format!("/socket.io/?EIO=4&transport=polling{sid}"));
    let http = Http::new();
    let request = match body {
        None => http.get(url),
        Some(body) => http.post(url).body(body.to_owned()),
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// A new session: its id, and the node that has it.
async fn handshake(nginx: &Nginx) -> (String, String) {
    let (_, opened) = engine(nginx, None, None).await;
    let opened: Json = serde_json::from_str(&opened[1..]).unwrap();
    let sid = field(&opened, "sid").to_owned();
    let node = sid.split_once('.').unwrap().0.to_owned();
    (sid, node)
}

async fn polls_through(nginx: &Nginx) {
    let token = nginx.endpoint.token("taro", Role::User);
    // One after another and with nothing in between: requests of sessions are turns of nginx, too.
    let mut nodes = std::collections::BTreeSet::new();
    for _ in 0..6 {
        nodes.insert(handshake(nginx).await.1);
    }
    assert_eq!(nodes.len(), 3, "newcomers come to all nodes: {nodes:?}");
    for _ in 0..6 {
        let (sid, _) = handshake(nginx).await;
        let sid = Some(sid.as_str());
        let connect = format!("40{}", json!({"token": token}));
        assert_eq!(
            engine(nginx, sid, Some(&connect)).await,
            (200, "ok".to_owned())
        );
        let mut heard = String::new();
        eventually("they are ready", async || {
            let (status, payload) = engine(nginx, sid, None).await;
            assert_eq!(status, 200, "{payload}");
            heard += &payload;
            heard.contains("\"ready\"")
        })
        .await;
        let ask = r#"421["heartbeat",{}]"#;
        engine(nginx, sid, Some(ask)).await;
        eventually("they are answered", async || {
            heard += &engine(nginx, sid, None).await.1;
            heard.contains("heartbeat_ack")
        })
        .await;
        engine(nginx, sid, Some("41")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_poll_through_nginx_with_and_without_a_map_of_their_nodes() {
    let cluster = Cluster::start(3).await;
    let passed_on = async || {
        let mut sum = 0;
        for node in cluster.nodes() {
            let page = crate::api::Api::stranger(node).get("/metrics").await.text;
            let line = page
                .lines()
                .find_map(|line| line.strip_prefix("otomo_forwards_total{outcome=\"answered\"} "));
            sum += line.map_or(0, |count| count.parse::<u64>().unwrap());
        }
        sum
    };
    polls_through(&Nginx::start(&cluster, |site| site).await).await;
    assert_eq!(passed_on().await, 0, "nginx knows the way");
    let unmapped = |site: String| site.replace("http://$otomo_upstream", "http://otomo");
    polls_through(&Nginx::start(&cluster, unmapped).await).await;
    assert!(passed_on().await > 0, "the nodes know it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_nodes_and_operators_is_not_for_the_outside_and_a_dead_node_is_left_out() {
    let cluster = Cluster::start(3).await;
    let nginx = Nginx::start(&cluster, |site| site).await;
    for path in ["/metrics", "/health/ready", "/cluster/socketio?sid=n1.0"] {
        let answer = Http::new().get(nginx.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    cluster.node(0).kill();
    for number in 0..6 {
        nginx.endpoint.user(&format!("person-{number}")).await;
    }
}
