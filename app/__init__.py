"""The screen: its parts, its state and its doors to the engine."""
