"""Tables that offices send as files: workbooks and CSV in, the rows that were not taken back with the reason beside."""
