"""Ways in for articles: feeds, JSON, CSV. Each yields plain ``ArticleData``; one place stores them."""
