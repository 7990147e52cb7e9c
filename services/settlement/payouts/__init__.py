"""What hospitals are owed and how it is paid: payables, batches, instructions, payment files."""
