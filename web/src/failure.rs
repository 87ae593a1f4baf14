//! Errors of the library as objects of JavaScript.

use js_sys::{Object, Reflect};
use semid::{Error, ErrorKind};
use wasm_bindgen::prelude::*;

/// Makes the object for an error: its kind, the words, and the name of the file that it is about.
pub(crate) fn value(error: &Error) -> JsValue {
    let object = Object::new();
    let set = |name: &str, value: &str| drop(Reflect::set(&object, &name.into(), &value.into()));
    set("kind", &name_of(error.kind()));
    set("message", &error.to_string());
    if let Some(path) = error.path() {
        set("path", &path.to_string_lossy());
    }
    object.into()
}

/// The name of the variant, which its `Debug` form begins with.
fn name_of(kind: &ErrorKind) -> String {
    format!("{kind:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The error of an argument, in the form of the library's own.
pub(crate) fn parameter(name: &'static str, value: impl ToString, expected: impl Into<String>) -> Error {
    ErrorKind::Parameter { name, value: value.to_string(), expected: expected.into() }.into()
}
