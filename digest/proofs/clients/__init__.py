"""What mail programs understand: data of caniemail.com (MIT), our own rules, and what a mail uses of it."""
