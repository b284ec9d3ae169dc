//! More output than a node keeps: what is missing is said, and the newest is saved.

use crate::kube::support::{Kube, LONG, poll};
use crate::support::{stdout, together};

/// How many lines of 90 characters are printed at once: five times what a node keeps in one file.
const LINES: u64 = 600_000;

/// Prints them, and outlives the next time that the node begins a new file.
const FLOODS: &str = "\
awk 'BEGIN { for (i = 1; i <= 600000; i++) printf \"%090d\\n\", i }'
sleep 12
echo the end
";

/// What was printed of the flood, and how much of it is said to be missing.
struct Seen {
    numbers: Vec<u64>,
    missing: u64,
}

impl Seen {
    fn of<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut seen = Self { numbers: Vec::new(), missing: 0 };
        for line in lines {
            if let Some(said) = line.strip_prefix("[mlctl: about ") {
                let count = said.split(' ').next().and_then(|count| count.parse::<u64>().ok());
                assert!(said.contains("worker-0"), "{said}");
                seen.missing += count.unwrap_or_else(|| panic!("{said}"));
            } else if line.len() == 90 {
                seen.numbers.extend(line.parse::<u64>());
            }
        }
        seen
    }

    /// Every line was shown once and in its order, or is said to be missing.
    #[track_caller]
    fn assert_whole(&self) {
        let Self { numbers, missing } = self;
        let disorder = numbers.windows(2).find(|pair| pair[0] >= pair[1]);
        assert_eq!(disorder, None, "{} are shown", numbers.len());
        let all = numbers.len() as u64 + missing;
        assert!(all.abs_diff(LINES) <= 2, "{} shown, {missing} missing", numbers.len());
    }
}

#[test]
fn who_follows_a_flood_sees_and_keeps_what_can_be_had_of_it() {
    let Some(kube) = Kube::own() else { return };
    kube.gang(&[FLOODS], "");
    let (text, _) = together(&mut kube.mlctl(["train"]));
    // Its own lines say themselves what they are.
    let shown = Seen::of(text.lines());
    shown.assert_whole();
    let joined = text.find("joined; all are there").expect("it has joined");
    let first = text.find("00000001\n").expect("output");
    assert!(joined < first, "{}", &text[..first.max(joined)]);
    let text = stdout(&kube.run(0, ["logs"]));
    let saved = Seen::of(text.lines());
    saved.assert_whole();
    assert!(text.contains("the end"));
    let (saved, shown) = (saved.numbers.len(), shown.numbers.len());
    assert!(saved * 10 > shown * 9, "{saved} of {shown} lines are saved");
}

#[test]
fn of_a_flood_that_nobody_followed_the_end_is_saved_and_the_rest_is_named() {
    let Some(kube) = Kube::own() else { return };
    kube.gang(&[FLOODS], "");
    kube.detach([]);
    poll("it has ended", LONG, || {
        let pods = kube.pods();
        (pods.len() == 1 && !pods[0].is_alive()).then_some(())
    });
    for _ in ["from the node", "as it was saved"] {
        let text = stdout(&kube.run(0, ["logs"]));
        let seen = Seen::of(text.lines());
        seen.assert_whole();
        assert!(seen.missing > 0, "the node has dropped nothing");
        assert!(text.contains("the end"), "{}", &text[text.len().saturating_sub(500)..]);
    }
}
