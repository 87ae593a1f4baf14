//! Names of columns that flags give in another order than a model has them.

/// Returns the place of each of a model's `own` names among those `given`, where these are the same names.
pub(crate) fn places(given: &[String], own: &[String]) -> Option<Vec<usize>> {
    let place = |name: &String| given.iter().position(|other| other == name);
    let places: Vec<usize> = own.iter().map(place).collect::<Option<_>>()?;
    let is_same = given.len() == own.len() && given.iter().all(|name| own.contains(name));
    is_same.then_some(places)
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn only_the_same_names_have_places() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let own = names(&["text", "image"]);
        assert_eq!(places(&names(&["image", "text"]), &own), Some(vec![1, 0]));
        for other in [&["image"][..], &["image", "words"], &["image", "image"], &["text", "image", "image"]] {
            assert_eq!(places(&names(other), &own), None, "{other:?}");
        }
    }
}
