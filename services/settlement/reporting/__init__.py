"""The papers that a fund accountant signs, as JSON, XLSX and PDF (rulings §19, contracts §10)."""
