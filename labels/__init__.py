"""Labels: layouts and symbols for what people stick on bins and goods. Prints without the book."""
