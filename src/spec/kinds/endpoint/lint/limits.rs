//! What the router takes, and what is kept of it.

use super::context::Lint;
use crate::spec::kinds::endpoint::RequestLimits;
use crate::spec::kinds::train::lint::is_writable;
use crate::spec::syntax::{Code, Diagnostic};
use crate::storage::Place;

impl Lint<'_> {
    pub(super) fn limits(&mut self) {
        let RequestLimits { timeout, idle_timeout, .. } = &self.endpoint.limits;
        self.not_zero(*timeout, "limits.timeout", "no answer is so fast");
        self.not_zero(*idle_timeout, "limits.idleTimeout", "no answer is so fast");
        if let (Some(whole), Some(idle)) = (timeout, idle_timeout)
            && idle > whole
        {
            self.add(
                Diagnostic::error(
                    Code::BadLimit,
                    format!("a request is over after {whole}, before it could idle for {idle}"),
                )
                .at(self.spans.value("limits.timeout"), "")
                .at(self.spans.value("limits.idleTimeout"), "never reached")
                .help("write a shorter `idleTimeout`, or a longer `timeout`"),
            );
        }
        self.log();
    }

    fn log(&mut self) {
        let Some(log) = &self.endpoint.log else { return };
        if log.sample.is_some_and(|sample| sample.percent() <= 0.0) {
            self.add(
                Diagnostic::error(Code::BadLimit, "nothing would be kept of any request")
                    .at(self.spans.value("log.sample"), "")
                    .help("write for example `1%`, or leave `log` out"),
            );
        }
        let span = self.spans.value("log.to");
        let place = &log.to;
        if matches!(place, Place::Object(_)) && !is_writable(place) {
            self.add(
                Diagnostic::error(Code::BadUri, format!("nothing can be written to `{place}`"))
                    .at(span, "")
                    .help("write a bucket's folder (`s3://`, `gs://`, `az://`) or a path"),
            );
        } else {
            self.readable("log.to", place, span);
        }
    }
}
