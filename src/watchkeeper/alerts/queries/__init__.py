"""Reading alerts: rules in force, keys, rows for lists, the story of one alert."""
