//! One file per verb: its arguments, its help and what it does.
