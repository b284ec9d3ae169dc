//! What an attacker tries who has the submitter's Role in the victim's namespace.

mod bench;
mod namespaces;
mod secrets;
mod submission;
