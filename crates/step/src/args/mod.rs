//! The command line, read as Python's argparse reads it.
