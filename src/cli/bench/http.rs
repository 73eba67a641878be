//! HTTP requests to the server under test, beside the load: one connection each.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::{BenchFault, handshake::Endpoint};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The body at a path.
pub(super) fn get(endpoint: &Endpoint, path: &str) -> Result<String, BenchFault> {
    ask(endpoint, &format!("GET {path} HTTP/1.1\r\n"), "")
}

/// The answer to a JSON body.
pub(super) fn post(
    endpoint: &Endpoint,
    path: &str,
    token: &str,
    json: &str,
) -> Result<String, BenchFault> {
    let length = json.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n"
    );
    ask(endpoint, &head, json)
}

fn ask(endpoint: &Endpoint, head: &str, body: &str) -> Result<String, BenchFault> {
    let host = &endpoint.host;
    let request = format!("{head}Host: {host}\r\nConnection: close\r\n\r\n{body}");
    let answer = exchange(endpoint, &request).map_err(BenchFault::Broken)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 2") {
        return Ok(body.to_owned());
    }
    Err(BenchFault::Refused(format!("{status}: {body}")))
}

fn exchange(endpoint: &Endpoint, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(endpoint.address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
