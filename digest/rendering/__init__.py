"""Stage 4: an edition becomes a mail: context, MJML, HTML and plain text."""
