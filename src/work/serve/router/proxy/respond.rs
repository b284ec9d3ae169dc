//! An answer's head on its way to the caller.

use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Response, StatusCode, Version};
use hyper::body::{Body, Incoming};
use hyper::upgrade::OnUpgrade;

use super::{Account, AnswerBody, tunnel};
use crate::route::{Dialect, Insert, Insertion, REVISION, Refusal, answer_headers};

/// A replica's answer, of which the head is there.
pub(super) struct Head {
    pub(super) answer: Response<Incoming>,
    /// Fields that belong into it.
    pub(super) insertion: Option<Insertion>,
    /// The caller's connection, if it asked for another protocol.
    pub(super) upgrade: Option<OnUpgrade>,
    /// How long it may pause.
    pub(super) idle: Duration,
}

/// Passes a replica's answer on.
pub(super) fn passing(head: Head, mut account: Account) -> Response<AnswerBody> {
    let Head { mut answer, insertion, upgrade, idle } = head;
    let switches = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    if switches && upgrade.is_none() {
        let revision = account.revision_name();
        let reason = "it switched protocols without being asked".to_owned();
        let refusal = Refusal::BadAnswer { revision, reason };
        return refused(&refusal, Dialect::Plain, Version::HTTP_11, account);
    }
    let protocol = answer.headers().get(UPGRADE).cloned();
    let replica = switches.then(|| hyper::upgrade::on(&mut answer));
    let (mut parts, body) = answer.into_parts();
    // The caller's connection has a version of its own.
    parts.version = Version::HTTP_11;
    // The encoding says how long the body is; a length beside it is wrong (RFC 9112, 6.3).
    if parts.headers.contains_key(TRANSFER_ENCODING) {
        parts.headers.remove(CONTENT_LENGTH);
    }
    if let Some((revision, replica)) = account.names() {
        answer_headers(&mut parts.headers, revision, replica);
    }
    account.answers(parts.status, &parts.headers);

    if let (Some(replica), Some(client)) = (replica, upgrade) {
        parts.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        if let Some(protocol) = protocol {
            parts.headers.insert(UPGRADE, protocol);
        }
        account.mark.connection().becomes_tunnel();
        tunnel::open(account.peer.shared.clone(), client, replica, idle, account);
        return Response::from_parts(parts, AnswerBody::none());
    }
    let insertion = insertion
        .filter(|_| !body.is_end_stream() && Insertion::fits(parts.status, &mut parts.headers));
    account.shadow_now();
    let body = AnswerBody::passing(Insert::new(body, insertion), account, idle);
    Response::from_parts(parts, body)
}

/// The router's own answer.
pub(super) fn refused(
    refusal: &Refusal,
    dialect: Dialect,
    version: Version,
    mut account: Account,
) -> Response<AnswerBody> {
    let (mut parts, bytes) = refusal.answer(dialect).into_parts();
    if let Some(revision) = account.revision_header() {
        parts.headers.insert(REVISION, revision);
    }
    let grpc = (dialect == Dialect::Grpc).then(|| refusal.grpc().0);
    // What is left of the request's body is not waited for, so the connection can't be used again.
    let unread = account.upload.as_ref().is_some_and(|upload| !upload.complete());
    if (unread || account.body_left) && version < Version::HTTP_2 {
        parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    account.sends(&bytes);
    account.refused(refusal, parts.status, grpc);
    Response::from_parts(parts, AnswerBody::own(bytes, account))
}
