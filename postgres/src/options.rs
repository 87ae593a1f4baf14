//! Options for connecting to a server.

use crate::error::{store, typed};
use postgres::config::SslMode;
use postgres::tls::{MakeTlsConnect, TlsConnect};
use postgres::{Client, Config, NoTls, Socket};
use semid::{Error, ErrorKind, Result};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// How long a writer waits for other writers by default.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long connecting may take, where the URL does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of a name in PostgreSQL.
const MOST_OF_NAME: usize = 63;

type Connect = dyn Fn(&Config) -> Result<Client, postgres::Error> + Send + Sync;
type Watch = dyn Fn() -> ControlFlow<()> + Send + Sync;

/// Sets how a store connects: where to, in which schema its tables are, how long it waits for other writers, and by
/// which library connections are encrypted.
///
/// ```
/// use semid_postgres::PostgresOptions;
/// use std::time::Duration;
///
/// let options = PostgresOptions::new("postgres://shop@db.example/catalogue?schema=goods")?;
/// let options = options.busy_timeout(Duration::from_secs(5)).password("as in .pgpass");
/// assert!(PostgresOptions::new("postgres://db.example/catalogue?schema=a'b").is_err());
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    config: Config,
    schema: String,
    pub(crate) busy_timeout: Duration,
    connect: Arc<Connect>,
    watch: Option<Arc<Watch>>,
}

impl PostgresOptions {
    /// Reads a URL, `postgres://user@host:port/database`, or a list, `host=db.example user=shop`.
    ///
    /// A URL may also name the schema: `?schema=goods`. Connections are not encrypted unless [`PostgresOptions::tls`]
    /// says how.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`].
    pub fn new(url: &str) -> Result<Self> {
        let (url, schema) = without_schema(url);
        let mut config: Config = url.parse().map_err(|error: postgres::Error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            // Not the URL itself, which may have a password.
            parameter("url", "of PostgreSQL", format!("give another: {}", cause.unwrap_or_else(|| error.to_string())))
        })?;
        if config.get_application_name().is_none() {
            config.application_name("semid");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        let schema_of = Self {
            config,
            schema: String::new(),
            busy_timeout: BUSY_TIMEOUT,
            connect: Arc::new(|config: &Config| config.connect(NoTls)),
            watch: None,
        };
        schema_of.schema(schema.as_deref().unwrap_or("semid"))
    }

    /// Sets the schema of the tables; several registries can live side by side in several schemas.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a name that has other characters than ASCII letters, digits and `_`, or more than
    /// 63 of them, or that begins with `pg_`.
    pub fn schema(mut self, name: &str) -> Result<Self> {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain || name.is_empty() || name.len() > MOST_OF_NAME || name.starts_with("pg_") {
            let expected = format!("must be 1 to {MOST_OF_NAME} ASCII letters, digits and _, not beginning with pg_");
            return Err(parameter("schema", name, expected));
        }
        name.clone_into(&mut self.schema);
        Ok(self)
    }

    /// Sets the password, where the URL has none.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        if self.config.get_password().is_none() {
            self.config.password(password);
        }
        self
    }

    /// Sets how long a writer waits for other writers.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Calls `watch` a few times a second while a writer waits for other writers; if it returns [`ControlFlow::Break`],
    /// the call ends with [`ErrorKind::Cancelled`].
    #[must_use]
    pub fn watch(mut self, watch: impl Fn() -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }

    /// Encrypts connections by a library of your choice, such as `postgres-native-tls` or `tokio-postgres-rustls`.
    #[must_use]
    pub fn tls<T>(mut self, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        self.connect = Arc::new(move |config| config.connect(tls.clone()));
        self
    }

    /// Returns a new connection.
    pub(crate) fn client(&self) -> Result<Client> {
        (self.connect)(&self.config).map_err(|error| {
            let said = typed(&error);
            match (error.as_db_error(), self.config.get_ssl_mode()) {
                (None, SslMode::Require) => {
                    store(format!("{error}: the URL asks for an encrypted connection; the store needs a TLS library"))
                }
                _ => said,
            }
        })
    }

    /// Returns a statement with the schema in the place of `@`.
    pub(crate) fn in_schema(&self, sql: &str) -> String {
        sql.replace('@', &format!("\"{}\".", self.schema))
    }

    /// Returns the name of the schema.
    pub(crate) fn schema_name(&self) -> &str {
        &self.schema
    }

    pub(crate) fn stopped(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch().is_break())
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PostgresOptions");
        shown.field("hosts", &self.config.get_hosts()).field("database", &self.config.get_dbname());
        shown.field("schema", &self.schema).field("busy_timeout", &self.busy_timeout).finish_non_exhaustive()
    }
}

/// Takes `schema=NAME` out of the query of a URL.
fn without_schema(url: &str) -> (String, Option<String>) {
    let Some((place, query)) = url.split_once('?').filter(|_| url.contains("://")) else {
        return (url.to_owned(), None);
    };
    let (mut kept, mut schema) = (Vec::new(), None);
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("schema", name)) => schema = Some(name.to_owned()),
            _ => kept.push(pair),
        }
    }
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    (format!("{place}{query}"), schema)
}

fn parameter(name: &'static str, value: &str, expected: impl Into<String>) -> Error {
    ErrorKind::Parameter { name, value: value.to_owned(), expected: expected.into() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_name_the_schema_and_never_shows_its_password() {
        let options = PostgresOptions::new("postgres://a:secret@h:5433/d?schema=goods&application_name=x").unwrap();
        assert_eq!((options.schema_name(), options.config.get_dbname()), ("goods", Some("d")));
        assert_eq!(options.config.get_application_name(), Some("x"));
        assert!(!format!("{options:?}").contains("secret"));
        assert_eq!(PostgresOptions::new("host=h user=a").unwrap().schema_name(), "semid");
        let long = "s".repeat(64);
        for name in ["", "a b", "a\"b", "pg_catalog", "\u{e9}", &long] {
            let error = PostgresOptions::new("postgres://h/d").unwrap().schema(name).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Parameter { name: "schema", .. }), "{error}");
        }
        let error = PostgresOptions::new("postgres://a:secret@h:port/d").unwrap_err().to_string();
        assert!(!error.contains("secret") && error.contains("port"), "{error}");
    }

    #[test]
    fn a_password_of_the_url_comes_first() {
        let given =
            |url: &str| PostgresOptions::new(url).unwrap().password("b").config.get_password().unwrap().to_vec();
        assert_eq!((given("postgres://u:a@h/d"), given("postgres://u@h/d")), (b"a".to_vec(), b"b".to_vec()));
    }
}
