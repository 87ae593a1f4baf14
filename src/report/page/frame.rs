//! The frame of a page: head, style and script.

use super::section::section;
use crate::report::Report;
use crate::report::theme;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../assets/report.css");
const SCRIPT: &str = include_str!("../assets/report.js");

/// Returns the whole file.
pub(super) fn frame(title: &str, body: Markup) -> String {
    let style = format!("{}{STYLE}", theme::page_style());
    // This policy lets only this style and this script run, and lets nothing be loaded.
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(&style),
        hash(SCRIPT)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(&style)) }
            }
            body {
                a class="skip" href="#content" { "To the content" }
                header {
                    h1 { (title) }
                    button id="theme" type="button" hidden { "Dark theme" }
                }
                main id="content" { (body) }
                footer { "Made by semid " (env!("CARGO_PKG_VERSION")) "." }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Shows where the numbers come from.
pub(super) fn details(report: &Report) -> Markup {
    let seed = report.seed.to_string();
    let lines = report.details.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let lines = lines.chain([("Seed of everything sampled", seed.as_str())]);
    section(
        "details-section",
        "Where this comes from",
        "Every device makes the same page, bit for bit.",
        html! {
            dl { @for (name, value) in lines { div { dt { (name) } dd { (value) } } } }
        },
    )
}

/// Returns the hash by which a policy allows a script or style to run.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}
