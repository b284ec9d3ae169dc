//! Tables without borders, as kubectl's: cut to the terminal, whole in a pipe.

use anstyle::Style;
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Width, presets};

use super::{Printer, Text};
use crate::text::line_of;

/// A table with column names. In a pipe nothing is cut; a terminal gets lines that fit it.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Columns that are never cut, by their place from 0.
    whole: Vec<usize>,
    /// The colour of each row in the painted column.
    styles: Vec<Style>,
    /// The column with colours, by its place from 0.
    painted: Option<usize>,
}

impl Table {
    /// A table of these columns without rows.
    pub fn new<S: AsRef<str>>(header: &[S]) -> Self {
        let header = header.iter().map(|name| line_of(name.as_ref())).collect();
        Self { header, ..Self::default() }
    }

    /// Columns, counted from 0, whose text is never cut: ids must survive copy and paste.
    #[must_use]
    pub fn whole(mut self, columns: &[usize]) -> Self {
        self.whole = columns.into();
        self
    }

    /// A column, counted from 0, that has the colours of [`Table::painted_row`].
    #[must_use]
    pub fn painted(mut self, column: usize) -> Self {
        self.painted = Some(column);
        self
    }

    /// Adds a row: a cell for each column, empty where there is nothing to say.
    pub fn row(&mut self, cells: Vec<String>) {
        self.painted_row(Style::new(), cells);
    }

    /// Adds a row whose cell in the painted column has this colour.
    pub fn painted_row(&mut self, style: Style, cells: Vec<String>) {
        // Before anything is measured: what is written out is wider.
        self.rows.push(cells.iter().map(|cell| line_of(cell)).collect());
        self.styles.push(style);
    }

    /// Whether no row has been added.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Columns that it takes where nothing is cut.
    pub fn width(&self) -> usize {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let of = |at: usize| all().filter_map(|row| Some(Text::from(row.get(at)?).width())).max();
        let widths: Vec<usize> = (0..self.header.len()).filter_map(of).collect();
        widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)
    }

    /// The text for standard output, as wide as that can show.
    pub fn render(&self, printer: &Printer) -> Text {
        let terminal = printer.terminal;
        self.text(terminal.stdout.then_some(terminal.width))
    }

    /// The text, cut to `width` columns if one is given.
    pub fn text(&self, width: Option<usize>) -> Text {
        let is_ascii = self.rows.iter().flatten().all(|cell| cell.is_ascii());
        let lines = match width {
            None if is_ascii => self.whole_lines(),
            width => self.arranged_lines(width),
        };
        self.painted_lines(&lines)
    }

    /// The same as [`Table::arranged_lines`] without a width, in a hundredth of the time for thousands
    /// of rows. It is right only for text whose characters are a column each.
    fn whole_lines(&self) -> Vec<String> {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let mut widths = vec![0; self.header.len()];
        for row in all() {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.len().max(*width);
            }
        }
        let line = |row: &Vec<String>| {
            let mut line = String::with_capacity(widths.iter().sum::<usize>() + 2 * row.len());
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width + 2 - cell.len()));
            }
            line.truncate(line.trim_end().len());
            line
        };
        all().map(line).collect()
    }

    fn arranged_lines(&self, width: Option<usize>) -> Vec<String> {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_truncation_indicator("…");
        match width {
            Some(width) => table
                .set_content_arrangement(ContentArrangement::Dynamic)
                // The padding behind the last column may stick out: it is trimmed.
                .set_width(u16::try_from(width + 2).unwrap_or(u16::MAX)),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        // One line, whatever happens: rows are counted from there.
        let mut header = Row::from(self.header.clone());
        header.max_height(1);
        table.set_header(header);
        for cells in &self.rows {
            let mut row = Row::from(cells.clone());
            row.max_height(1);
            table.add_row(row);
        }
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            let name = Text::from(&self.header[at]).width() + 2;
            column.set_constraint(if self.whole.contains(&at) {
                ColumnConstraint::ContentWidth
            } else {
                // What a column is called is read before what is in it.
                let least = Width::Fixed(u16::try_from(name).unwrap_or(u16::MAX));
                ColumnConstraint::LowerBoundary(least)
            });
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    fn painted_lines(&self, lines: &[String]) -> Text {
        let column = self
            .painted
            .and_then(|column| Some((column, lines.first()?.find(self.header[column].as_str())?)));
        let mut rows = self.rows.iter().zip(&self.styles);
        Text::lines(lines.iter().enumerate().map(|(number, line)| {
            let row = if number == 0 { None } else { rows.next() };
            if let (Some((column, at)), Some((row, style))) = (column, row) {
                let cell = row[column].as_str();
                let end = at + cell.len();
                if line.get(at..end) == Some(cell) {
                    let state = Text::styled(*style, cell);
                    return Text::block(&line[..at]).then(state).then(Text::block(&line[end..]));
                }
            }
            Text::block(line)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["RUN", "STATE", "LAST LINE"]).whole(&[0]).painted(1);
        let failed = vec!["digits-abc123".into(), "failed".into(), "x".repeat(100)];
        table.painted_row(crate::ui::ERROR, failed);
        table.row(vec![
            "a-name-as-long-as-a-name-may-be-abc123".into(),
            "running".into(),
            String::new(),
        ]);
        table
    }

    #[test]
    fn a_terminal_gets_lines_that_fit() {
        let text = table().text(Some(80)).to_string();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains('…') && text.contains("a-name-as-long-as-a-name-may-be-abc123"));
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn names_of_columns_are_whole() {
        let mut table = Table::new(&["RUN", "HOURS", "DURATION", "METRICS"]).whole(&[0]);
        table.row(vec!["r".repeat(30), "1".into(), "2s".into(), "x".repeat(60)]);
        assert_eq!(table.width(), 30 + 2 + 5 + 2 + 8 + 2 + 60);
        let text = table.text(Some(60)).to_string();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("HOURS  DURATION  METRICS"), "{text}");
    }

    #[test]
    fn a_pipe_gets_everything_and_no_colour() {
        let text = table().text(None).to_string();
        assert!(text.contains(&"x".repeat(100)) && !text.contains('\x1b'));
    }

    #[test]
    fn both_ways_of_arranging_agree() {
        let table = table();
        assert_eq!(table.whole_lines(), table.arranged_lines(None));
    }

    #[test]
    fn colour_moves_nothing() {
        let text = table().text(Some(80));
        let painted = text.painted_if(true);
        assert!(painted.contains("\x1b["));
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), text.to_string());
    }

    #[test]
    fn a_cell_makes_no_line_and_is_measured_as_it_is_shown() {
        let mut table = Table::new(&["RUN", "STATE"]).painted(1);
        table.row(vec!["a\nfake-run  succeeded\x1b[2J".into(), "failed".into()]);
        let text = "RUN                            STATE\na\\nfake-run  succeeded\\x1b[2J  failed";
        assert_eq!(table.text(None).to_string(), text);
        assert_eq!(table.text(Some(80)).to_string(), text);
    }
}
