//! Endpoints under one path.

use actix_web::web::{self, PayloadConfig, ServiceConfig};

use super::endpoint::Endpoint;

/// Who may come in, and with what. The check itself is a middleware of who serves the area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever can reach the server.
    Anyone,
    /// People, with a token or the app's cookie.
    People,
    /// Backends of the app, with their key or a token.
    Backends,
    /// Admins, with a token or the app's cookie.
    Admins,
    /// People whose client can send no headers: the token may be in the query.
    Streams,
}

/// A system of the product, under which operations are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
}

/// Endpoints under one path that the same people may use.
pub struct Area {
    pub(super) prefix: &'static str,
    pub(super) access: Access,
    pub(super) groups: Vec<(&'static Tag, Vec<Endpoint>)>,
}

impl Area {
    /// An area without endpoints.
    pub fn new(prefix: &'static str, access: Access) -> Self {
        Self {
            prefix,
            access,
            groups: Vec::new(),
        }
    }

    /// Adds the endpoints of a system. Of two paths that fit a request the earlier one is taken.
    #[must_use]
    pub fn with(
        mut self,
        tag: &'static Tag,
        endpoints: impl IntoIterator<Item = Endpoint>,
    ) -> Self {
        self.groups.push((tag, endpoints.into_iter().collect()));
        self
    }

    /// What every path of it begins with.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// Serves the endpoints, in a scope of the area's prefix. Those of one path are one resource, which answers other methods
    /// with 405 and those that it has.
    ///
    /// # Panics
    /// If two endpoints of one path have different limits of the body, at the start of whoever serves them.
    pub fn serve(self, routes: &mut ServiceConfig) {
        let mut paths: Vec<(&'static str, Vec<Endpoint>)> = Vec::new();
        for endpoint in self.groups.into_iter().flat_map(|(_, endpoints)| endpoints) {
            match paths.iter_mut().find(|(path, _)| *path == endpoint.path) {
                Some((_, endpoints)) => endpoints.push(endpoint),
                None => paths.push((endpoint.path, vec![endpoint])),
            }
        }
        for (path, endpoints) in paths {
            let mut resource = web::resource(path);
            if let Some(bytes) = body_max(path, &endpoints) {
                resource = resource.app_data(PayloadConfig::new(bytes));
            }
            let endpoints = endpoints.into_iter();
            routes.service(endpoints.fold(resource, |resource, it| resource.route(it.route)));
        }
    }
}

/// The limit of a resource, of which actix knows only one.
fn body_max(path: &str, endpoints: &[Endpoint]) -> Option<usize> {
    let mut limits = endpoints.iter().filter_map(|it| it.body_max);
    let first = limits.next();
    assert!(
        limits.all(|limit| Some(limit) == first),
        "bodies for {path} have two limits"
    );
    first
}
