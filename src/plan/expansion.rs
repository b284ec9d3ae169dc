//! `$(VAR)` in commands, arguments and variables: Kubernetes's rule, for every runtime.
//!
//! A reference to a variable that is declared becomes its value, `$$` becomes `$`, and everything else
//! stays as it is written. A variable's value sees what was declared before it.
//! See `third_party/forked/golang/expansion/expand.go` in kubernetes/kubernetes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::types::RolePlan;

/// The variable that tells a worker, which is mlctl itself, what is [declared](Declared) for the program
/// that it starts, as JSON.
pub const DECLARED: &str = "MLCTL_DECLARED";

/// A variable that commands and later variables may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// The spec gives its value, in which others may be named. That of a Secret is taken as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub literal: bool,
}

impl Declared {
    /// A variable whose value is taken as it is.
    pub fn given(name: impl Into<String>) -> Self {
        Self { name: name.into(), literal: false }
    }
}

/// What a role declares, in order: `whole`, the names that come from Secrets as a whole, and then the
/// variables of the spec.
pub fn declared(role: &RolePlan, whole: impl IntoIterator<Item = String>) -> Vec<Declared> {
    let own = role.env.iter().map(|variable| Declared {
        name: variable.name.clone(),
        literal: variable.value_from.is_none(),
    });
    let names: BTreeSet<&str> = role.env.iter().map(|variable| variable.name.as_str()).collect();
    let whole = whole.into_iter().filter(|name| !names.contains(name.as_str()));
    whole.map(Declared::given).chain(own).collect()
}

/// The variables that a command may name, with their values.
#[derive(Clone, Default)]
pub struct Expansion(BTreeMap<String, String>);

impl Expansion {
    /// Replaces what the variables of an environment name, in the order of their declarations, and
    /// remembers all that are declared for the command.
    pub fn of(declared: &[Declared], environment: &mut [(String, String)]) -> Self {
        let mut known = Self::default();
        for Declared { name, literal } in declared {
            let Some((_, value)) = environment.iter_mut().find(|(other, _)| other == name) else {
                continue;
            };
            if *literal {
                *value = known.expand(value);
            }
            known.0.insert(name.clone(), value.clone());
        }
        known
    }

    /// A text with the values in the places of the variables.
    pub fn expand(&self, text: &str) -> String {
        self.expand_with(text, str::to_owned)
    }

    /// The same, where what stands between the variables is made by `between`.
    pub fn expand_with(&self, text: &str, between: impl Fn(&str) -> String) -> String {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            expanded.push_str(&between(&rest[..at]));
            let reference = &rest[at..];
            let (value, length) = match reference.as_bytes().get(1) {
                Some(b'$') => ("$", 2),
                Some(b'(') => match reference.find(')') {
                    Some(end) => {
                        let name = &reference[2..end];
                        let whole = &reference[..=end];
                        (self.0.get(name).map_or(whole, String::as_str), whole.len())
                    }
                    None => ("$(", 2),
                },
                _ => ("$", 1),
            };
            expanded.push_str(value);
            rest = &reference[length..];
        }
        expanded.push_str(&between(rest));
        expanded
    }
}

/// A text that [`Expansion::expand`] gives back as it is here.
pub fn unexpanded(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        written.push(c);
        if c == '$' && matches!(rest.peek(), Some('$' | '(')) {
            written.push('$');
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The cases of expand_test.go, less those that repeat one.
    #[test]
    fn the_rule_is_that_of_kubernetes() {
        let mut values = environment(&[("VAR_A", "A"), ("VAR_B", "B"), ("VAR_REF", "$(VAR_A)")]);
        let names = ["VAR_A", "VAR_B", "VAR_REF"].map(Declared::given);
        let known = Expansion::of(&names, &mut values);
        for (text, wanted) in [
            ("$(VAR_A)", "A"),
            ("___$(VAR_B)___", "___B___"),
            ("$(VAR_A)$(VAR_B)", "AB"),
            ("$(VAR_REF)", "$(VAR_A)"),
            ("$(VAR_DNE)", "$(VAR_DNE)"),
            ("$(VAR_B_)$(VAR_A)", "$(VAR_B_)A"),
            ("$$(VAR_A)", "$(VAR_A)"),
            ("$$$(VAR_A)", "$A"),
            ("$$$$$$(BIG_MONEY)", "$$$(BIG_MONEY)"),
            ("foo$(VAR_Awhoops!", "foo$(VAR_Awhoops!"),
            ("f00__(VAR_A)__", "f00__(VAR_A)__"),
            ("$?_boo_$!", "$?_boo_$!"),
            ("$VAR_A ${VAR_A}", "$VAR_A ${VAR_A}"),
            ("$($(VAR_A))", "$($(VAR_A))"),
            ("$", "$"),
            ("\u{1f600}$(VAR_A)\u{e9}", "\u{1f600}A\u{e9}"),
        ] {
            assert_eq!(known.expand(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_variable_sees_those_before_it() {
        let literal = |name: &str| Declared { name: name.into(), literal: true };
        let order =
            [Declared::given("KEY"), literal("A"), literal("B"), literal("C"), literal("X")];
        let mut values = environment(&[
            ("X", "$(C) $(HOME)"),
            ("HOME", "/h"),
            ("C", "$$(A)"),
            ("B", "$(A)+$(KEY)"),
            ("A", "$(B)1"),
            ("KEY", "$(A)$$"),
        ]);
        let known = Expansion::of(&order, &mut values);
        let wanted = [
            ("X", "$(A) $(HOME)"),
            ("HOME", "/h"),
            ("C", "$(A)"),
            ("B", "$(B)1+$(A)$$"),
            ("A", "$(B)1"),
            ("KEY", "$(A)$$"),
        ];
        assert_eq!(values, environment(&wanted));
        assert_eq!(known.expand("$(B) $(HOME)"), "$(B)1+$(A)$$ $(HOME)");
    }

    #[test]
    fn what_is_written_for_it_comes_back() {
        for text in ["$", "$$", "$(A)", "$$(A)", "a$b$", "$$$(", "pa$$w(rd"] {
            assert_eq!(Expansion::default().expand(&unexpanded(text)), text);
        }
    }
}
