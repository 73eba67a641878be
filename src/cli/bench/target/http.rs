//! HTTP requests to the server under test, beside the load: one connection each, or many on one.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write},
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
    let answer = exchange(open(endpoint)?, &request).map_err(BenchFault::Broken)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 2") {
        return Ok(body.to_owned());
    }
    Err(BenchFault::NotTaken(format!("{status}: {body}")))
}

/// A connection, encrypted or not.
trait Channel: Read + Write + Send {}

impl<T: Read + Write + Send> Channel for T {}

fn open(endpoint: &Endpoint) -> Result<Box<dyn Channel>, BenchFault> {
    let stream = TcpStream::connect(endpoint.address).map_err(|cause| BenchFault::Connect {
        address: endpoint.address,
        cause,
    })?;
    let set = stream.set_read_timeout(Some(PATIENCE));
    set.and_then(|()| stream.set_nodelay(true))
        .map_err(BenchFault::Broken)?;
    Ok(match &endpoint.tls {
        Some((config, name)) => {
            let tls = ClientConnection::new(Arc::clone(config), name.clone())?;
            Box::new(StreamOwned::new(tls, stream))
        }
        None => Box::new(stream),
    })
}

/// One connection for many requests, as backends keep it.
pub(crate) struct Session {
    stream: BufReader<Box<dyn Channel>>,
    host: String,
    token: String,
}

impl Session {
    pub(crate) fn open(endpoint: &Endpoint, token: String) -> Result<Self, BenchFault> {
        Ok(Self {
            stream: BufReader::new(open(endpoint)?),
            host: endpoint.host.clone(),
            token,
        })
    }

    /// Posts a JSON body and waits until the server has taken it.
    pub(crate) fn post(&mut self, path: &str, json: &str) -> Result<(), BenchFault> {
        let Self { host, token, .. } = self;
        let length = json.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
        );
        let answer = self.exchange(&request).map_err(BenchFault::Broken)?;
        match answer.starts_with("HTTP/1.1 2") {
            true => Ok(()),
            false => Err(BenchFault::NotTaken(answer)),
        }
    }

    fn exchange(&mut self, request: &str) -> io::Result<String> {
        let stream = self.stream.get_mut();
        stream.write_all(request.as_bytes())?;
        stream.flush()?;
        let (mut answer, mut length) = (String::new(), 0);
        loop {
            let line = answer.len();
            if self.stream.read_line(&mut answer)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = answer.get(line..).unwrap_or_default().trim_end();
            if line.is_empty() {
                break;
            }
            let header = line.split_once(':');
            if let Some((_, value)) =
                header.filter(|it| it.0.eq_ignore_ascii_case("content-length"))
            {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        answer.push_str(&String::from_utf8_lossy(&body));
        Ok(answer)
    }
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
