"""The report: one document, and what is rendered from it."""
