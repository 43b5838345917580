//! Where a Databend is, and who asks it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::{DatabendError, arrow};

/// How long a statement or a load may take by default: two million rows load in some twenty seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
const DEFAULT_PORT: u16 = 8000;
const DEFAULT_TLS_PORT: u16 = 443;

/// Where a Databend is, and who asks it: `databend://user:password@host:port/database?sslmode=disable`.
///
/// Without `sslmode=disable` the connection is encrypted (a build with the feature `tls`), and the server must prove
/// that it is the host of the URL: by an authority that browsers trust, or by one in the file `tls_ca_file=…` alone.
/// Many rows are asked for in Arrow (a build with the feature `arrow`), unless it says `query_result_format=json`.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabendOptions {
    /// `https://host:port/`
    pub(super) endpoint: Url,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) database: String,
    /// Certificates (PEM) of who may say who the server is.
    pub(super) ca_file: Option<PathBuf>,
    /// Whether many rows are asked for in Arrow.
    pub(super) is_arrow_wanted: bool,
    /// How long a statement or a load may take.
    pub(super) request_timeout: Duration,
}

impl DatabendOptions {
    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, DatabendError> {
        // Never with the URL itself, which holds a password.
        let wrong = |what: &str| DatabendError::Misconfigured(what.to_owned());
        let form = "it must be like databend://user:password@host:8000/database";
        let parsed = Url::parse(url).map_err(|_| wrong(form))?;
        let host = parsed.host_str().filter(|host| !host.is_empty() && parsed.scheme() == "databend");
        let host = host.ok_or_else(|| wrong(form))?;
        let (mut encrypted, mut ca_file, mut is_arrow_wanted) = (true, None, arrow::IS_READ);
        for (key, value) in parsed.query_pairs() {
            match (key.as_ref(), value.as_ref()) {
                ("sslmode", "disable") => encrypted = false,
                ("sslmode", "enable" | "require" | "verify-full") => encrypted = true,
                ("tls_ca_file", path) if !path.is_empty() => ca_file = Some(PathBuf::from(path)),
                ("query_result_format", "arrow") => {}
                ("query_result_format", "json") => is_arrow_wanted = false,
                (key, _) => {
                    return Err(wrong(&format!("`{key}` is no option of it, or has another value than it may")));
                }
            }
        }
        let (scheme, default_port) = if encrypted { ("https", DEFAULT_TLS_PORT) } else { ("http", DEFAULT_PORT) };
        let port = parsed.port().unwrap_or(default_port);
        let endpoint = Url::parse(&format!("{scheme}://{host}:{port}/")).map_err(|_| wrong(form))?;
        let decoded = |text: &str| percent_decoded(text).ok_or_else(|| wrong("a `%` in it stands for no character"));
        let database = decoded(parsed.path().trim_matches('/'))?;
        if database.contains(['/', '`']) {
            return Err(wrong("it must name one database"));
        }
        Ok(Self {
            endpoint,
            user: or_else(decoded(parsed.username())?, "root"),
            password: decoded(parsed.password().unwrap_or_default())?,
            database: or_else(database, "default"),
            ca_file,
            is_arrow_wanted,
            request_timeout: REQUEST_TIMEOUT,
        })
    }

    /// Likewise, in another database.
    #[must_use]
    pub fn in_database(&self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self.clone() }
    }

    /// Likewise, for somebody who waits longer, or not as long, for a statement or a load.
    #[must_use]
    pub fn with_request_timeout(self, request_timeout: Duration) -> Self {
        Self { request_timeout, ..self }
    }

    /// Returns where it is, for people: without the password.
    pub fn place(&self) -> String {
        format!("{}{}", self.endpoint, self.database)
    }

    /// Returns whether the server is reached without a network.
    pub fn is_on_this_machine(&self) -> bool {
        let host = self.endpoint.host_str().unwrap_or_default();
        host == "localhost" || host == "[::1]" || host.starts_with("127.")
    }

    /// Returns whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.endpoint.scheme() == "https"
    }
}

impl fmt::Debug for DatabendOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabendOptions").field(&self.place()).finish()
    }
}

fn or_else(text: String, default: &str) -> String {
    if text.is_empty() { default.to_owned() } else { text }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            decoded.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        decoded.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, endpoint: &str, user: &str, password: &str, database: &str) {
        let options = DatabendOptions::parse(url).unwrap();
        let found = (options.endpoint.as_str(), &*options.user, &*options.password, &*options.database);
        assert_eq!(found, (endpoint, user, password, database), "{url}");
        assert!(password.is_empty() || !format!("{options:?}").contains(password));
    }

    #[test]
    fn a_url_says_where_and_who() {
        check(
            "databend://root:@127.0.0.1:4711/default?sslmode=disable",
            "http://127.0.0.1:4711/",
            "root",
            "",
            "default",
        );
        check("databend://shoal:p%40ss%2Fw@db/shoal", "https://db/", "shoal", "p@ss/w", "shoal");
        check("databend://db?sslmode=disable", "http://db:8000/", "root", "", "default");
    }

    #[test]
    fn rows_come_in_arrow_where_this_build_reads_it_unless_the_url_says_json() {
        let is_arrow_wanted = |url| DatabendOptions::parse(url).unwrap().is_arrow_wanted;
        assert_eq!(is_arrow_wanted("databend://db/shoal"), cfg!(feature = "arrow"));
        assert_eq!(is_arrow_wanted("databend://db/shoal?query_result_format=arrow"), cfg!(feature = "arrow"));
        assert!(!is_arrow_wanted("databend://db/shoal?query_result_format=json"));
    }

    #[test]
    fn a_url_that_is_none_is_refused_without_its_password() {
        for url in [
            "",
            "databend",
            "postgres://shoal:hunter2@db/shoal",
            "databend://shoal:hunter2@db/a/b",
            "databend://shoal:hunter2%4@db/shoal",
            "databend://shoal:hunter2@db/shoal?sslmode=prefer",
            "databend:///shoal",
            "databend://shoal:hunter2@db/shoal?query_result_format=csv",
            "databend://shoal:hunter2@db/shoal?tls_ca_file=",
        ] {
            let error = DatabendOptions::parse(url).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
