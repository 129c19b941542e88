"""The schedule at work: runs, drafts and sendings as time goes by."""
