"""A pipeline's steps on this machine."""
