"""Stage 6: to whom and when: the ledger of deliveries, batches, pacing, retrying. Nobody skipped, nobody twice."""
