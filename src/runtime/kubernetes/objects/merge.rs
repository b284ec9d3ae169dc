//! Strategic merge patch over a pod template, by Kubernetes' rules.

use serde_json::{Map, Value as Json};

/// The key under which a mapping, or an item of a list, says what becomes of what is there.
const PATCH: &str = "$patch";
/// The key under which a mapping names the only keys that stay.
const RETAIN: &str = "$retainKeys";

/// Lists of a pod template whose items are merged, and by which key. Every other list is replaced.
const MERGE_KEYS: [(&str, &str); 12] = [
    ("containers", "name"),
    ("initContainers", "name"),
    ("ephemeralContainers", "name"),
    ("volumes", "name"),
    ("env", "name"),
    ("imagePullSecrets", "name"),
    ("resourceClaims", "name"),
    ("schedulingGates", "name"),
    ("volumeMounts", "mountPath"),
    ("volumeDevices", "devicePath"),
    ("ports", "containerPort"),
    ("hostAliases", "ip"),
];
/// This list is merged as well. Kubernetes names two keys for it, of which the API server takes the
/// first.
const SPREAD: (&str, &str) = ("topologySpreadConstraints", "topologyKey");

/// Merges `patch` into `target`, the mapping that is called `name` in messages. An error is a
/// sentence about the patch; `target` may then be half merged.
pub(crate) fn merge(target: &mut Json, patch: &Json, name: &str) -> Result<(), String> {
    let Json::Object(changes) = patch else {
        return Err(format!("`{name}` is a mapping in a Pod"));
    };
    match changes.get(PATCH).map(|directive| directive.as_str().unwrap_or_default()) {
        None | Some("merge") => {}
        Some("replace") => {
            *target = Json::Object(plain(changes)?);
            return Ok(());
        }
        Some("delete") => {
            *target = Json::Object(Map::new());
            return Ok(());
        }
        Some(other) => return Err(format!("`{name}`: `$patch: {other}` is not a directive")),
    }
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Json::Object(fields) = target else { return Ok(()) };
    for (key, change) in changes {
        match change {
            _ if key == PATCH || key == RETAIN => {}
            _ if key.starts_with('$') => {
                return Err(format!("`{name}`: the directive `{key}` is not known here"));
            }
            Json::Null => {
                fields.shift_remove(key);
            }
            Json::Object(_) => merge(fields.entry(key).or_insert(Json::Null), change, key)?,
            Json::Array(items) => match merge_key(key) {
                Some(by) => merge_list(fields.entry(key).or_insert(Json::Null), items, key, by)?,
                None => drop(fields.insert(key.clone(), change.clone())),
            },
            _ => drop(fields.insert(key.clone(), change.clone())),
        }
    }
    if let Some(Json::Array(keep)) = changes.get(RETAIN) {
        fields.retain(|key, _| keep.iter().any(|kept| kept == key));
    }
    Ok(())
}

/// The key by which the items of a list are told apart; `None` for a list that is replaced as a
/// whole.
fn merge_key(list: &str) -> Option<&'static str> {
    MERGE_KEYS.iter().chain([&SPREAD]).find(|(name, _)| *name == list).map(|(_, key)| *key)
}

/// Merges the items of a list into those with the same value of the key `by`.
fn merge_list(target: &mut Json, items: &[Json], list: &str, by: &str) -> Result<(), String> {
    let directive = |item: &Json| item.get(PATCH).and_then(Json::as_str).map(str::to_owned);
    let whole = items.iter().any(|item| {
        directive(item).as_deref() == Some("replace")
            && item.as_object().is_some_and(|m| m.len() == 1)
    });
    if whole || !target.is_array() {
        *target = Json::Array(Vec::new());
    }
    let Json::Array(all) = target else { return Ok(()) };
    for item in items {
        let directive = directive(item);
        if whole && directive.is_some() {
            continue;
        }
        let id = match item.get(by) {
            None | Some(Json::Null) => {
                return Err(format!(
                    "an item of `{list}` has no `{by}`: it says which one is changed"
                ));
            }
            Some(id @ (Json::String(_) | Json::Number(_))) => id,
            // A mapping would be changed on its way, and not be found again.
            Some(id) => {
                return Err(format!("`{by}` of an item of `{list}` is a text or a number: {id}"));
            }
        };
        let place = all.iter().position(|known| known.get(by) == Some(id));
        match (directive.as_deref(), place) {
            (Some("delete"), Some(place)) => drop(all.remove(place)),
            (Some("delete"), None) => {}
            (_, Some(place)) => merge(&mut all[place], item, list)?,
            (_, None) => {
                let mut new = Json::Object(Map::new());
                merge(&mut new, item, list)?;
                all.push(new);
            }
        }
    }
    Ok(())
}

