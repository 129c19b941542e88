"""A made-up newsroom, in our own words, for the demo and the tests."""
