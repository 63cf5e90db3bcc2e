"""Single figures by name, whatever they are made of."""
