"""The annex of the internal edition, as one page; the public report never imports it."""
