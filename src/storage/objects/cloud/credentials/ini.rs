//! The files of the AWS tools: sections of `name = value`, in which a value may be lines of its own.

use std::collections::BTreeMap;

/// Sections by name, as it is written between the brackets. A nested value is named `outer.inner`.
#[derive(Debug, Default)]
pub(super) struct Ini(BTreeMap<String, BTreeMap<String, String>>);

impl Ini {
    /// Reads a file; lines that are nothing are passed by, as the tools do.
    pub(super) fn parse(text: &str) -> Self {
        let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let (mut section, mut outer) = (None::<String>, None::<String>);
        for line in text.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
                sections.entry(name.clone()).or_default();
                (section, outer) = (Some(name), None);
                continue;
            }
            let Some((name, value)) = trimmed.split_once('=') else { continue };
            let (name, value) = (name.trim().to_lowercase(), value.trim());
            let value = value.split(" #").next().unwrap_or_default().trim();
            let Some(values) = section.as_ref().and_then(|name| sections.get_mut(name)) else {
                continue;
            };
            let is_nested = line.starts_with([' ', '\t']);
            match &outer {
                Some(outer) if is_nested => {
                    values.insert(format!("{outer}.{name}"), value.to_owned());
                }
                _ => {
                    outer = value.is_empty().then(|| name.clone());
                    values.insert(name, value.to_owned());
                }
            }
        }
        Self(sections)
    }

    /// A section's value that is not empty.
    pub(super) fn get(&self, section: &str, name: &str) -> Option<&str> {
        let value = self.0.get(section)?.get(name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// There is such a section.
    pub(super) fn has(&self, section: &str) -> bool {
        self.0.contains_key(section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_values_and_values_of_values() {
        let ini = Ini::parse(
            "x = lost\n[default]\nregion=eu-1 # here\n# no\n[profile  dev]\nservices = local\n\
             s3 =\n  addressing_style = path\nRegion = us-1\n[services local]\ns3 = \n\
             \tendpoint_url = http://h:1\n",
        );
        assert_eq!(ini.get("default", "region"), Some("eu-1"));
        assert_eq!(ini.get("profile dev", "region"), Some("us-1"));
        assert_eq!(ini.get("profile dev", "s3.addressing_style"), Some("path"));
        assert_eq!(ini.get("services local", "s3.endpoint_url"), Some("http://h:1"));
        assert!(!ini.has("x") && ini.has("profile dev") && ini.get("default", "x").is_none());
    }
}
