//! What holds for every target and every patch.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof, proptest};
use proptest::sample::select;
use proptest::{prop_assert, prop_assert_eq, prop_assume};
use serde_json::{Map, Value as Json, json};

use super::{MERGE_KEYS, SPREAD, merge, merge_key};

/// Few, so that target and patch often name the same; lists with a merge key are among them, and
/// the merge keys themselves.
const KEYS: [&str; 12] = [
    "a",
    "b",
    "spec",
    "args",
    "name",
    "containerPort",
    "topologyKey",
    "containers",
    "env",
    "ports",
    "volumes",
    "topologySpreadConstraints",
];

const DIRECTIVES: [&str; 5] =
    ["$patch", "$retainKeys", "$setElementOrder/env", "$deleteFromPrimitiveList/args", "$"];

const WORDS: [&str; 7] = ["x", "y", "z", "", "merge", "replace", "delete"];

fn scalar() -> impl Strategy<Value = Json> + Clone {
    prop_oneof![
        select(&WORDS[..]).prop_map(Json::from),
        (0..4).prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
    ]
}

/// Any value that is made of these keys; lists by a merge key hold what they may not, too.
fn value(keys: Vec<&'static str>) -> impl Strategy<Value = Json> {
    prop_oneof![4 => scalar(), 1 => Just(Json::Null)].prop_recursive(5, 40, 4, move |inner| {
        let key = select(keys.clone()).prop_map(str::to_owned);
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Json::Array), fields(key, inner)]
    })
}

fn fields(
    key: impl Strategy<Value = String>,
    value: impl Strategy<Value = Json>,
) -> impl Strategy<Value = Json> {
    vec((key, value), 0..5).prop_map(|fields| Json::Object(fields.into_iter().collect()))
}

/// A mapping of these keys with any values.
fn mapping(keys: Vec<&'static str>) -> impl Strategy<Value = Json> {
    let key = select(keys.clone()).prop_map(str::to_owned);
    fields(key, value(keys))
}

fn plain() -> Vec<&'static str> {
    KEYS.to_vec()
}

fn with_directives() -> Vec<&'static str> {
    [&KEYS[..], &DIRECTIVES[..]].concat()
}

/// A mapping as an API server takes it: each item of a list with a merge key has that.
fn sound() -> impl Strategy<Value = Json> {
    with_ids((0..4).prop_map(Json::from).boxed())
}

/// A mapping with these values of the merge keys of its lists.
fn with_ids(ids: BoxedStrategy<Json>) -> impl Strategy<Value = Json> {
    let leaf = || prop_oneof![scalar(), vec(scalar(), 0..3).prop_map(Json::Array)];
    let flat = fields(select(&["a", "b", "args"][..]).prop_map(str::to_owned), leaf());
    flat.prop_recursive(3, 30, 3, move |inner| {
        let item = (ids.clone(), inner.clone());
        let lists = ["containers", "env", "ports", "volumes", "topologySpreadConstraints"];
        let list = (select(lists.to_vec()), vec(item, 0..4)).prop_map(|(list, items)| {
            let items = items.into_iter().map(|(id, mut item)| {
                item[merge_key(list).unwrap()] = id;
                item
            });
            (list.to_owned(), items.collect())
        });
        let below = inner.prop_map(|inner| ("spec".to_owned(), inner));
        let plain = (select(&["a", "b"][..]).prop_map(str::to_owned), leaf());
        vec(prop_oneof![list, below, plain], 0..4)
            .prop_map(|fields| Json::Object(fields.into_iter().collect()))
    })
}

fn merged(target: &Json, patch: &Json) -> Result<Json, String> {
    let mut merged = target.clone();
    merge(&mut merged, patch, "template").map(|()| merged)
}

/// Without the items of the same merge key as an earlier one: the API server has none.
fn without_doubles(items: &[Json], by: &str) -> Vec<Json> {
    let mut kept: Vec<Json> = Vec::new();
    for item in items {
        if !kept.iter().any(|known| known[by] == item[by]) {
            kept.push(item.clone());
        }
    }
    kept
}

