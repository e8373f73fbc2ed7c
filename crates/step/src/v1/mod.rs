//! The components of version 1: the old inputs, outputs and requests.
