"""The pictures of articles: fetched once, cut to the sizes of the mail, kept under the hash of their content."""
