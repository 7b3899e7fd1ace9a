"""Product panels: members apply to test a product, are chosen, get it, answer questions, keep it or send it back."""
