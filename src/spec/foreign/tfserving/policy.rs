//! Which versions are served, and what they are called: `model_version_policy` and `version_labels`.

use std::collections::BTreeSet;

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::name::dns_name;
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::endpoint::MAX_REVISION;
use crate::spec::syntax::{Entry, Node, SourceSpan};

/// A spec has no more revisions.
const MOST: usize = 32;

const BY_HEADER: &str = "a request with the header `x-mlctl-revision: NAME` goes to one of them; paths with \
                         `/versions/N` find versions of the registry, which `mlctl models push` makes, and paths \
                         with `/labels/NAME` none";
const NAMED: &str = "which versions there are is not in this file, so the latest one is served: name them by \
                     `specific { versions: 1 versions: 2 }`";

pub(super) const POLICY: Table = &[
    ("specific", Use::Within),
    ("latest", Use::Within),
    ("all", Use::Changed("the latest version, with a warning")),
];
pub(super) const SPECIFIC: Table =
    &[("versions", Use::Changed("a revision each; the highest one answers, as it does there"))];
pub(super) const LATEST: Table =
    &[("num_versions", Use::Changed("the latest version; more of them with a warning"))];
pub(super) const LABEL: Table = &[
    ("key", Use::Changed("the name of its version's revision")),
    ("value", Use::Changed("the version")),
];

/// A revision that the file asks for.
pub(super) struct Wanted {
    pub(super) name: String,
    /// None for whatever is the latest.
    pub(super) version: Option<u64>,
    pub(super) traffic: Option<u32>,
    pub(super) at: Option<SourceSpan>,
}

/// The revisions of a model, the oldest version first.
pub(super) fn wanted(
    findings: &mut Findings,
    policy: Option<&Entry>,
    labels: Option<&Entry>,
) -> Vec<Wanted> {
    let versions = policy.map(|policy| versions(findings, policy)).unwrap_or_default();
    let labels = labels.map(|labels| named(findings, labels, &versions)).unwrap_or_default();
    let Some((last, _)) = versions.last() else {
        let latest = Wanted { name: "v1".to_owned(), version: None, traffic: None, at: None };
        return vec![latest];
    };
    let is_one = versions.len() == 1;
    if let Some(policy) = policy.filter(|_| !is_one) {
        let message = format!(
            "each version is a revision, of which {last} answers unless another is asked for"
        );
        let at = Node { span: policy.key.span, ..policy.value.clone() };
        findings.instead(&at, message, BY_HEADER);
    }
    let mut used = BTreeSet::new();
    let mut name = |version: u64| {
        let label = labels.iter().find(|(labelled, _)| *labelled == version);
        let label = label.map(|(_, name)| name.clone()).filter(|name| used.insert(name.clone()));
        label.unwrap_or_else(|| revision_name(version))
    };
    versions
        .iter()
        .map(|(version, at)| Wanted {
            name: name(*version),
            version: Some(*version),
            traffic: (!is_one).then_some(if version == last { 100 } else { 0 }),
            at: Some(*at),
        })
        .collect()
}

/// `v3`; numbers that are times keep their end, which tells them apart.
fn revision_name(version: u64) -> String {
    let digits = version.to_string();
    let end = digits.len().saturating_sub(MAX_REVISION - 1);
    format!("v{}", &digits[end..])
}

/// The versions that are named, each once, in their order; none where the latest is meant.
fn versions(findings: &mut Findings, policy: &Entry) -> Vec<(u64, SourceSpan)> {
    let fields = findings.fields(&policy.value, "model_version_policy", POLICY);
    if let Some(all) = fields.entry("all") {
        let at = Node { span: all.key.span, ..all.value.clone() };
        findings.instead(&at, "of all versions the latest is served".to_owned(), NAMED);
    }
    if let Some(latest) = fields.get("latest") {
        let latest = findings.fields(latest, "latest", LATEST);
        let number = latest
            .get("num_versions")
            .map(|number| (number, findings.count(number, "num_versions")));
        if let Some((at, Some(count))) =
            number.filter(|(_, count)| count.is_some_and(|count| count > 1))
        {
            let message = format!("of the latest {count} versions one is served");
            findings.instead(at, message, NAMED);
        }
    }
    let Some(specific) = fields.entry("specific") else { return Vec::new() };
    let inner = findings.fields(&specific.value, "specific", SPECIFIC);
    let mut found: Vec<(u64, SourceSpan)> = Vec::new();
    for item in inner.get("versions").map(items).unwrap_or_default() {
        let number = item.as_text().and_then(|text| text.parse::<u64>().ok());
        let Some(number) = number else {
            findings.wrong_type(item, "versions", "the number of a version");
            continue;
        };
        if !found.iter().any(|(known, _)| *known == number) {
            found.push((number, item.span));
        }
    }
    if inner.get("versions").is_none() {
        findings.missing(&specific.value, "specific.versions");
    }
    found.sort_unstable_by_key(|(number, _)| *number);
    if found.len() > MOST {
        let at = Node { span: specific.key.span, ..specific.value.clone() };
        let message = format!("{} versions are more than an endpoint has revisions", found.len());
        findings.refuse(&at, message, "name 32 at most");
    }
    found
}

/// The labels as names of revisions, by their versions.
fn named(
    findings: &mut Findings,
    labels: &Entry,
    versions: &[(u64, SourceSpan)],
) -> Vec<(u64, String)> {
    let mut names: Vec<(u64, String)> = Vec::new();
    for item in items(&labels.value) {
        let fields = findings.fields(item, "version_labels", LABEL);
        let key = fields.get("key").and_then(|key| findings.text(key, "version_labels.key"));
        let Some(key) = key else {
            if fields.get("key").is_none() {
                findings.missing(item, "version_labels.key");
            }
            continue;
        };
        let Some(value) = fields.get("value") else {
            findings.missing(item, "version_labels.value");
            continue;
        };
        let Some(version) = value.as_text().and_then(|text| text.parse::<u64>().ok()) else {
            findings.wrong_type(value, "version_labels.value", "the number of a version");
            continue;
        };
        if !versions.iter().any(|(known, _)| *known == version) {
            let message = format!("the label `{key}` is left out: version {version} is not named");
            findings.instead(
                item,
                message,
                "name it by `specific { versions: N }`, as the server needs it too",
            );
            continue;
        }
        let mut name = dns_name(key).unwrap_or_else(|| revision_name(version));
        name.truncate(MAX_REVISION);
        let name = name.trim_end_matches('-').to_owned();
        if let Some((_, first)) = names.iter().find(|(known, _)| *known == version) {
            let message = format!("the label `{key}` is left out: its version is called `{first}`");
            findings.instead(item, message, "a revision has one name");
            continue;
        }
        if name != key {
            let message = format!("the version with the label `{key}` is the revision `{name}`");
            let help = "such names have lower-case letters, digits and `-`, 12 characters at most";
            findings.instead(item, message, help);
        }
        names.push((version, name));
    }
    names
}
