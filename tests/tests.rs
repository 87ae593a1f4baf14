//! The command line tool as its users meet it.

mod cli;
