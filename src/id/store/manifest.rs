//! The settings that a registry stores about itself.

use crate::MAX_LEVELS;
use crate::error::{Error, ErrorKind, Result};
use crate::id::format::IdFormat;
use crate::id::resolver::Resolver;
use crate::id::template::TokenTemplate;
use crate::id::text::{IdText, SuffixForm};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// Format version of the contents of a store, for every kind of store; registries whose tokens have a template of their
/// own are of version 2, all others of version 1.
const FORMAT_VERSION: u32 = 2;

/// The settings of a registry, which never change: published IDs depend on them.
///
/// Stores keep the manifest as text, under the names of [`Manifest::to_map`].
///
/// ```
/// use semid::registry::{Manifest, Resolver};
/// use semid::IdFormat;
///
/// let manifest = Manifest::new("fingerprint of the model", 3, Resolver::default(), IdFormat::plain("-"))?;
/// let map = manifest.to_map();
/// assert_eq!(map.get("resolver").map(String::as_str), Some("suffix"));
/// assert_eq!(Manifest::from_map(&map)?, manifest);
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Manifest {
    fingerprint: String,
    /// The fingerprints of the models before, oldest first.
    former: Vec<String>,
    levels: usize,
    resolver: Resolver,
    text: IdText,
}

impl Manifest {
    /// Makes the manifest of a registry for the IDs of the model with this fingerprint.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for 0 levels or more than 256, and for a resolver and format with which two IDs could
    /// have the same text; see [`IdText::new`].
    pub fn new(fingerprint: &str, levels: usize, resolver: Resolver, format: IdFormat) -> Result<Self> {
        if levels == 0 || levels > MAX_LEVELS {
            return Err(Error::parameter("levels", levels, format!("must be 1 to {MAX_LEVELS}")));
        }
        let text = IdText::new(format, SuffixForm::from(resolver))?;
        Ok(Self { fingerprint: fingerprint.to_owned(), former: Vec::new(), levels, resolver, text })
    }

    /// Returns the fingerprint of the model that gives the codes.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Returns the fingerprints of the models that the registry had before this one, oldest first; see
    /// [`SemanticIdEngine::adopt_model`](crate::SemanticIdEngine::adopt_model).
    pub fn former_fingerprints(&self) -> &[String] {
        &self.former
    }

    /// Returns the manifest with the fingerprint of another model, which remembers the present one.
    pub(in crate::id) fn adopting(mut self, fingerprint: &str) -> Self {
        let before = std::mem::replace(&mut self.fingerprint, fingerprint.to_owned());
        self.former.push(before);
        self
    }

    /// Returns the number of levels of every ID.
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// Returns how items whose codes are taken get an ID.
    pub fn resolver(&self) -> Resolver {
        self.resolver
    }

    /// Returns the text form of the IDs.
    pub fn text(&self) -> &IdText {
        &self.text
    }

