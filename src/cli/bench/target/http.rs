//! HTTP requests to the server under test, beside the load: one connection each.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConnection, StreamOwned};

use super::Endpoint;
use crate::cli::bench::fault::BenchFault;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The body at a path.
pub(crate) fn get(endpoint: &Endpoint, path: &str) -> Result<String, BenchFault> {
    ask(endpoint, &format!("GET {path} HTTP/1.1\r\n"), "")
}

/// The answer to a JSON body.
pub(crate) fn post(
    endpoint: &Endpoint,
    path: &str,
    token: &str,
    json: &str,
) -> Result<String, BenchFault> {
    send(endpoint, "POST", path, token, json)
}

/// The answer to a JSON body that comes with this method.
pub(crate) fn send(
    endpoint: &Endpoint,
    method: &str,
    path: &str,
    token: &str,
    json: &str,
) -> Result<String, BenchFault> {
    let length = json.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n"
    );
    ask(endpoint, &head, json)
}

fn ask(endpoint: &Endpoint, head: &str, body: &str) -> Result<String, BenchFault> {
    let host = &endpoint.host;
    let request = format!("{head}Host: {host}\r\nConnection: close\r\n\r\n{body}");
    let stream = TcpStream::connect(endpoint.address).map_err(|cause| BenchFault::Connect {
        address: endpoint.address,
        cause,
    })?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .map_err(BenchFault::Broken)?;
    let answer = match &endpoint.tls {
        Some((config, name)) => {
            let tls = ClientConnection::new(Arc::clone(config), name.clone())?;
            exchange(StreamOwned::new(tls, stream), &request)
        }
        None => exchange(stream, &request),
    };
    let answer = answer.map_err(BenchFault::Broken)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 2") {
        return Ok(body.to_owned());
    }
    Err(BenchFault::Refused(format!("{status}: {body}")))
}

fn exchange(mut stream: impl Read + Write, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        // Over TLS: the connection is closed without a goodbye, after all that was due.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !answer.is_empty() => {}
        read => {
            read?;
        }
    }
    Ok(answer)
}
