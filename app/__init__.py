"""The screen's parts: state, doors to the engine, look and components."""
