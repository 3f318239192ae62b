"""Interactive demos, one module for each chapter and one function for each demo. A demo returns a widget to display."""
