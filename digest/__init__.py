"""Ranks a newsroom's articles into one regional digest per reader, and sends it.

The stages, in the order the data flows (each imports only from those before it):

    articles -> ranking -> issues -> rendering -> proofs -> sending -> providers -> events

Read ``tests/test_one_article.py`` first: it follows one article through all of them.
"""
