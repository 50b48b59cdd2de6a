"""One suite of tests for each seam: who fills the seam inherits it."""
