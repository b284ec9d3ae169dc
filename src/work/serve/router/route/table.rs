//! Which revision a request goes to, prepared once for each configuration.

use std::collections::HashMap;

use http::header::COOKIE;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method};

use super::point::caller;
use super::{Refusal, Sequence, Target};
use crate::{Assignment, RevisionConfig, RouterConfig, Sticky};

/// The header that asks for a revision, and that an answer names its revision by.
pub(crate) const REVISION: HeaderName = HeaderName::from_static("x-mlctl-revision");

/// The length of the interval of points.
const WHOLE: u64 = 1 << 32;

/// Everything that a choice looks at.
#[derive(Debug)]
pub(crate) struct Table {
    endpoint: Box<str>,
    names: HashMap<Box<[u8]>, usize>,
    /// All names, in words.
    known: Box<str>,
    /// By the name of a model, what has a version.
    versions: HashMap<Box<str>, Vec<(u64, usize)>>,
    predicts: Vec<Option<PathAndQuery>>,
    shares: Vec<Share>,
    sticky: Option<By>,
}

/// A part of the interval, up to `end`. One that nobody in the configuration has is no one's.
#[derive(Clone, Copy, Debug)]
struct Share {
    end: u64,
    length: u64,
    revision: Option<usize>,
}

#[derive(Debug)]
enum By {
    Header(HeaderName),
    Cookie(Box<[u8]>),
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// A path of the server, which passes as it is.
    Plain,
    /// `predict` of Vertex AI: the path is the revision's, its answer gets more fields.
    Predict,
    /// `rawPredict` of Vertex AI: the path is the revision's.
    RawPredict,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The revision, by its place in the configuration.
    pub(crate) revision: usize,
    /// Whether the request named it, so that no other will do.
    pub(crate) forced: bool,
    /// What it calls.
    pub(crate) call: Call,
}

impl Table {
    /// For a configuration, with the assignment that holds under it.
    pub(crate) fn new(config: &RouterConfig, assignment: &Assignment) -> Self {
        let revisions = || config.revisions.iter().enumerate();
        let aliases = revisions().flat_map(|(index, revision)| {
            revision.aliases.iter().map(move |alias| (alias.as_bytes().into(), index))
        });
        let own: HashMap<Box<[u8]>, usize> =
            revisions().map(|(index, revision)| (revision.name.as_bytes().into(), index)).collect();
        // An alias comes before the same name: it says whom callers mean by it by now.
        let names = own.clone().into_iter().chain(aliases).collect();
        let mut versions: HashMap<Box<str>, Vec<(u64, usize)>> = HashMap::new();
        for (index, revision) in revisions() {
            for model in &revision.models {
                if let Some(version) = revision.version {
                    versions.entry(model.as_str().into()).or_default().push((version, index));
                }
            }
        }
        let predict = |revision: &RevisionConfig| {
            revision.routes.predict.as_ref().and_then(|path| path.parse().ok())
        };
        Self {
            endpoint: config.endpoint.as_str().into(),
            known: list(&config.revisions).into(),
            versions,
            predicts: config.revisions.iter().map(predict).collect(),
            shares: shares(assignment, &own),
            names,
            sticky: config.sticky.as_ref().and_then(|sticky| match sticky {
                Sticky::Header(name) => HeaderName::try_from(name.as_str()).ok().map(By::Header),
                Sticky::Cookie(name) => Some(By::Cookie(name.as_bytes().into())),
            }),
        }
    }