fn items() -> impl Strategy<Value = Vec<(u8, Json)>> {
    vec((0..8u8, sound()), 0..6)
}

fn list(items: Vec<(u8, Json)>, by: &str) -> Vec<Json> {
    let with_key = |(id, mut item): (u8, Json)| {
        item[by] = id.into();
        item
    };
    items.into_iter().map(with_key).collect()
}

proptest! {
    #[test]
    fn an_empty_patch_changes_nothing(target in mapping(with_directives())) {
        prop_assert_eq!(merged(&target, &json!({})).unwrap(), target);
    }

    /// Sound patches are taken, whatever they are merged into.
    #[test]
    fn a_sound_patch_is_merged_and_once_is_enough(target in mapping(plain()), patch in sound()) {
        let once = merged(&target, &patch).unwrap();
        prop_assert_eq!(merged(&once, &patch).unwrap(), once);
    }

    #[test]
    fn once_is_enough_for_any_patch_that_is_taken(
        target in mapping(plain()),
        patch in prop_oneof![mapping(plain()), with_ids(value(plain()).boxed())],
    ) {
        let once = merged(&target, &patch);
        prop_assume!(once.is_ok());
        let once = once.unwrap();
        prop_assert_eq!(merged(&once, &patch).unwrap(), once);
    }

    #[test]
    fn a_null_deletes(target in mapping(plain()), key in select(&KEYS[..])) {
        let mut without = target.clone();
        without.as_object_mut().unwrap().shift_remove(key);
        prop_assert_eq!(merged(&target, &json!({ key: null })).unwrap(), without);
    }

    /// With their values and in their order, at any depth.
    #[test]
    fn keys_that_are_not_named_stay(target in mapping(plain()), patch in sound()) {
        fn left(before: &Map<String, Json>, patch: &Map<String, Json>) -> Vec<(String, Json)> {
            let unnamed = before.iter().filter(|(key, _)| !patch.contains_key(*key));
            unnamed.map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        fn check(before: &Json, patch: &Json, after: &Json) -> bool {
            let (Some(old), Some(named)) = (before.as_object(), patch.as_object()) else {
                return true;
            };
            let Some(new) = after.as_object() else { return false };
            left(old, named) == left(&new.iter().filter(|(key, _)| old.contains_key(*key))
                .map(|(key, value)| (key.clone(), value.clone())).collect(), named)
                && named.iter().all(|(key, change)| {
                    old.get(key).is_none_or(|old| check(old, change, &after[key]))
                })
        }
        let after = merged(&target, &patch).unwrap();
        prop_assert!(check(&target, &patch, &after), "{} and {} made {}", target, patch, after);
    }

    /// What is named stays in its place, and what is new comes last.
    #[test]
    fn items_of_a_list_keep_their_order(
        (name, by) in select([&MERGE_KEYS[..], &[SPREAD]].concat()),
        before in items(),
        changes in items(),
    ) {
        let before = without_doubles(&list(before, by), by);
        let changes = list(changes, by);
        let after = merged(&json!({ name: before }), &json!({ name: changes })).unwrap();
        let after = after[name].as_array().unwrap();
        let ids = |items: &[Json]| items.iter().map(|item| item[by].clone()).collect::<Vec<_>>();
        let together = without_doubles(&[&before[..], &changes[..]].concat(), by);
        prop_assert_eq!(ids(after), ids(&together));
        let named = ids(&changes);
        for (old, new) in before.iter().zip(after) {
            prop_assert!(named.contains(&old[by]) || old == new, "{} became {}", old, new);
        }
    }

    /// Directives and all: it is taken or refused.
    #[test]
    fn nothing_makes_it_panic(
        target in value(with_directives()),
        patch in value(with_directives()),
        name in select(&KEYS[..]),
    ) {
        let mut merged = target;
        if let Err(why) = merge(&mut merged, &patch, name) {
            prop_assert!(!why.is_empty());
        }
    }
}
