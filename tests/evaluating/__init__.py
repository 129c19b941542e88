"""How good the order is, and that the measures say so."""