    /// The revision for a request. `available` says of a revision whether it has a replica, or is
    /// waited for (`hold`); what has neither gives its traffic to the others. If no revision with
    /// weight is available, the one whose traffic it is comes out, and is for the caller to refuse.
    ///
    /// A name in `x-mlctl-revision` decides before a version in the path, and that before weights.
    pub(crate) fn choose(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        points: &Sequence,
        available: impl Fn(usize) -> bool,
    ) -> Result<Choice, Refusal> {
        let target = Target::of(path, method == Method::POST);
        let call = match target {
            Target::Endpoint { name, .. } if *name != *self.endpoint => {
                let (asked, here) = (name.to_owned(), self.endpoint.to_string());
                return Err(Refusal::UnknownEndpoint { asked, here });
            }
            Target::Endpoint { raw: true, .. } => Call::RawPredict,
            Target::Endpoint { raw: false, .. } => Call::Predict,
            Target::Plain | Target::Version { .. } => Call::Plain,
        };
        if let Some(name) = headers.get(REVISION) {
            let found = self.names.get(name.as_bytes()).copied();
            let revision = found.ok_or_else(|| Refusal::UnknownRevision {
                asked: String::from_utf8_lossy(name.as_bytes()).into_owned(),
                known: self.known.to_string(),
            })?;
            return Ok(Choice { revision, forced: true, call });
        }
        if let Target::Version { model, version, status } = target
            && let Some(versions) = self.versions.get(model)
        {
            let has = |index: usize| versions.contains(&(version, index));
            let mut having = versions.iter().filter(|(number, _)| *number == version);
            let Some((_, first)) = having.next() else {
                return Err(Refusal::UnknownVersion { model: model.to_owned(), version, status });
            };
            // Several revisions may have the version, such as two sizes of one model.
            let revision = if having.next().is_none() {
                *first
            } else {
                let weighted = self
                    .weighted(self.point(headers, points), |index| has(index) && available(index));
                weighted.filter(|index| has(*index)).unwrap_or(*first)
            };
            return Ok(Choice { revision, forced: true, call });
        }
        let revision = self.weighted(self.point(headers, points), available);
        Ok(Choice { revision: revision.ok_or(Refusal::NoTraffic)?, forced: false, call })
    }

    /// Where a revision predicts.
    pub(crate) fn predict(&self, revision: usize) -> Option<&PathAndQuery> {
        self.predicts.get(revision)?.as_ref()
    }

    /// A caller's point, or the next one.
    fn point(&self, headers: &HeaderMap, points: &Sequence) -> u32 {
        let name = match &self.sticky {
            None => None,
            Some(By::Header(name)) => headers.get(name).map(http::HeaderValue::as_bytes),
            Some(By::Cookie(name)) => cookie(headers, name),
        };
        name.map_or_else(|| points.next(), caller)
    }

    /// Whose a point is. If its owner is not available, its part of the interval is laid over the
    /// parts of those that are: each gets of it in proportion to what it has, nobody else's callers
    /// move, and a caller's new revision is the same each time.
    fn weighted(&self, point: u32, available: impl Fn(usize) -> bool) -> Option<usize> {
        let point = u64::from(point);
        let at = self.shares.partition_point(|share| share.end <= point);
        let owner = self.shares.get(at)?.revision;
        let is_there = |share: &Share| share.revision.is_some_and(&available);
        if owner.is_some_and(&available) {
            return owner;
        }

        let (mut missing, mut there, mut rank) = (0_u64, 0_u64, 0_u64);
        for (index, share) in self.shares.iter().enumerate() {
            if is_there(share) {
                there += share.length;
                continue;
            }
            if index == at {
                rank = missing + point - (share.end - share.length);
            }
            missing += share.length;
        }
        let place = (u128::from(rank) * u128::from(there) / u128::from(missing.max(1))) as u64;
        let mut end = 0;
        let found = self.shares.iter().filter(|share| is_there(share)).find(|share| {
            end += share.length;
            place < end
        });
        let any = || self.shares.iter().find_map(|share| share.revision);
        found.and_then(|share| share.revision).or(owner).or_else(any)
    }
}

fn shares(assignment: &Assignment, names: &HashMap<Box<[u8]>, usize>) -> Vec<Share> {
    let mut end = 0;
    let mut shares: Vec<Share> = Vec::with_capacity(assignment.shares().len() + 1);
    for share in assignment.shares() {
        let length = share.length.min(WHOLE - end);
        end += length;
        let revision = names.get(share.revision.as_bytes()).copied();
        shares.push(Share { end, length, revision });
    }
    if end < WHOLE {
        shares.push(Share { end: WHOLE, length: WHOLE - end, revision: None });
    }
    shares
}

/// The value of a cookie; the first one of a name that is there twice, as browsers send the most
/// specific one first (RFC 6265, 5.4).
fn cookie<'a>(headers: &'a HeaderMap, name: &[u8]) -> Option<&'a [u8]> {
    let cookies = headers.get_all(COOKIE).into_iter();
    cookies.flat_map(|value| value.as_bytes().split(|byte| *byte == b';')).find_map(|pair| {
        let pair = pair.trim_ascii();
        let at = pair.iter().position(|byte| *byte == b'=')?;
        (pair[..at] == *name).then(|| &pair[at + 1..])
    })
}

fn list(revisions: &[RevisionConfig]) -> String {
    let names: Vec<String> =
        revisions.iter().map(|revision| format!("`{}`", revision.name)).collect();
    match names.split_last() {
        None => "nothing, as there are none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}
