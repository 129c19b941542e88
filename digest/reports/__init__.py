"""What an issue brought: delivered, clicked, answered, left; and whose stories stood where. Reads, never writes."""
