"""Values: frozen, pure, without input, output, clock or environ."""
