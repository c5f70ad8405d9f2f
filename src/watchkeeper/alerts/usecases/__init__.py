"""Writing alerts: what comes in, what people do about it, the rules that decide."""
