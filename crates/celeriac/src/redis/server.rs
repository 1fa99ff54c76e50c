//! Where a server is, as kombu and Celery write it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use url::Url;

/// A server and how to enter it. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) tls: Option<Tls>,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) db: u32,
    /// How long the server may keep silent when it was asked.
    pub(super) response: Duration,
    pub(super) connect: Duration,
    pub(super) client_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// How the server's certificate is looked at, and our own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tls {
    /// `ssl_cert_reqs=none`: any certificate will do.
    pub(super) anybody: bool,
    /// Those of the system if there is none.
    pub(super) authorities: Option<PathBuf>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

/// An address that cannot be read. Never shows the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// What the parser says.
    #[error("the address is no url")]
    Syntax(#[source] url::ParseError),
    /// Another transport: its scheme.
    #[error("the scheme {0:?} is not one of redis, rediss, redis+socket, unix")]
    Scheme(String),
    /// The path of the address is no number of a database: what stands there.
    #[error("the database {0:?} is no number")]
    Database(String),
    /// A parameter of the address has a value that it cannot have.
    #[error("{name} cannot be {value:?}")]
    Option {
        /// The parameter.
        name: &'static str,
        /// What stands there.
        value: String,
    },
    /// Certificates are named for a connection that has none.
    #[error("certificates are for rediss:// only")]
    PlainWithCertificates,
    /// `rediss://` in a program that was built without the feature `tls`.
    #[error("this build has no tls; it takes the feature \"tls\"")]
    NoTls,
}

/// How long a server may take to answer, unless `socket_timeout` says otherwise. No command here blocks, so silence
/// means that the connection is dead.
const RESPONSE: Duration = Duration::from_secs(5);
/// kombu's default of `broker_connection_timeout`.
const CONNECT: Duration = Duration::from_secs(4);

impl Server {
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        // Celery takes `redis://` alone for the local server.
        let text = if text.ends_with("://") { format!("{text}localhost") } else { text.to_owned() };
        let url = Url::parse(&text).map_err(UrlError::Syntax)?;
        let is_unix = matches!(url.scheme(), "redis+socket" | "unix" | "socket");
        if !is_unix && !matches!(url.scheme(), "redis" | "rediss") {
            return Err(UrlError::Scheme(url.scheme().to_owned()));
        }
        let mut tls = (url.scheme() == "rediss").then(Tls::default);
        if tls.is_some() && !cfg!(feature = "tls") {
            return Err(UrlError::NoTls);
        }
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let mut server = Self {
            address: if is_unix {
                // `redis+socket:///run/redis.sock`, with the host as the first part of a relative path.
                Address::Unix(
                    format!("{}{}", url.host_str().map(|h| format!("/{h}")).unwrap_or_default(), decode(url.path()))
                        .into(),
                )
            } else {
                let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
                let host = host.trim_start_matches('[').trim_end_matches(']');
                Address::Tcp(host.to_owned(), url.port().unwrap_or(6379))
            },
            tls: None,
            username: filled(decode(url.username())),
            password: url.password().map(decode).and_then(filled),
            db: 0,
            response: RESPONSE,
            connect: CONNECT,
            client_name: None,
        };
        if !is_unix {
            server.db = database(url.path())?;
        }
        for (name, value) in url.query_pairs() {
            let wrong = |name| UrlError::Option { name, value: value.clone().into_owned() };
            let seconds = |name| {
                let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                seconds.filter(|time| !time.is_zero()).ok_or_else(|| wrong(name))
            };
            match &*name {
                "virtual_host" | "db" => server.db = database(&value)?,
                "password" => server.password = filled(value.into_owned()),
                "username" => server.username = filled(value.into_owned()),
                "client_name" => server.client_name = filled(value.into_owned()),
                "socket_timeout" => server.response = seconds("socket_timeout")?,
                "socket_connect_timeout" => server.connect = seconds("socket_connect_timeout")?,
                name if name.starts_with("ssl_") => {
                    let tls = tls.as_mut().ok_or(UrlError::PlainWithCertificates)?;
                    let path = || Some(PathBuf::from(&*value));
                    match name {
                        "ssl_ca_certs" => tls.authorities = path(),
                        "ssl_certfile" => tls.certificate = path(),
                        "ssl_keyfile" => tls.key = path(),
                        "ssl_cert_reqs" => match &*value {
                            "CERT_REQUIRED" | "required" => tls.anybody = false,
                            "CERT_NONE" | "none" | "CERT_OPTIONAL" | "optional" => tls.anybody = true,
                            _ => return Err(wrong("ssl_cert_reqs")),
                        },
                        other => tracing::warn!(option = other, "an option of the address is not known"),
                    }
                }
                // Others are for redis-py.
                other => tracing::debug!(option = other, "an option of the address is not known"),
            }
        }
        server.tls = tls;
        Ok(server)
    }

    /// Under this name the server lists the connections, unless the address gives another.
    pub(super) fn named(mut self, name: Option<&str>) -> Self {
        self.client_name = self.client_name.or_else(|| name.map(str::to_owned));
        self
    }
}

fn database(text: &str) -> Result<u32, UrlError> {
    match text.trim_matches('/') {
        "" => Ok(0),
        text => text.parse().map_err(|_| UrlError::Database(text.to_owned())),
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Tcp(host, port) => {
                write!(f, "{}://{host}:{port}/{}", if self.tls.is_some() { "rediss" } else { "redis" }, self.db)
            }
            Address::Unix(path) => write!(f, "redis+socket://{}?virtual_host={}", path.display(), self.db),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_celery_writes_them() {
        #[track_caller]
        fn check(url: &str, shown: &str, username: Option<&str>, password: Option<&str>) {
            let server = Server::parse(url).unwrap();
            assert_eq!(server.to_string(), shown);
            assert_eq!((server.username.as_deref(), server.password.as_deref()), (username, password), "{url}");
        }
        check("redis://", "redis://localhost:6379/0", None, None);
        check("redis://localhost", "redis://localhost:6379/0", None, None);
        check("redis://:p%40ss@h:7000/3", "redis://h:7000/3", None, Some("p@ss"));
        check("redis://me:secret@[::1]:7000//2", "redis://::1:7000/2", Some("me"), Some("secret"));
        check("redis+socket:///run/r.sock?virtual_host=4", "redis+socket:///run/r.sock?virtual_host=4", None, None);
        check("unix:///run/r.sock?db=2&password=x", "redis+socket:///run/r.sock?virtual_host=2", None, Some("x"));
    }

    #[test]
    fn an_address_that_cannot_be_read_says_why_and_hides_the_password() {
        for (url, expected) in [
            ("amqp://h", "the scheme \"amqp\" is not one of redis, rediss, redis+socket, unix"),
            ("redis://:secret@h/x", "the database \"x\" is no number"),
            ("redis://:secret@h:99999/", "the address is no url"),
            ("redis://h?ssl_cert_reqs=none", "certificates are for rediss:// only"),
            ("redis://h?socket_timeout=-1", "socket_timeout cannot be \"-1\""),
        ] {
            assert_eq!(Server::parse(url).unwrap_err().to_string(), expected);
        }
        let server = Server::parse("redis://:secret@h").unwrap();
        assert!(!format!("{server:?} {server}").contains("secret"));
    }
}
