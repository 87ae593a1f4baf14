//! Percent-escapes in item keys.

use std::fmt::Write;

/// Writes `%`, the characters of the separator, `<`, `>`, control characters and white space as `%XX` per byte.
pub(super) fn escape(item: &str, separator: &str) -> String {
    let mut out = String::with_capacity(item.len());
    for c in item.chars() {
        if matches!(c, '%' | '<' | '>') || c.is_control() || c.is_whitespace() || separator.contains(c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}"); // writing to a string cannot fail
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns the key without escapes; none where an escape is incomplete or the bytes are not UTF-8.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        out.push(u8::from_str_radix(digits, 16).ok()?);
        out.extend(rest.bytes());
    }
    String::from_utf8(out).ok()
}