    /// Returns the manifest as names and values.
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let template = self.text.format().template().filter(|template| **template != TokenTemplate::default());
        let version = if template.is_some() { FORMAT_VERSION } else { 1 };
        let mut map = vec![
            ("format_version", version.to_string()),
            ("fingerprint", self.fingerprint.clone()),
            ("levels", self.levels.to_string()),
            ("resolver", self.resolver.name().to_owned()),
        ];
        map.extend((!self.former.is_empty()).then(|| ("former_fingerprints", self.former.join(","))));
        map.extend(self.resolver.capacity().map(|capacity| ("capacity", capacity.to_string())));
        match (self.text.format().separator(), template) {
            (Some(separator), _) => map.extend([("text", "plain".into()), ("separator", separator.to_owned())]),
            (None, None) => map.push(("text", "token".into())),
            (None, Some(template)) => {
                map.extend([("text", "template".into()), ("template", template.to_string())]);
                map.extend([("base", template.first_code().to_string())]);
                let marks = ["begin", "end"].into_iter().zip(template.marks());
                map.extend(marks.filter_map(|(name, mark)| Some((name, mark?.to_owned()))));
            }
        }
        map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Reads what [`Manifest::to_map`] returned; it ignores names that it does not know, which later versions may add.
    ///
    /// # Errors
    /// [`ErrorKind::NewerRegistry`]; [`ErrorKind::DamagedRegistry`] for a value that is missing or not valid.
    pub fn from_map(map: &BTreeMap<String, String>) -> Result<Self> {
        let supported = FORMAT_VERSION;
        match number(map, "format_version")? {
            0 => return Err(Error::damaged_registry("its manifest has format version 0")),
            found if found > supported => {
                return Err(ErrorKind::NewerRegistry { found: found.to_string(), supported }.into());
            }
            _ => {}
        }
        let capacity = match map.contains_key("capacity") {
            true => NonZeroU32::new(number(map, "capacity")?),
            false => Some(NonZeroU32::MIN),
        };
        let capacity = capacity.ok_or_else(|| Error::damaged_registry("its manifest has capacity 0"))?;
        let format = match value(map, "text")? {
            "plain" => IdFormat::plain(value(map, "separator")?),
            "token" => IdFormat::token(),
            "template" => IdFormat::tokens(template(map)?),
            other => return Err(Error::damaged_registry(format!("its manifest has text form `{other}`"))),
        };
        let senseless = |error: Error| Error::damaged_registry(format!("its manifest makes no sense: {error}"));
        let resolver = Resolver::from_name(value(map, "resolver")?, capacity).map_err(senseless)?;
        let levels = number(map, "levels")? as usize;
        let former = map.get("former_fingerprints").map(|names| names.split(',').map(str::to_owned).collect());
        let manifest = Self::new(value(map, "fingerprint")?, levels, resolver, format).map_err(senseless)?;
        Ok(Self { former: former.unwrap_or_default(), ..manifest })
    }

    /// Refuses to work with the settings `self` on a registry that has the manifest `found`.
    ///
    /// # Errors
    /// [`ErrorKind::OtherModel`], [`ErrorKind::OtherRegistry`].
    pub(crate) fn check(&self, found: &Self) -> Result<()> {
        let (asked, found) = (self.to_map(), found.to_map());
        let get = |map: &BTreeMap<String, String>, name: &str| map.get(name).cloned().unwrap_or_else(|| "none".into());
        for setting in
            ["fingerprint", "levels", "resolver", "capacity", "text", "separator", "template", "base", "begin", "end"]
        {
            let (expected, found) = (get(&found, setting), get(&asked, setting));
            if expected != found {
                return Err(match setting {
                    "fingerprint" => ErrorKind::OtherModel { expected, found }.into(),
                    _ => ErrorKind::OtherRegistry { setting, expected, found }.into(),
                });
            }
        }
        Ok(())
    }
}

impl PartialEq for Manifest {
    fn eq(&self, other: &Self) -> bool {
        self.to_map() == other.to_map()
    }
}

fn template(map: &BTreeMap<String, String>) -> Result<TokenTemplate> {
    let read = || {
        let mut template = TokenTemplate::new(value(map, "template")?)?.base(number(map, "base")?)?;
        if let Some(mark) = map.get("begin") {
            template = template.begin(mark)?;
        }
        match map.get("end") {
            Some(mark) => template.end(mark),
            None => Ok(template),
        }
    };
    read().map_err(|error| match error.kind() {
        ErrorKind::Parameter { .. } => Error::damaged_registry(format!("its manifest makes no sense: {error}")),
        _ => error,
    })
}

fn value<'a>(map: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str> {
    let value = map.get(name).map(String::as_str);
    value.ok_or_else(|| Error::damaged_registry(format!("its manifest has no `{name}`")))
}

fn number(map: &BTreeMap<String, String>, name: &str) -> Result<u32> {
    let text = value(map, name)?;
    text.parse().map_err(|_| Error::damaged_registry(format!("its manifest has `{name}` = `{text}`")))
}
