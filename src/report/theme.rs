//! Colours by their purpose, in light and in dark.

use plotters::style::RGBColor;
use std::fmt::Write as _;

/// The purpose of a drawn part, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// The background.
    Card,
    /// Important words.
    Text,
    /// Less important words.
    Muted,
    /// Lines that help to read values.
    Grid,
    /// A line or an area of a series; the first eight series have different colours, and later ones repeat them with
    /// another dash.
    Series(usize),
    /// A cell of a map, from few collisions (0) to many (4).
    Heat(usize),
}

/// How many series have different colours.
pub(super) const SERIES: usize = 8;
/// How many colours cells have.
pub(super) const HEAT: usize = 5;

/// The names of colours with their values in light and in dark.
const COLOURS: [(&str, &str, &str); 19] = [
    ("paper", "#f5f6f9", "#11141a"),
    ("card", "#ffffff", "#1a1f28"),
    ("ink", "#1a1f2b", "#e8ebf1"),
    ("muted", "#566074", "#a9b3c2"),
    ("grid", "#e1e5ec", "#303947"),
    ("accent", "#0b5cad", "#78baff"),
    ("s0", "#0b62b5", "#5fb0ff"),
    ("s1", "#b4530a", "#f5a04c"),
    ("s2", "#0a7a5c", "#4ccfa2"),
    ("s3", "#9b35a0", "#d88be0"),
    ("s4", "#7a6200", "#d6c04a"),
    ("s5", "#c02b4f", "#ff8098"),
    ("s6", "#3a7085", "#86c3d8"),
    ("s7", "#5b4fc4", "#a79bff"),
    ("h0", "#e4edf7", "#233142"),
    ("h1", "#c4dcf3", "#24425f"),
    ("h2", "#f3e2a4", "#574b17"),
    ("h3", "#f6c38c", "#68431a"),
    ("h4", "#f2a59b", "#73312d"),
];

/// The dashes of the series, so that readers can tell them apart without colour.
const DASHES: [&str; 4] = ["", "8 4", "2 4", "10 4 2 4"];

impl Ink {
    fn name(self) -> String {
        match self {
            Self::Card => "card".to_owned(),
            Self::Text => "ink".to_owned(),
            Self::Muted => "muted".to_owned(),
            Self::Grid => "grid".to_owned(),
            Self::Series(i) => format!("s{}", i % SERIES),
            Self::Heat(i) => format!("h{}", i.min(HEAT - 1)),
        }
    }

    /// Returns the class of areas filled with this ink.
    pub(super) fn fill(self) -> String {
        format!("f-{}", self.name())
    }

    /// Returns the classes of lines drawn with this ink.
    pub(super) fn line(self) -> String {
        let dash = match self {
            // Neighbouring series differ in their dashes, and so do series of the same colour.
            Self::Series(i) => (i % SERIES + i / SERIES) % DASHES.len(),
            _ => 0,
        };
        if dash == 0 { format!("l-{}", self.name()) } else { format!("l-{} d-{dash}", self.name()) }
    }

    /// Returns a colour for the plotting library that stands for this ink.
    pub(super) fn colour(self) -> RGBColor {
        match self {
            Self::Card => RGBColor(0, 0, 0),
            Self::Text => RGBColor(1, 0, 0),
            Self::Muted => RGBColor(2, 0, 0),
            Self::Grid => RGBColor(3, 0, 0),
            Self::Series(i) => RGBColor(4, (i % (SERIES * DASHES.len())) as u8, 0),
            Self::Heat(i) => RGBColor(5, i.min(HEAT - 1) as u8, 0),
        }
    }

    /// Returns the ink that a colour stands for.
    pub(super) fn of_colour((kind, index, _): (u8, u8, u8)) -> Self {
        match kind {
            0 => Self::Card,
            2 => Self::Muted,
            3 => Self::Grid,
            4 => Self::Series(index.into()),
            5 => Self::Heat(index.into()),
            _ => Self::Text,
        }
    }
}

/// Returns the style of figures on a page, where the reader may choose the theme.
pub(super) fn page_style() -> String {
    let variables = |pick: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
        COLOURS.iter().fold(String::new(), |all, colour| format!("{all}--{}:{};", colour.0, pick(colour)))
    };
    let (light, dark) = (variables(|colour| colour.1), variables(|colour| colour.2));
    format!(
        ":root{{color-scheme:light;{light}}}\n\
         @media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n\
         :root[data-theme=dark]{{color-scheme:dark;{dark}}}\n{}",
        rules(|colour| format!("var(--{})", colour.0))
    )
}

/// Returns the style of a figure in its own file, without variables, which not every viewer knows.
pub(super) fn figure_style() -> String {
    let (light, dark) = (rules(|colour| colour.1.to_owned()), rules(|colour| colour.2.to_owned()));
    format!("text{{font-family:system-ui,sans-serif}}\n{light}@media (prefers-color-scheme:dark){{\n{dark}}}\n")
}

fn rules(value: impl Fn(&(&'static str, &'static str, &'static str)) -> String) -> String {
    let mut rules = String::new();
    for colour in &COLOURS {
        let (name, value) = (colour.0, value(colour));
        // Writing to a string cannot fail.
        let _ = writeln!(rules, ".l-{name}{{fill:none;stroke:{value}}} .f-{name}{{fill:{value}}}");
    }
    for (i, dash) in DASHES.iter().enumerate().skip(1) {
        let _ = writeln!(rules, ".d-{i}{{stroke-dasharray:{dash}}}");
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the relative luminance by WCAG 2.2.
    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn words_and_lines_stand_out_in_both_themes() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        for dark in [false, true] {
            let of = |name: &str| {
                let colour = COLOURS.iter().find(|colour| colour.0 == name).unwrap();
                if dark { colour.2 } else { colour.1 }
            };
            let at_least = |least: f64, front: &str, back: &str| {
                let found = contrast(of(front), of(back));
                assert!(found >= least, "{front} on {back}, dark {dark}: {found}");
            };
            for back in ["paper", "card"] {
                ["ink", "muted", "accent"].iter().for_each(|front| at_least(4.5, front, back));
                (0..SERIES).for_each(|i| at_least(3.0, &format!("s{i}"), back));
            }
            (0..HEAT).for_each(|i| at_least(4.5, "ink", &format!("h{i}")));
        }
    }

    #[test]
    fn inks_survive_the_plotting_library() {
        let series = (0..SERIES * DASHES.len()).map(Ink::Series).chain((0..HEAT).map(Ink::Heat));
        for ink in series.chain([Ink::Card, Ink::Text, Ink::Muted, Ink::Grid]) {
            let RGBColor(r, g, b) = ink.colour();
            assert_eq!(Ink::of_colour((r, g, b)), ink);
        }
    }

    #[test]
    fn no_two_lines_look_alike() {
        let inks = (0..SERIES * DASHES.len()).map(|i| {
            let RGBColor(r, g, b) = Ink::Series(i).colour();
            Ink::of_colour((r, g, b)).line()
        });
        let looks: Vec<String> = inks.collect();
        let different: std::collections::BTreeSet<&String> = looks.iter().collect();
        assert_eq!(different.len(), looks.len(), "{looks:?}");
        // Every class of a line is in the style of figures and in that of pages.
        for class in looks.iter().flat_map(|look| look.split(' ')) {
            let rule = format!(".{class}{{");
            assert!(figure_style().contains(&rule) && page_style().contains(&rule), "{class}");
        }
    }
}
