"""What people see of an explanation: in a terminal, as one HTML page, in a notebook, and as a picture."""
