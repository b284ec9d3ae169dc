//! Buckets and other stores that a spec names.

use super::finding::{Finding, Place, Trouble};
use crate::storage::{BucketReport, Examined};

const CHECK: &str = "storage";

/// Judges what this user can do at a place of a store.
pub fn store(report: &BucketReport) -> Finding {
    let place = &report.place;
    let tried = [
        ("reachable", &report.reachable),
        ("listable", &report.listable),
        ("readable", &report.readable),
        ("writable", &report.writable),
        ("conditional writes honoured", &report.conditional),
    ];
    let words = |wanted: fn(&Examined) -> bool| {
        let words = tried.iter().filter(|(_, examined)| wanted(examined));
        words.map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    };
    let works = words(|examined| *examined == Examined::Yes);
    let fails = words(|examined| matches!(examined, Examined::No(_)));
    let why = tried.iter().find_map(|(_, examined)| match examined {
        Examined::No(why) => Some(why.clone()),
        Examined::Yes | Examined::Untried => None,
    });
    let Some(why) = why else {
        return Finding::ok(Place::Laptop, CHECK, format!("{place}: {works}"));
    };
    let trouble = match report.reachable {
        Examined::No(_) => Trouble::Unreachable,
        Examined::Yes | Examined::Untried => Trouble::Refused,
    };
    Finding::fail(Place::Laptop, CHECK, format!("{place}: not {fails}")).why(why).of(trouble)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn the_first_thing_that_fails_is_the_reason() {
        let no = |why: &str| Examined::No(why.into());
        let mut report = BucketReport {
            place: "s3://b/x".into(),
            reachable: Examined::Yes,
            listable: Examined::Yes,
            readable: Examined::Untried,
            writable: Examined::Untried,
            conditional: Examined::Untried,
        };
        let fine = store(&report);
        assert_eq!((fine.level, fine.what.as_str()), (Level::Ok, "s3://b/x: reachable, listable"));
        report.writable = no("it needs s3:PutObject");
        let refused = store(&report);
        assert_eq!((refused.level, refused.trouble), (Level::Fail, Trouble::Refused));
        assert!(
            refused.line().contains("not writable; it needs s3:PutObject"),
            "{}",
            refused.line()
        );
        report.reachable = no("no route");
        assert_eq!(store(&report).trouble, Trouble::Unreachable);
    }
}
