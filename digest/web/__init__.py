"""The web door: the pages that mails link to. No rule of the business lives here."""