/// A mapping without its directive. Directives further below would have nothing to work on and are
/// refused.
fn plain(changes: &Map<String, Json>) -> Result<Map<String, Json>, String> {
    let mut plain = changes.clone();
    plain.shift_remove(PATCH);
    match directive_below(&Json::Object(plain.clone())) {
        Some(key) => Err(format!("`{key}` can't stand below `$patch: replace`")),
        None => Ok(plain),
    }
}

/// A directive somewhere in a value.
fn directive_below(value: &Json) -> Option<String> {
    match value {
        Json::Object(fields) => fields.iter().find_map(|(key, value)| {
            if key.starts_with('$') { Some(key.clone()) } else { directive_below(value) }
        }),
        Json::Array(items) => items.iter().find_map(directive_below),
        _ => None,
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(target: Json, patch: &Json) -> Json {
        let mut target = target;
        merge(&mut target, patch, "template").unwrap();
        target
    }

    #[test]
    fn lists_with_a_key_are_merged_and_others_replaced() {
        let target = json!({"spec": {
            "containers": [{"name": "main", "env": [{"name": "A", "value": "1"}], "args": ["x"]}],
            "tolerations": [{"key": "a"}],
        }});
        let patch = json!({"spec": {
            "containers": [
                {"name": "main", "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}],
                 "args": ["y", "z"]},
                {"name": "side", "image": "s"},
            ],
            "tolerations": [{"key": "b"}],
        }});
        assert_eq!(
            merged(target, &patch),
            json!({"spec": {
                "containers": [
                    {"name": "main", "env": [{"name": "A", "value": "3"}, {"name": "B", "value": "2"}],
                     "args": ["y", "z"]},
                    {"name": "side", "image": "s"},
                ],
                "tolerations": [{"key": "b"}],
            }})
        );
    }

    #[test]
    fn null_and_directives_delete_and_replace() {
        let target = || {
            json!({
                "a": {"x": 1, "y": 2},
                "b": 1,
                "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}],
            })
        };
        assert_eq!(merged(target(), &json!({"b": null}))["b"], Json::Null);
        assert_eq!(
            merged(target(), &json!({"a": {"$patch": "replace", "z": 3}}))["a"],
            json!({"z": 3})
        );
        assert_eq!(merged(target(), &json!({"a": {"$patch": "delete"}}))["a"], json!({}));
        assert_eq!(
            merged(target(), &json!({"volumes": [{"name": "v", "$patch": "delete"}]}))["volumes"],
            json!([{"name": "w", "emptyDir": {}}])
        );
        assert_eq!(
            merged(target(), &json!({"volumes": [{"$patch": "replace"}, {"name": "n"}]}))["volumes"],
            json!([{"name": "n"}])
        );
        let retained = json!({"volumes": [
            {"name": "v", "hostPath": {"path": "/x"}, "$retainKeys": ["name", "hostPath"]},
        ]});
        assert_eq!(
            merged(target(), &retained)["volumes"][0],
            json!({"name": "v", "hostPath": {"path": "/x"}})
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for patch in [
            json!({"volumes": [{"emptyDir": {}}]}),
            json!({"volumes": [{"name": {"a": null}}]}),
            json!({"a": {"$patch": "remove"}}),
            json!({"$setElementOrder/volumes": []}),
            json!({"a": {"$patch": "replace", "b": {"$patch": "delete"}}}),
        ] {
            assert!(merge(&mut json!({}), &patch, "template").is_err(), "{patch}");
        }
    }
}
