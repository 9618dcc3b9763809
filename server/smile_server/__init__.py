"""The daemon. Empty in this version: the method and the shell come first."""
