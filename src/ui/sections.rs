//! A plan's sections, as `train --dry-run` shows them.

use super::{BOLD, Printer, Table, Text};
use crate::plan::Section;

/// Each section as a title with indented rows below, an empty line in between. A section without
/// column names has rows of a name and a value.
pub fn sections_text(printer: &Printer, sections: &[Section]) -> Text {
    let mut lines = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        if at > 0 {
            lines.push(Text::default());
        }
        lines.push(Text::styled(BOLD, &section.title));
        if section.header.is_empty() {
            let names = section.rows.iter().filter_map(|row| row.first());
            let width = names.map(|name| Text::from(name).width()).max().unwrap_or(0);
            for row in &section.rows {
                let cell = |at: usize| Text::from(row.get(at).map_or("", String::as_str));
                lines.push(Text::from("  ").then(cell(0).padded(width)).then("  ").then(cell(1)));
            }
        } else {
            let mut table = Table::new(&section.header);
            for row in &section.rows {
                table.row(row.clone());
            }
            let table = table.render(printer);
            lines.extend(table.split().into_iter().map(|line| Text::from("  ").then(line)));
        }
    }
    Text::lines(lines)
}
