//! The components of version 2, whose inputs had the form of ACK's resources.
