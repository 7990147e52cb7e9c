"""Second compensation (rulings §3): a campaign over a closed benefit year, from pot to payment list and returns."""
