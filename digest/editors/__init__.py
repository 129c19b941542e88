"""The editors: what is mailed to them about an issue, and what they change by the links in it."""
