//! The parts of a document that say nothing, because they are wrong or not there.

/// One part that says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// The value at this path is wrong.
    Value(String),
    /// A mapping has a field that is not known there.
    Field {
        /// The unknown field's path.
        path: String,
        /// The field that it was probably meant to be.
        meant: Option<String>,
    },
    /// The mapping at this path lacks a field that has to be there.
    Lack {
        /// The mapping's path.
        path: String,
        /// The field's name.
        field: String,
    },
}

impl Gap {
    /// What has to go for the rest to be right.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Value(path) | Self::Field { path, .. } | Self::Lack { path, .. } => path,
        }
    }

    /// The same as the linter of a document sees it that stands at a path within this one; none if
    /// it is elsewhere.
    pub(crate) fn below(&self, base: &str) -> Option<Self> {
        let within = |path: &str| {
            let rest = path.strip_prefix(base)?;
            if rest.is_empty() { Some("") } else { rest.strip_prefix('.') }.map(str::to_owned)
        };
        Some(match self {
            Self::Value(path) => Self::Value(within(path)?),
            Self::Field { path, meant } => {
                Self::Field { path: within(path)?, meant: meant.clone() }
            }
            Self::Lack { path, field } => Self::Lack { path: within(path)?, field: field.clone() },
        })
    }

    /// Because of it, this field of the job or of a role may not be what was meant. Says so too
    /// often rather than too seldom.
    pub(crate) fn touches(&self, field: &str) -> bool {
        let meant = match self {
            Self::Value(_) => false,
            // A field of an unknown name may have been meant to be any.
            Self::Field { meant, .. } => meant.as_deref().is_none_or(|meant| meant == field),
            Self::Lack { field: lacking, .. } => lacking == field,
        };
        meant || self.path().split(['.', '[', ']']).any(|part| part == field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_touches_what_it_may_have_said() {
        let value = Gap::Value("roles.worker.volumes[0].name".into());
        assert!(value.touches("volumes") && value.touches("roles"));
        assert!(!value.touches("command"));
        let typo = |meant: Option<&str>| Gap::Field {
            path: "roles.worker.volume".into(),
            meant: meant.map(str::to_owned),
        };
        assert!(typo(Some("volumes")).touches("volumes"));
        assert!(!typo(Some("volumes")).touches("command"));
        assert!(typo(None).touches("command"));
        let lack = Gap::Lack { path: String::new(), field: "name".into() };
        assert!(lack.touches("name") && !lack.touches("roles"));
    }
}
