//! What others have written and a terminal would obey: of a run's output, of records and labels, of
//! specs, of names on the command line, of servers. All of it is shown, none of it is done.

mod hostile;
mod runs;
mod words;
