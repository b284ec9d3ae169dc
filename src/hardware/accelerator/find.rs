//! Types of accelerators by their names.

use super::table::{ACCELERATORS, Accelerator};
use crate::text::nearest;

/// The type of this name, which is mlctl's own or Vertex AI's; `None` for any other.
pub fn find(name: &str) -> Option<&'static Accelerator> {
    ACCELERATORS.iter().find(|a| a.name == name || (!a.vertex.is_empty() && a.vertex == name))
}

/// The known name that was probably meant; `None` when none is near.
pub fn suggest(name: &str) -> Option<&'static str> {
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    let without_maker = plain.trim_start_matches("nvidia-").trim_start_matches("tesla-");
    let exact = ACCELERATORS
        .iter()
        .find(|a| a.name.split_once('-').is_some_and(|(_, model)| model == without_maker));
    exact.map(|a| a.name).or_else(|| nearest(name, ACCELERATORS.iter().map(|a| a.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_of_others() {
        assert_eq!(find("NVIDIA_TESLA_T4").map(|a| a.name), Some("nvidia-t4"));
        assert_eq!(find(""), None);
        for (text, wanted) in [
            ("T4", "nvidia-t4"),
            ("tesla-v100", "nvidia-v100"),
            ("H100", "nvidia-h100"),
            ("nvidia-l5", "nvidia-l4"),
        ] {
            assert_eq!(suggest(text), Some(wanted), "{text}");
        }
    }
}
