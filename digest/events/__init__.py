"""Stage 8: what came back: votes on an issue now; webhook events and clicks later."""
