"""Money orders: every approved payment or receipt that is neither a premium, a subsidy, a benefit nor a transfer."""
