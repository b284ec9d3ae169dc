//! A plan's sections, as `train --dry-run` shows them.

use super::{BOLD, Printer, Table};
use crate::plan::Section;

/// Each section as a title with indented rows below, an empty line in between. A section without
/// column names has rows of a name and a value.
pub fn sections_text(printer: &Printer, sections: &[Section]) -> String {
    let mut blocks = Vec::new();
    for section in sections {
        let title = printer.paint_out(BOLD, &section.title);
        let mut lines = vec![title];
        if section.header.is_empty() {
            let width = section.rows.iter().filter_map(|row| row.first()).map(String::len).max();
            for row in &section.rows {
                let name = row.first().map_or("", String::as_str);
                let value = row.get(1).map_or("", String::as_str);
                lines.push(format!("  {name:width$}  {value}", width = width.unwrap_or(0)));
            }
        } else {
            let mut table = Table::new(&section.header);
            for row in &section.rows {
                table.row(row.clone());
            }
            lines.extend(table.render(printer).lines().map(|line| format!("  {line}")));
        }
        blocks.push(lines.join("\n"));
    }
    blocks.join("\n\n") + "\n"
}
