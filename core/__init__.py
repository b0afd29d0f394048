"""The engine. Never imports streamlit."""
