//! What an attacker tries who has the submitter's Role in the victim's namespace.

mod bench;
mod namespaces;
mod records;
mod secrets;
mod submission;
