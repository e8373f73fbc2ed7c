# Generated from crates/step/table: `cargo xtask generate`.
"""The functions of the components in `components/v2`."""
