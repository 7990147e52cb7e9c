"""What a hospital's month and year come to by its payment document (rulings §12), signed by both sides."""
