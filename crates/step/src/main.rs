//! The `sagebell-step` command.

fn main() {}
