"""The insurer's work on settled claims: queue, approval with cuts, refusal, return, cut-offs, the close of a day."""
