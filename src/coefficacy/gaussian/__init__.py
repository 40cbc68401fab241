"""The exact engine: people and teams integrated out of linear-Gaussian models."""
