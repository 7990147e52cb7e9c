"""What a decision later than its effective date gives more, approved and made payable to persons (rulings §8)."""
