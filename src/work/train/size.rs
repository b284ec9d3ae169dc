//! How much code may travel before somebody has to say that it is meant.

use crate::storage::{CodeSurvey, MUCH_BYTES, Part};

/// Code of this size is refused unless it is allowed: it is copied once for the run and once for each
/// replica, and is nearly always data or outputs that nobody meant.
const MOST_BYTES: u64 = 1 << 30;
const MOST_FILES: u64 = 20_000;

/// Code of more files than this is told of, as code of [`MUCH_BYTES`] is.
const MUCH_FILES: u64 = 5_000;

/// The flag that lifts the limit.
const FLAG: &str = "--allow-large-code";

/// Tells of much code, with what is largest and the line that leaves it out; the error says the same of
/// too much.
pub(super) fn is_fit(
    survey: &CodeSurvey,
    large: bool,
    notices: &mut Vec<String>,
) -> Result<(), String> {
    let CodeSurvey { files, bytes, largest, .. } = survey;
    let is_over = |most_bytes, most_files| *bytes > most_bytes || *files > most_files;
    if !is_over(MUCH_BYTES, MUCH_FILES) {
        return Ok(());
    }
    let named: Vec<String> = largest.iter().take(3).map(told).collect();
    let most = largest.first().map_or_else(String::new, |part| {
        let slash = if part.is_dir { "/" } else { "" };
        format!(
            ", most of it in {}; a line `/{}{slash}` in .mlctlignore leaves the largest out",
            named.join(", "),
            part.path.display()
        )
    });
    let much = format!("code: {} in {files} files travel with the run{most}", size(*bytes));
    if large || !is_over(MOST_BYTES, MOST_FILES) {
        notices.push(much);
        return Ok(());
    }
    Err(format!(
        "{much}; data belong into `data`. More than {} or {MOST_FILES} files travel only with {FLAG}",
        size(MOST_BYTES)
    ))
}

fn told(part: &Part) -> String {
    let path = part.path.display();
    match (part.is_dir, part.files) {
        (false, _) => format!("{path} ({})", size(part.bytes)),
        (true, 1) => format!("{path}/ ({} in 1 file)", size(part.bytes)),
        (true, files) => format!("{path}/ ({} in {files} files)", size(part.bytes)),
    }
}

fn size(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib >= 1024.0 { format!("{:.1} GiB", mib / 1024.0) } else { format!("{mib:.1} MiB") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(files: u64, bytes: u64) -> CodeSurvey {
        let part =
            |path: &str, is_dir, files, bytes| Part { path: path.into(), is_dir, files, bytes };
        CodeSurvey {
            files,
            bytes,
            left_out: Vec::new(),
            largest: vec![
                part("data", true, files - 1, bytes / 2),
                part("w.bin", false, 1, bytes / 2),
            ],
        }
    }

    #[test]
    fn much_is_told_and_too_much_refused_unless_it_is_allowed() {
        let said = |files, bytes, large| {
            let mut notices = Vec::new();
            let fits = is_fit(&survey(files, bytes), large, &mut notices);
            (fits, notices.concat())
        };
        assert_eq!(said(10, 1 << 20, false), (Ok(()), String::new()));
        let nothing = CodeSurvey { largest: Vec::new(), ..survey(30_000, 3 << 30) };
        let why = is_fit(&nothing, false, &mut Vec::new()).unwrap_err();
        assert!(why.contains("in 30000 files travel with the run; data belong into"), "{why}");
        let (fits, notice) = said(10, 200 << 20, false);
        assert!(fits.is_ok() && notice.contains("200.0 MiB in 10 files"), "{notice}");
        assert!(notice.contains("data/ (100.0 MiB in 9 files), w.bin (100.0 MiB)"), "{notice}");
        assert!(notice.contains("a line `/data/` in .mlctlignore"), "{notice}");
        for (files, bytes) in [(10, 3 << 30), (30_000, 1 << 20)] {
            let why = said(files, bytes, false).0.unwrap_err();
            assert!(why.contains("--allow-large-code"), "{why}");
            let (fits, notice) = said(files, bytes, true);
            assert!(fits.is_ok() && notice.contains("data/"), "{notice}");
        }
    }
}
