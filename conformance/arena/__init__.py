"""The embedded Arena: a stateful stand-in for the vendor's server, written from the page and its context alone."""
