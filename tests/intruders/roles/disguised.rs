//! The doors of others under another spelling: what stands in front of a part of the API stands in front of every way to write
//! its paths.

use otomo::kernel::identity::Role;

use crate::{
    api::WITH_KEY,
    support::{Endpoint, TestServer},
};

/// Paths that are, or look like, ones of backends and of admins.
const PATHS: [&str; 24] = [
    "/api/%73erver/rooms/r",
    "/api/server%2Frooms/r",
    "/api%2Fserver/rooms/r",
    "/%61pi/server/rooms/r",
    "/api//server/rooms/r",
    "//api/server/rooms/r",
    "/api/./server/rooms/r",
    "/api/x/../server/rooms/r",
    "/api/me/../server/rooms/r",
    "/api/server/rooms/r/",
    "/api/server/rooms/r;x=/api/me",
    "/API/SERVER/rooms/r",
    "/api/server/rooms/r?/api/me",
    "/api/server/rooms/r#/api/me",
    "/api/server\\rooms/r",
    "/admin/%61pi/overview",
    "/admin/api%2Foverview",
    "/admin//api/overview",
    "/admin/api/./overview",
    "/admin/api/overview/",
    "/admin/api/overview%00",
    "/admin/api/overview.json",
    "/demo/../admin/api/overview",
    "http://elsewhere.example/admin/api/overview",
];

/// What proxies and frameworks elsewhere take for who somebody is, or for what they ask.
const HEADERS: [&str; 9] = [
    "X-User-Id: root",
    "X-Forwarded-User: root",
    "X-Remote-User: root",
    "X-Role: admin",
    "X-Original-URL: /admin/api/overview",
    "X-Rewrite-URL: /admin/api/overview",
    "X-HTTP-Method-Override: POST",
    "X-Forwarded-For: 127.0.0.1",
    "Forwarded: for=127.0.0.1;proto=https",
];

/// The status of a request as it is written.
async fn status(server: &Endpoint, path: &str, headers: &str) -> u16 {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: otomo\r\n{headers}Connection: close\r\n\r\n");
    let answer = server.raw(&request).await;
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
    status.unwrap_or_else(|| panic!("{path}: {answer}"))
}

#[tokio::test]
async fn a_door_is_guarded_however_its_path_is_written() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let users = format!(
        "Authorization: Bearer {}\r\n",
        server.token("taro", Role::User)
    );
    for path in PATHS {
        for who in [users.as_str(), ""] {
            let status = status(&server, path, who).await;
            assert!([400, 401, 403, 404].contains(&status), "{path}: {status}");
        }
    }
    // Those who may come do come: the doors are there.
    let admins = format!(
        "Authorization: Bearer {}\r\n",
        server.token("root", Role::Admin)
    );
    assert_eq!(status(&server, "/admin/api/overview", &admins).await, 200);
}

#[tokio::test]
async fn nobody_is_somebody_else_for_saying_so_in_a_header() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let users = format!(
        "Authorization: Bearer {}\r\n",
        server.token("taro", Role::User)
    );
    for header in HEADERS {
        let nobody = format!("{header}\r\n");
        assert_eq!(status(&server, "/api/me", &nobody).await, 401, "{header}");
        let user = format!("{header}\r\n{users}");
        let opened = status(&server, "/admin/api/overview", &user).await;
        assert_eq!(opened, 403, "{header}");
    }
    // Of two who say who they are, neither is both.
    let token = server.token("root", Role::Admin);
    let two = format!("{users}Authorization: Bearer {token}\r\n");
    let opened = status(&server, "/admin/api/overview", &two).await;
    assert!([400, 403].contains(&opened), "{opened}");
    let joined = users.replace("\r\n", &format!(", Bearer {token}\r\n"));
    assert_eq!(status(&server, "/admin/api/overview", &joined).await, 401);
}
