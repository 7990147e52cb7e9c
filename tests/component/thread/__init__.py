"""Claims and settlement together: what one decides the other pays."""
