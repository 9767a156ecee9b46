"""The words of the business as frozen values: product, bars, targets, orders, account."""
