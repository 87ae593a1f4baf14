//! Where a database is.

use std::ffi::OsString;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// The value of `--db`: a file, or the URL of a PostgreSQL database. As a path it is what may be shown: a URL without
/// its password.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    shown: PathBuf,
    url: Option<Url>,
}

/// A URL, which `Debug` does not show.
#[derive(Clone)]
struct Url(String);

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Url")
    }
}

impl Place {
    /// The URL of a PostgreSQL database; none for a file.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_ref().map(|url| url.0.as_str())
    }

    /// The file; none for a URL.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        self.url.is_none().then_some(&self.shown)
    }

    /// Whether there is something to open. A URL counts: only connecting tells, which changes nothing there.
    pub(crate) fn is_there(&self) -> bool {
        self.url.is_some() || self.shown.exists()
    }
}

impl From<OsString> for Place {
    fn from(given: OsString) -> Self {
        let url = given.to_str().filter(|text| is_url(text)).map(str::to_owned);
        let shown = url.as_deref().map(without_password).map_or_else(|| given.into(), PathBuf::from);
        Self { shown, url: url.map(Url) }
    }
}

impl Deref for Place {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.shown
    }
}

impl AsRef<Path> for Place {
    fn as_ref(&self) -> &Path {
        self
    }
}

fn is_url(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme))
}

/// Returns the URL without its password, which may be behind the user or among the parameters.
fn without_password(url: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (user, host) = address.rsplit_once('@').unwrap_or(("", address));
    let scheme = user.find("://").map_or(0, |at| at + 3);
    let user = match user.get(scheme..).and_then(|rest| rest.find(':')) {
        Some(colon) => user.get(..scheme + colon).unwrap_or_default(),
        None => user,
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("password=") && !pair.is_empty()).collect();
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    format!("{user}{host}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (given, shown) in [
            ("postgres://u:p:w@h:5/d?schema=s&password=pw", "postgres://u@h:5/d?schema=s"),
            ("postgresql://u:p@w@h/d?password=pw", "postgresql://u@h/d"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://h/d?host=a", "postgres://h/d?host=a"),
            ("postgres://:pw@h/d", "postgres://@h/d"),
        ] {
            let place = Place::from(OsString::from(given));
            assert_eq!((place.display().to_string().as_str(), place.url()), (shown, Some(given)));
            assert!(!format!("{place:?}").contains("pw"));
        }
        let file = Place::from(OsString::from("ids:a@b.db"));
        assert_eq!((file.display().to_string().as_str(), file.url()), ("ids:a@b.db", None));
    }
}
