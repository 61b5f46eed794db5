"""Values: frozen, without input, output, clock or environ; pure."""
