"""What tests share: databases, tokens, a broker, a browser."""
