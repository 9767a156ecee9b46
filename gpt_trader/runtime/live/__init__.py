"""A session that trades on an exchange's prices: feed, terms, reconciliation."""
