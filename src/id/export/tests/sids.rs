//! Catalogues of IDs, read back as their engine does.

use super::*;

/// Reads keys with commas.
fn commas(text: &str) -> Vec<Vec<u64>> {
    let keys: BTreeMap<String, u64> = serde_json::from_str(text).unwrap();
    assert!(keys.values().all(|value| *value == 1));
    keys.keys().map(|key| key.split(',').map(|code| code.parse().unwrap()).collect()).collect()
}

/// The codes of all items, sorted.
fn codes(ids: &Ids) -> Vec<Vec<u64>> {
    let live = ids.iter().filter(|(item, ..)| item.is_some());
    let mut all: Vec<Vec<u64>> = live.map(|(_, [a, b], suffix)| vec![u64::from(*a), u64::from(*b), *suffix]).collect();
    all.sort();
    all
}

fn sids(registry: &Registry, key: SidKey) -> Result<String> {
    let folder = Folder::new();
    let path = folder.path("sids.json");
    let written = Export::new(registry).sids(&path, key);
    match written {
        Ok(_) => Ok(std::fs::read_to_string(&path).unwrap()),
        Err(error) => {
            assert!(!path.exists(), "{error}");
            Err(error)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_id_is_a_key_and_no_other(ids in any_ids(), base in 40..9000_u64) {
        let expected = codes(&ids);
        prop_assume!(!expected.is_empty());
        let registry = registry(Resolver::Suffix { always: true }, &ids);
        let mut read = commas(&sids(&registry, SidKey::Commas).unwrap());
        read.sort();
        prop_assert_eq!(&read, &expected);
        let mut with_end = commas(&sids(&registry, SidKey::CommasWithEnd).unwrap());
        with_end.sort();
        prop_assert!(with_end.iter().all(|codes| codes.len() == 4 && codes[3] == 1));
        prop_assert!(with_end.iter().map(|codes| &codes[..3]).eq(&expected));
        let text = sids(&registry, SidKey::Packed { base }).unwrap();
        let packed: BTreeMap<String, u64> = serde_json::from_str(&text).unwrap();
        let mut numbers: Vec<u64> = packed.keys().map(|key| key.parse().unwrap()).collect();
        numbers.sort_unstable();
        let unpacked = numbers.iter().map(|number| vec![number / base / base, number / base % base, number % base]);
        prop_assert!(unpacked.eq(expected));
    }
}

#[test]
fn keys_stand_in_the_order_of_the_ids() {
    let ids: Ids = vec![(Some("x".into()), [2, 1], 0), (Some("y".into()), [0, 3], 0), (None, [0, 3], 1)];
    let text = sids(&registry(Resolver::default(), &ids), SidKey::Commas).unwrap();
    assert_eq!(text, "{\"0,3\":1,\n\"2,1\":1}\n");
}

#[test]
fn ids_of_different_depths_are_refused_with_two_of_them() {
    let ids: Ids = vec![(Some("x".into()), [2, 1], 0), (Some("y".into()), [2, 1], 1)];
    let error = sids(&registry(Resolver::default(), &ids), SidKey::Commas).unwrap_err();
    let ErrorKind::MixedDepths { short, long } = error.kind() else { panic!("{error}") };
    assert_eq!((short.as_str(), long.as_str()), ("2-1", "2-1-1"));
    // The longer one may come first.
    let ids: Ids = vec![(None, [0, 1], 0), (Some("y".into()), [0, 1], 1), (Some("x".into()), [2, 1], 0)];
    let error = sids(&registry(Resolver::default(), &ids), SidKey::Commas).unwrap_err();
    let ErrorKind::MixedDepths { short, long } = error.kind() else { panic!("{error}") };
    assert_eq!((short.as_str(), long.as_str()), ("2-1", "0-1-1"));
    // Where all that is left has a suffix, or nothing has one, there is one depth.
    for ids in [ids[..2].to_vec(), vec![ids[0].clone(), ids[2].clone()]] {
        sids(&registry(Resolver::default(), &ids), SidKey::Commas).unwrap();
    }
}

#[test]
fn integers_that_would_be_read_as_other_ids_are_refused() {
    let id = |codes, suffix| vec![(Some("x".to_owned()), codes, suffix)];
    let always = Resolver::Suffix { always: true };
    let refused = |resolver, ids: &Ids, base| {
        let error = sids(&registry(resolver, ids), SidKey::Packed { base }).unwrap_err();
        let ErrorKind::Parameter { name, .. } = error.into_kind() else { panic!() };
        name
    };
    assert_eq!(refused(Resolver::default(), &id([2, 1], 0), 8192), "key", "two codes");
    assert_eq!(refused(always, &id([2, 3], 0), 3), "base", "a code that is no digit");
    assert_eq!(refused(always, &id([2, 1], 0), 1 << 22), "base", "2^66");
    assert_eq!(refused(always, &vec![], 8192), "registry");
    sids(&registry(always, &id([2, 1], 0)), SidKey::Packed { base: 1 << 21 }).unwrap(); // 2^63 is never reached
}
