"""The tests; test_one_article.py is the tour, read it first."""
